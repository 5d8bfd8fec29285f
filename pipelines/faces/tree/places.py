"""Where in the tree a path is, and the tag by which we know a file of it again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from pipelines.faces.tree.names import fold

OURS = "ours"
"""The first word of the tags of what we made ourselves: sheets, tables, reports, maps."""
YOURS = "yours"
"""The tag of a file in a copy that the user made of somebody's folder: theirs, though it seems to be one of ours."""
_TAG = re.compile(r"faces:([0-9,]*)(?: person:([0-9]+))?( crop)?")


class Kind(StrEnum):
    """The parts of the tree, by the names of their folders."""

    PEOPLE = "people"
    REVIEW = "review"
    UNSORTED = "unsorted"
    NO_FACE = "no-face"
    NOT_PEOPLE = "not-people"
    VIEW = "by"  # by-gender and so on: a mirror of the others
    ELSEWHERE = "elsewhere"  # where the user puts what they like


_PERSONAL = (Kind.PEOPLE, Kind.REVIEW)
_PLAIN = (Kind.UNSORTED, Kind.NO_FACE, Kind.NOT_PEOPLE)
FOLDERS = (*_PERSONAL, *_PLAIN)
"""The names of our folders in the root, but for views."""
_BESIDE = re.compile(r"(.*\S) \([0-9]+\)")
_VIEWS = ("by-gender", "by-age", "by-emotion", "by-race")


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A place in the tree. folder: the person's, as it is called there. rest: the path below; else all of it."""

    kind: Kind
    rest: str
    folder: str = ""


def where(path: str) -> Where:
    """Where a path below the tree's root is. A folder within a person's folder is still that person's."""
    top, _, below = path.partition("/")
    name = fold(top)
    if name in _PLAIN and below:
        return Where(kind=Kind(name), rest=below)
    if name in _VIEWS and below:
        return Where(kind=Kind.VIEW, rest=path)
    folder, _, rest = below.partition("/")
    if name in _PERSONAL and rest:
        return Where(kind=Kind(name), folder=folder, rest=rest)
    return Where(kind=Kind.ELSEWHERE, rest=path)


def left(path: str) -> Where:
    """The same for a path at which we left a file: where one of our folders could not be had, it stands beside it."""
    top, _, below = path.partition("/")
    meant = _BESIDE.fullmatch(top)
    return where(f"{meant[1]}/{below}") if meant and below and fold(meant[1]) in FOLDERS else where(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """What we remember of a file. faces: the ids for which it stands there. person: whose folder. crop: of one face."""

    faces: tuple[int, ...] = ()
    person: int | None = None
    crop: bool = False

    def __str__(self) -> str:
        """As the daemon keeps it."""
        person = "" if self.person is None else f" person:{self.person}"
        return f"faces:{','.join(map(str, self.faces))}{person}{' crop' if self.crop else ''}"


def read_tag(text: str) -> Tag | None:
    """The tag of a picture or a crop; None for what is not one."""
    found = _TAG.fullmatch(text)
    if found is None:
        return None
    faces, person, crop = found.groups()
    return Tag(
        faces=tuple(int(f) for f in faces.split(",") if f), person=int(person) if person else None, crop=bool(crop)
    )
