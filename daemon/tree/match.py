"""Which of the files that are there now are those that we left: by path, and if they were moved, by content. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Final

from daemon.tree.words import Entry, Found, folder_of, name_of

_MANY: Final = 10_000
"""Pairs of one content that are compared one by one; of more, those in order of their paths are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """of: path of a file that is there -> how we left it. gone: what we left and is there no more."""

    of: Mapping[str, Entry]
    gone: tuple[Entry, ...]


def match(
    entries: Iterable[Entry], files: Mapping[str, Found], told: Mapping[str, str] = MappingProxyType({})
) -> Matching:
    """Every entry with the file that it is now, each at most once, whatever the order of either.

    First what stands unchanged where it was, and then where others were told that it is (told: path of an entry -> path
    of a file). Then files of the same content elsewhere: rather the same name and inode, then the same name, then the
    same inode, then any; among equals the folder to which most others of its folder went. Then the same inode and name
    with other content, and last what stands changed at the same path.
    """
    pairs = _Pairs(entries, files)
    pairs.take((e.path, e) for e in pairs.entries() if e.path in files and files[e.path].sha256 == e.sha256)
    there = [(told[entry.path], entry) for entry in pairs.entries() if entry.path in told]
    pairs.take((p, e) for p, e in there if p in files and files[p].sha256 == e.sha256)
    same_content = pairs.of_same_content()
    alone = [(new[0], old[0]) for old, new in same_content if len(old) == len(new) == 1]
    pairs.take(alone)
    ways = Counter((folder_of(entry.path), folder_of(path)) for path, entry in alone)
    for old, new in same_content:
        pairs.take(_best(old, new, files, ways))
    elsewhere = pairs.free.difference(e.path for e in pairs.entries())
    edited = {(files[p].identity.inode, name_of(p)): p for p in sorted(elsewhere, reverse=True)}
    pairs.take((edited[key], e) for e in pairs.entries() if (key := (e.identity.inode, name_of(e.path))) in edited)
    pairs.take((e.path, e) for e in pairs.entries() if e.path in files)
    return Matching(of=pairs.of, gone=tuple(pairs.entries()))


class _Pairs:
    """What is matched, and what is left of either side."""

    def __init__(self, entries: Iterable[Entry], files: Mapping[str, Found]) -> None:
        self.of: dict[str, Entry] = {}
        self.free = set(files)
        self._files = files
        self._left = {entry.path: entry for entry in entries}

    def entries(self) -> list[Entry]:
        """Those that have no file yet, in order."""
        return [self._left[path] for path in sorted(self._left)]

    def take(self, pairs: Iterable[tuple[str, Entry]]) -> None:
        """Afterwards each path is that entry, where neither was taken before."""
        for path, entry in tuple(pairs):
            if path in self.free and entry.path in self._left:
                self.of[path] = entry
                self.free.remove(path)
                del self._left[entry.path]

    def of_same_content(self) -> list[tuple[Sequence[Entry], Sequence[str]]]:
        """The entries and the paths that are left, by content, where there are both."""
        old: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries():
            old[entry.sha256].append(entry)
        new: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self.free):
            new[self._files[path].sha256].append(path)
        return [(old[digest], new[digest]) for digest in sorted(old.keys() & new.keys())]


def _best(
    old: Sequence[Entry], new: Sequence[str], files: Mapping[str, Found], ways: Counter[tuple[str, str]]
) -> list[tuple[str, Entry]]:
    """Pairs of one content, the likeliest first."""
    if len(old) * len(new) > _MANY:
        return list(zip(new, old, strict=False))

    def unlikely(pair: tuple[str, Entry]) -> tuple[bool, bool, int, str, str]:
        path, entry = pair
        same_inode = files[path].identity.inode == entry.identity.inode
        same_name = name_of(path) == name_of(entry.path)
        way = (folder_of(entry.path), folder_of(path))
        return not same_name, not same_inode, -ways[way], entry.path, path

    return sorted(product(new, old), key=unlikely)
