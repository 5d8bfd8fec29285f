"""The folder of weights: what is in it, what is missing, and how a file comes to stand in it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from daemon.folders import sync_folder
from pipelines.contract import Pipeline, Weights, write_atomic

UNFINISHED = ".fetching"
"""The folder, in that of the weights, of what is not whole yet; a fetch that was broken off goes on with it."""
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """How far a fetch is. what: a file. source: where it comes from. done, total: bytes; 0: not known.

    why: it cannot be had there, and the next source is asked; empty: it comes.
    """

    what: str
    source: str
    done: int = 0
    total: int = 0
    why: str = ""


Say = Callable[[Moment], None]


class Wrong(Exception):
    """What was got is not the file that was meant. The message says how it differs."""


def missing(pipeline: Pipeline, options: Mapping[str, Any], folder: Path) -> tuple[Weights, ...]:
    """The weights that a job with these options needs and that are not in the folder, each whole and the right one."""
    names = pipeline.needs(options)
    return absent([one for one in pipeline.weights if one.name in names], folder)


def absent(weights: Sequence[Weights], folder: Path) -> tuple[Weights, ...]:
    """Those of the weights that are not in the folder; a file of two packs is named once."""
    each = {one.name: one for one in weights}
    return tuple(one for one in each.values() if not is_here(one, folder))


def is_here(weights: Weights, folder: Path) -> bool:
    """Whether the file is in the folder, by its content; one that has not changed since is not read again."""
    path = folder / weights.name
    try:
        status = path.stat()
        return (
            status.st_size == weights.size
            and _digest(path, status.st_size, status.st_mtime_ns, status.st_ino) == weights.sha256
        )
    except OSError:
        return False


def put(source: BinaryIO, weights: Weights, folder: Path) -> None:
    """Afterwards the folder holds the weights that the stream gives, durably, and never held a part of them.

    A file of that name with other content is kept beside it. Raises Wrong where the stream gives another file, OSError.
    """
    place = folder / weights.name
    partial = unfinished(folder) / f"{weights.sha256[:16]}.file"
    digest, size = hashlib.sha256(), 0
    try:
        with partial.open("wb") as file:
            while size <= weights.size and (chunk := source.read(CHUNK)):
                size += len(chunk)
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        _check(weights, size, digest.hexdigest())
        place.parent.mkdir(parents=True, exist_ok=True)
        _aside(place)
        partial.replace(place)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(folder)


def note_licence(weights: Weights, folder: Path) -> bool:
    """Whether the licence of the pack was noted only now; afterwards it stands beside the weights."""
    path = folder / f"{weights.pack}.LICENCE.txt"
    text = f"{weights.pack}: {weights.about}\n\n{weights.licence}\n"
    if path.is_file() and path.read_text("utf-8", "replace") == text:
        return False
    write_atomic(path, text.encode())
    return True


def unfinished(folder: Path) -> Path:
    """The folder of what is not whole yet, made where it was missing."""
    made = folder / UNFINISHED
    made.mkdir(parents=True, exist_ok=True)
    return made


@contextmanager
def alone(folder: Path, waits: Callable[[], None]) -> Iterator[None]:
    """Within, no other process or thread puts weights into the folder. waits: told once, where another does."""
    with (unfinished(folder) / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def tidy(folder: Path) -> None:
    """Afterwards nothing unfinished is left but the lock, which others may wait for."""
    for path in unfinished(folder).iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()


def _check(weights: Weights, size: int, digest: str) -> None:
    if size != weights.size:
        longer = "more than" if size > weights.size else f"{size} bytes and not"
        raise Wrong(f"it has {longer} {weights.size} bytes")
    if digest != weights.sha256:
        raise Wrong(f"its sha256 is {digest[:12]}… and not {weights.sha256[:12]}…")


def _aside(place: Path) -> None:
    """Afterwards nothing stands in the place; what did has a name of its own."""
    number = 1
    while place.exists():
        other = place.with_name(f"{place.name}.other-{number}")
        if not other.exists():
            place.rename(other)
        number += 1


@lru_cache(maxsize=256)
def _digest(path: Path, *_: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
