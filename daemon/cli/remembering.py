"""What pipelines remember of their keys, in a backup and back: the revision that holds, its files, and whose it is."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from daemon import revisions
from daemon.config import Config
from daemon.dispatch.keys import KEY, set_aside

STATES = "state"
"""The folder, in a backup, of what pipelines remember."""
OF_TREE = ("tree.jsonl", "tree.journal.jsonl", "tree.signature")
AGAIN = 3
"""How often a key is copied anew whose state changes meanwhile."""


def copy_states(config: Config, folder: Path) -> None:
    """Afterwards folder holds the state of every key, each as it was at one moment; a daemon may run meanwhile."""
    for root in _roots(config.daemon.state):
        target = folder / STATES / root.relative_to(config.daemon.state)
        for left in reversed(range(AGAIN)):
            try:
                _copy(root, target)
                break
            except FileNotFoundError:  # a newer revision holds, and this one is being dropped
                shutil.rmtree(target, ignore_errors=True)
                if not left:
                    raise


def put_states(config: Config, folder: Path) -> Iterator[str]:
    """Afterwards every state of the backup is in its place; what was there is beside it. Given back: what was done."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for source in _roots(folder / STATES):
        place = config.daemon.state / source.relative_to(folder / STATES)
        if place.exists():
            aside = set_aside(place, stamp)
            place.rename(aside)
            yield f"What was remembered of {place.name} is now {aside}."
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, place)
        for name in OF_TREE:  # how a tree was left then says nothing of the one that is there now
            (place / name).unlink(missing_ok=True)
        yield f"What is remembered of {place.name} is that of the backup."


def _roots(state: Path) -> tuple[Path, ...]:
    """The folders of all keys below a state folder."""
    return tuple(sorted(path.parent for path in state.glob(f"*/*/{KEY}") if not path.parent.name.startswith(".")))


def _copy(root: Path, target: Path) -> None:
    """Afterwards target holds what the key's folder needs: small files, and those of the revision that holds."""
    revision = revisions.current(root)
    target.mkdir(parents=True)
    named = [revisions.manifest(root, revision.number)] if revision else []
    named += [root / stored.at for stored in revision.files.values()] if revision else []
    for path in (
        *named,
        *(p for p in root.iterdir() if p.is_file()),
        *root.glob("receipts/*.json"),
        *root.glob("sources/*"),
    ):
        copy = target / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        status = path.stat()
        os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
    if revisions.current(root) != revision:
        raise FileNotFoundError(root)
