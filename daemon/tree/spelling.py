"""Under which paths what is wanted can be had: safe names, one spelling a folder, nobody's file in the way. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from daemon.names import FILE_LIMIT, LIMIT, folded, safe
from daemon.tree.disk import Disk, is_ignored
from daemon.tree.ground import Ground
from daemon.tree.words import Owner, Want, folder_of, name_of

_OURS: Final = re.compile(r"\.visaged[\w.-]*", re.ASCII)
_SUFFIX: Final = re.compile(r"[A-Za-z0-9]{1,10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """paths: of each want, in order. respell: folders, old and new, in order.

    disk, ground: as they are when the folders have their new spelling. before: path of ours -> how it is spelt until
    then, where that differs.
    """

    paths: tuple[str, ...]
    respell: tuple[tuple[str, str], ...]
    before: Mapping[str, str]
    disk: Disk
    ground: Ground


def spell(wants: Sequence[Want], disk: Disk, ground: Ground) -> Spelling:
    """The path of every want: the one that it asks for, where that is safe and free, else one beside it.

    What stands already keeps its path. Two paths that some file system takes for one are never both given.
    """
    folders = _Folders(dict.fromkeys(folder_of(want.path) for want in wants), disk, ground)
    respell = folders.respell
    before = {new: old for old in ground.mine if respell and (new := respelt(old, respell)) != old}
    disk, ground = _all_respelt(disk, ground, respell)
    names = _Names(disk, ground)
    paths: dict[int, str] = {}
    for settle in (names.as_left, names.standing, names.beside, names.just_so, names.free):
        for i, want in enumerate(wants):
            if i not in paths and (path := settle(folders.of[folder_of(want.path)], want)):
                paths[i] = path
    return Spelling(
        paths=tuple(paths[i] for i in range(len(wants))),
        respell=tuple(respell.items()),
        before=before,
        disk=disk,
        ground=ground,
    )


def join(folder: str, name: str) -> str:
    """The path of a name in a folder of the tree."""
    return f"{folder}/{name}" if folder else name


def beside(name: str, n: int) -> str:
    """The n-th name of that kind: ``a.jpg``, ``a (2).jpg``. At most 255 bytes."""
    if n == 1:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem or not _SUFFIX.fullmatch(suffix):
        stem, dot, suffix = name, "", ""
    end = f" ({n}){dot}{suffix}"
    while _size(stem + end) > FILE_LIMIT:
        stem = stem[:-1]
    return stem + end


def respelt(path: str, respell: Mapping[str, str]) -> str:
    """The path when the folders above it, and it, have their new spelling."""
    there = ""
    for name in path.split("/") if respell else ():
        there = join(there, name)
        there = respell.get(there, there)
    return there or path


def above(path: str) -> Iterator[str]:
    """The folders of a path, the nearest first, without the root."""
    while path := folder_of(path):
        yield path


def safe_name(name: str) -> str:
    """The name as every file system takes it and every look sees it.

    One that is too long keeps its suffix; our hidden ones stay as they are.
    """
    if _OURS.fullmatch(name) and _size(name) <= LIMIT:
        return name
    if is_ignored(name):
        return safe(f"_{name}")
    stem, _, suffix = name.rpartition(".")
    if _size(name) > LIMIT and stem and _SUFFIX.fullmatch(suffix):
        return f"{safe(stem)}.{suffix}"
    return safe(name)


class _Folders:
    """The spelling of each wanted folder. of: as it is wanted -> as it will be. respell: as it is -> as it will be.

    Paths in respell have the new spelling of the folders above them.
    """

    def __init__(self, wanted: Iterable[str], disk: Disk, ground: Ground) -> None:
        """wanted: the first of two that are one gives the spelling, unless one is there already."""
        self.of: dict[str, str] = {"": ""}
        self.respell: dict[str, str] = {}
        raw = [path for path in wanted if path]
        self._there: dict[str, list[str]] = defaultdict(list)
        self._blocked: set[str] = set()
        if not disk.folders.issuperset(raw):
            self._blocked = {folded(path) for path in (*disk.files, *disk.taken)}
            for path in sorted(disk.folders):
                self._there[folded(path)].append(path)
        self._kept = {folder for path in ground.astray for folder in above(path)}  # so spelt by a user just now
        for path in sorted(disk.folders.intersection(raw)):
            self.of.update((folder, folder) for folder in (path, *above(path)))
        self._given = {folded(folder): folder for folder in sorted(self.of.values(), reverse=True)}
        for path in raw:
            self._spell(path)

    def _spell(self, path: str) -> str:
        if path in self.of:
            return self.of[path]
        parent = self._spell(folder_of(path))
        exact = join(parent, name_of(path))
        there = self._spellings(exact)
        self.of[path] = exact if exact in there else self._choose(parent, safe_name(name_of(path)))
        self._given.setdefault(folded(self.of[path]), self.of[path])
        return self.of[path]

    def _choose(self, parent: str, name: str) -> str:
        n = 1
        while folded(wish := join(parent, beside(name, n))) in self._blocked:
            n += 1
        if given := self._given.get(folded(wish)):
            return given
        there = self._spellings(wish)
        if not there or wish in there:
            return wish
        if len(there) == 1 and there[0] not in self._kept:
            self.respell[there[0]] = wish
            return wish
        return there[0]

    def _spellings(self, path: str) -> list[str]:
        """The folders that are there and that some file system takes for the one at path."""
        there = (respelt(folder, self.respell) for folder in self._there[folded(path)])
        return [folder for folder in there if folder_of(folder) == folder_of(path)]


class _Names:
    """Which paths of files are given away, and which are free for whom."""

    def __init__(self, disk: Disk, ground: Ground) -> None:
        self._disk = disk
        self._ground = ground
        self._given: set[str] = set()
        stands = [(path, entry) for path, entry in sorted(ground.mine.items()) if path == entry.path]
        self._stands = {(entry.leaf, entry.sha256): path for path, entry in stands}
        self._beside = {(entry.leaf, entry.owner): path for path, entry in stands if path != entry.leaf}
        self._there: dict[str, list[str]] = defaultdict(list)
        for path in (*disk.files, *disk.taken, *disk.folders):
            self._there[folded(path)].append(path)

    def as_left(self, folder: str, want: Want) -> str | None:
        """The path in the folder under which we left just this for it."""
        path = self._stands.get((want.path, want.sha256))
        return self._give(path) if path is not None and folder_of(path) == folder else None

    def standing(self, folder: str, want: Want) -> str | None:
        """The path in the folder that is wanted, where just this file stands there already."""
        path = join(folder, name_of(want.path))
        found = self._disk.files.get(path)
        return self._give(path) if found is not None and found.sha256 == want.sha256 else None

    def beside(self, folder: str, want: Want) -> str | None:
        """The other path in the folder under which we left what was made for this one."""
        path = None if want.owner is Owner.USER else self._beside.get((want.path, want.owner))
        return self._give(path) if path is not None and folder_of(path) == folder else None

    def just_so(self, folder: str, want: Want) -> str | None:
        """The path in the folder that is wanted, but safe, where nothing is that has to stay."""
        path = join(folder, safe_name(name_of(want.path)))
        return self._give(path) if self._is_free(path, want) else None

    def free(self, folder: str, want: Want) -> str | None:
        """The first path beside that one where nothing is that has to stay."""
        name = safe_name(name_of(want.path))
        paths = (join(folder, beside(name, n)) for n in count(2))
        return next(path for path in paths if self._is_free(path, want) and self._give(path))

    def _give(self, path: str) -> str | None:
        key = folded(path)
        if key in self._given:
            return None
        self._given.add(key)
        return path

    def _is_free(self, path: str, want: Want) -> bool:
        fresh = self._ground.fresh.get(path)
        if fresh is not None and (want.owner is Owner.USER or fresh.leaf != want.path):
            return False  # the next job is to be told what was taken away from here
        return all(self._may_go(there, path, want) for there in self._there[folded(path)])

    def _may_go(self, there: str, path: str, want: Want) -> bool:
        """Whether what is there lets the want have the path: it is just that, or ours."""
        found = self._disk.files.get(there)
        if found is None:
            return False
        same = there == path and found.sha256 == want.sha256
        return same or self._ground.may_go(there, found)


def _all_respelt(disk: Disk, ground: Ground, respell: Mapping[str, str]) -> tuple[Disk, Ground]:
    if not respell:
        return disk, ground
    disk = replace(
        disk,
        files={respelt(path, respell): found for path, found in disk.files.items()},
        folders=frozenset(respelt(path, respell) for path in disk.folders),
        taken=frozenset(respelt(path, respell) for path in disk.taken),
    )
    return disk, replace(ground, mine={respelt(path, respell): entry for path, entry in ground.mine.items()})


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
