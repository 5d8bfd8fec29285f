"""Whose a file of the tree is now: ours to move, or the user's, who has changed or moved it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from daemon.tree.disk import Disk
from daemon.tree.match import match
from daemon.tree.record import Record
from daemon.tree.words import Entry, Found, Owner, is_hidden
from pipelines.contract import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the job's stages were told.

    now: path at which we had left a file -> where they saw it. gone: paths that we had left and they did not see.
    again: whether the tree was changed for this job since. over: whether wholly; then all that differs from the record
    has come since.
    """

    now: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    again: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What we may move, and what is the user's.

    mine: path -> how we left it, unchanged, and moved at most before the stages looked: theirs to order about.
    fresh: path -> what stood there when they looked, and that the user has taken away since. changed: what we left and
    has other content by now. astray: where the user has moved what is fresh. gone: what the stages know is gone, by its
    path. made: contents that are not a user's.
    """

    mine: Mapping[str, Entry] = field(default_factory=dict)
    fresh: Mapping[str, Entry] = field(default_factory=dict)
    changed: tuple[Entry, ...] = ()
    astray: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    made: frozenset[str] = frozenset()

    def may_go(self, path: str, found: Found) -> bool:
        """Whether the file at path is ours, or a copy of what we can make again: then it may be replaced."""
        return path in self.mine or is_hidden(path) or found.sha256 in self.made

    @property
    def left(self) -> frozenset[tuple[str, str]]:
        """The leaves, with their contents, that users have taken into hand since: they are left as they are."""
        return frozenset((entry.leaf, entry.sha256) for entry in (*self.fresh.values(), *self.changed))


def told(lines: Iterable[Shown], *, again: bool) -> Seen:
    """What a ``published.jsonl`` says about files that we left."""
    was = [(line.was, line.path) for line in lines if line.was is not None]
    gone = frozenset(old for old, new in was if not new)
    return Seen(now={old: new for old, new in was if new}, gone=gone, again=again)


def ground(disk: Disk, record: Record, seen: Seen | None) -> Ground:
    """Who each file of the tree belongs to. seen None: the stages have seen all as it is now."""
    mine: dict[str, Entry] = {}
    fresh: dict[str, Entry] = {}
    changed: list[Entry] = []
    astray: list[str] = []
    gone: list[str] = []
    matching = match(record.entries.values(), disk.files, seen.now if seen else {})
    for path, entry in matching.of.items():
        same = disk.files[path].sha256 == entry.sha256
        if not _knew(seen, entry, path) or (not same and seen is not None and seen.over):
            fresh[_last(seen, entry)] = entry
            astray.append(path)
        elif same:
            mine[path] = entry
        elif path == entry.path and entry.owner is Owner.USER:
            changed.append(entry)
    for entry in matching.gone:
        if entry.path in disk.taken:
            changed.append(entry)
        elif _knew(seen, entry, ""):
            gone.append(entry.path)
        else:
            fresh[_last(seen, entry)] = entry
    for path, found in disk.held.items():
        mine[path] = Entry(path=path, identity=found.identity, sha256=found.sha256, leaf=path)
    fresh = {path: e if e.path == path else replace(e, path=path, leaf=path) for path, e in fresh.items()}
    made = frozenset(entry.sha256 for entry in mine.values() if entry.owner is not Owner.USER)
    return Ground(mine=mine, fresh=fresh, changed=tuple(changed), astray=tuple(astray), gone=tuple(gone), made=made)


def _knew(seen: Seen | None, entry: Entry, path: str) -> bool:
    """Whether the stages were told that the entry is at path now (empty: gone), or need not be."""
    if seen is None or entry.hidden:
        return True
    if not path:
        return entry.path in seen.gone
    return path == seen.now.get(entry.path, entry.path) or (seen.again and path == entry.path)


def _last(seen: Seen | None, entry: Entry) -> str:
    """Where the stages were told that the entry is."""
    return entry.path if seen is None else seen.now.get(entry.path, entry.path)
