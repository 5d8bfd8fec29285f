"""Preparing: what a stage left of a key's state becomes the next revision, durable, before it holds."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from daemon.failpoints import Step, step
from daemon.folders import flush, names_in, remove, sync_folder, trouble, walk
from daemon.model import Failed, Kind
from daemon.moves import copy, rename_new, sha256
from daemon.names import shown
from daemon.revisions.manifests import (
    FILES,
    MANIFESTS,
    NOTHING,
    READ_ONLY,
    Revision,
    Stored,
    brought_by,
    current,
    manifest,
    numbers,
    status_of,
)
from pipelines.contract import write_atomic

_SCRATCH: Final = "incoming"
_PIPELINE: Final = "This is a fault of the pipeline; report it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a job makes of a state.

    base: the number of the revision that it read (0: none). new: a folder with what is new, which is taken away; None:
    nothing. keep: paths of the base that stay; a new file of the same path replaces it. at: wall clock, seconds.
    """

    job: str
    base: int
    new: Path | None
    keep: tuple[str, ...]
    at: float


def prepare(root: Path, change: Change) -> Revision | Failed:
    """Afterwards the next revision is on disk, durable, and does not hold yet; the answer is that revision.

    Where nothing changes, the answer is the revision that holds. The same call after a kill completes it; what other
    jobs prepared and never committed is gone. Failed: of the pipeline, or of the infrastructure.
    """
    try:
        return _prepare(root, change)
    except OSError as error:
        return trouble(error)


def _prepare(root: Path, change: Change) -> Revision | Failed:
    holds = current(root) or NOTHING
    handed_over = change.new is not None and os.path.lexists(change.new)
    if holds.number and (holds.job, holds.base) == (change.job, change.base) and not handed_over:
        return holds
    number = change.base + 1
    brought = root / FILES / f"{number}-{change.job}"
    if failed := _unfit(change, holds, brought):
        return failed
    kept = _kept(root, change, holds)
    if isinstance(kept, Failed):
        return kept
    empty = change.new is None or (handed_over and not any(walk(change.new)))
    forget_later(root, change.base, None if empty or handed_over else brought)
    if empty and kept.keys() == holds.files.keys():
        return holds
    if change.new is not None and handed_over and not empty:
        _take(change.new, brought)
        step(Step.STATE_TAKEN)
    return _write(root, Revision(number=number, base=change.base, job=change.job, at=change.at, files=kept), brought)


def _unfit(change: Change, holds: Revision, brought: Path) -> Failed | None:
    """Why no revision can be made of the change, whatever it keeps."""
    if holds.number != change.base:
        return Failed(
            f"The job has read revision {change.base} of its key's state, but by now it is revision {holds.number}; "
            "retry the job.",
            Kind.CRASH,
        )
    if change.new is None:
        return None
    if not os.path.lexists(change.new):
        gone = Failed("The state that the stage left is gone; retry the job.", Kind.CRASH)
        return None if brought.is_dir() else gone
    problem = _strange(change.new)
    return Failed(f"{problem} {_PIPELINE}", Kind.CRASH) if problem else None


def _strange(new: Path) -> str | None:
    """What is wrong with a folder of new files, in a sentence, or None."""
    if not stat.S_ISDIR(new.lstat().st_mode):
        return f"{shown(new.name)}, which a stage left as new state, is no folder."
    for path in walk(new):
        if not stat.S_ISREG(path.lstat().st_mode):
            return f"{shown(path.name)} in the new state is a link or a device and not a file."
    return None


def _kept(root: Path, change: Change, holds: Revision) -> dict[str, Stored] | Failed:
    """The files of the base that stay, each looked at: a stage may have written to one where it lies."""
    kept: dict[str, Stored] = {}
    for path in change.keep:
        if path not in holds.files:
            return Failed(
                f"The stage keeps {shown(path)}, but revision {holds.number} of the state has no such file. "
                f"{_PIPELINE}",
                Kind.CRASH,
            )
        stored = holds.files[path]
        status = status_of(root / stored.at)
        if status is None or status.st_size != stored.size or not is_unchanged(root, stored, status):
            return Failed(
                f"{shown(path)} of the state is not as revision {holds.number} left it: it is gone, or was written to "
                "where it lies. Go back to an earlier revision (`visaged rollback` lists them), or restore a backup.",
                Kind.CRASH,
            )
        kept[path] = replace(stored, mtime_ns=status.st_mtime_ns)
    return kept


def is_unchanged(root: Path, stored: Stored, status: os.stat_result) -> bool:
    """Whether a file of a state still has the content with which it was left."""
    return status.st_mtime_ns == stored.mtime_ns or sha256(root / stored.at)[0] == stored.sha256


def _take(new: Path, brought: Path) -> None:
    """Afterwards the folder new is brought, whole; nothing is at new."""
    remove(brought)
    brought.parent.mkdir(parents=True, exist_ok=True)
    try:
        rename_new(new, brought)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        scratch = brought.parent.with_name(_SCRATCH)
        remove(scratch)
        copy(new, scratch)
        rename_new(scratch, brought)
        aside = new.with_name(f".{new.name}.taken")
        remove(aside)
        new.rename(aside)  # by one rename: what is left of it must never look like a state
        remove(aside)


def _write(root: Path, revision: Revision, brought: Path) -> Revision | Failed:
    files = dict(revision.files)
    for path in walk(brought) if brought.is_dir() else ():
        path.chmod(READ_ONLY)
        digest, size = sha256(path)
        at, mtime_ns = path.relative_to(root).as_posix(), path.lstat().st_mtime_ns
        files[path.relative_to(brought).as_posix()] = Stored(at=at, size=size, mtime_ns=mtime_ns, sha256=digest)
    for name in files:
        if clash := next((str(p) for p in PurePosixPath(name).parents if str(p) in files), None):
            return Failed(f"{shown(clash)} is a file of the state, and {shown(name)} too. {_PIPELINE}", Kind.CRASH)
    return write_manifest(root, replace(revision, files=dict(sorted(files.items()))))


def write_manifest(root: Path, whole: Revision) -> Revision:
    """Afterwards the revision is on disk, durable with all of its files; the answer is the same."""
    (root / MANIFESTS).mkdir(parents=True, exist_ok=True)
    flush(root)
    write_atomic(manifest(root, whole.number), json.dumps(dataclasses.asdict(whole)).encode("ascii"))
    sync_folder(root / MANIFESTS)
    step(Step.STATE_PREPARED)
    return whole


def forget_later(root: Path, base: int, except_: Path | None = None) -> None:
    """Afterwards there is no revision after base, nor files of one, except those in one folder."""
    for number in numbers(root):
        if number > base:
            manifest(root, number).unlink()
    for name in names_in(root / FILES):
        folder = root / FILES / name
        if folder != except_ and brought_by(root, folder) > base:
            remove(folder)
