"""Which revision of a state holds: its exchange by one rename, the files given to stages, and what is dropped."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from daemon.failpoints import Step, step
from daemon.folders import names_in, remove, sync_folder, walk
from daemon.names import shown
from daemon.revisions.manifests import (
    CURRENT,
    FILES,
    MANIFESTS,
    READ_ONLY,
    Revision,
    brought_by,
    damaged,
    manifest,
    number_held,
    numbers,
    revisions,
    status_of,
)
from pipelines.contract import write_atomic

_NO_LINK: Final = frozenset({
    errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOSYS,
})  # fmt: skip


def present(root: Path, revision: Revision, into: Path) -> None:
    """Afterwards into holds every file of the revision under its path, read-only, and nothing else. Raises OSError.

    Files are hard links where that can be, else copies. What was at into is replaced.
    """
    partial = into.with_name(f".{into.name}.partial")
    remove(partial)
    partial.mkdir(parents=True)
    for path, stored in revision.files.items():
        target = partial / path
        target.parent.mkdir(parents=True, exist_ok=True)
        _link_or_copy(root / stored.at, target)
        target.chmod(READ_ONLY)
    remove(into)
    partial.rename(into)


def commit(root: Path, revision: Revision) -> None:
    """Afterwards the revision holds, durably. Raises Damaged where a file of it is not as it was left, OSError."""
    if revision.number in {0, number_held(root)}:
        return
    _hold(root, revision)
    step(Step.STATE_COMMITTED)


def prune(root: Path, keep: int) -> None:
    """Afterwards only the last keep revisions stay, the one that holds among them, and only files that they name.

    Later revisions than the one that holds are left alone: they are prepared. While the manifest of one cannot be read,
    no files go, for they may be its own. Raises OSError.
    """
    holds = number_held(root)
    past = [number for number in numbers(root) if number <= holds]
    gone = past[: -max(keep, 1)]
    for number in gone:
        manifest(root, number).unlink()
        step(Step.STATE_PRUNED)
    if gone:
        sync_folder(root / MANIFESTS)
    whole = revisions(root)
    if not past or len(whole) < len(numbers(root)):
        return
    named = {stored.at for revision in whole for stored in revision.files.values()}
    for path in tuple(walk(root / FILES)) if (root / FILES).is_dir() else ():
        if os.fspath(path.relative_to(root)) not in named and brought_by(root, path) <= holds:
            path.unlink()
            step(Step.STATE_PRUNED)
    _drop_empty(root / FILES)


def _hold(root: Path, revision: Revision) -> None:
    for path, stored in revision.files.items():
        status = status_of(root / stored.at)
        if status is None or status.st_size != stored.size:
            raise damaged(root / stored.at, f"{shown(path)} of revision {revision.number} is not as it was left")
    write_atomic(root / CURRENT, json.dumps({"number": revision.number}).encode("ascii"))
    sync_folder(root)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        shutil.copyfile(source, target)


def _drop_empty(folder: Path) -> None:
    for path in sorted(_folders(folder), reverse=True):
        if not names_in(path):
            path.rmdir()


def _folders(folder: Path) -> Iterator[Path]:
    for root, folders, _ in os.walk(folder):
        yield from (Path(root, name) for name in folders)
