"""A look at a tree before a job: what users see of it now, and what became of what we left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon.tree.disk import Disk, identities, is_lost, read_disk, signature
from daemon.tree.match import Matching, match
from daemon.tree.record import Record, settle
from daemon.tree.words import Entry, is_hidden
from pipelines.contract import Shown

_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a tree shows. lost: the tree itself is not there, so nothing is said; the next change builds it anew."""

    shown: tuple[Shown, ...] = ()
    lost: bool = False


def look(tree: Path, record: Record) -> Look:
    """What the tree shows, each file with the path and tag as which we left it; at the end what is gone.

    Nothing is changed. Our own hidden files are not shown; while users move files, nothing is said to be gone. Raises
    OSError where a part of the tree cannot be read: then nothing may be concluded.
    """
    if is_lost(tree, record):
        return Look(lost=True)
    for _ in range(_TRIES):
        before = _signature(tree)
        disk = read_disk(tree, record)
        if quiet := _signature(tree) == before:
            break
    if is_lost(tree, record):
        return Look(lost=True)
    settled = settle(record, disk.files)
    matching = match(settled.entries.values(), disk.files)
    gone = matching.gone if quiet else ()  # a file that is moved while we read may be seen in neither place
    return Look(shown=(*_shown(disk, matching), *_gone(disk, gone)))


def signature_left(tree: Path, record: Record) -> str:
    """The signature of the tree, if it is as the record says; else a text that is no tree's.

    So what a user changes while we still write is not taken for ours. No file is read. Raises OSError.
    """
    now = signature(tree)
    there = identities(tree, record)
    left = {path: entry.identity for path, entry in record.entries.items()}
    as_left = left.keys() <= there.keys() and all(
        identity == left.get(path) or identity in record.known for path, identity in there.items()
    )
    return now if as_left else ""


def _signature(tree: Path) -> str:
    return signature(tree) if tree.is_dir() else ""


def _shown(disk: Disk, matching: Matching) -> Iterator[Shown]:
    for path in sorted(disk.files):
        found, entry = disk.files[path], matching.of.get(path)
        if is_hidden(path) or (entry is not None and entry.hidden):
            continue
        yield Shown(
            path=path,
            inode=found.identity.inode,
            size=found.identity.size,
            sha256=found.sha256,
            was=entry.path if entry else None,
            tag=entry.tag if entry else "",
        )


def _gone(disk: Disk, gone: Iterable[Entry]) -> Iterator[Shown]:
    for entry in gone:
        if not entry.hidden and entry.path not in disk.taken:
            yield Shown(
                path="",
                inode=entry.identity.inode,
                size=entry.identity.size,
                sha256=entry.sha256,
                was=entry.path,
                tag=entry.tag,
            )
