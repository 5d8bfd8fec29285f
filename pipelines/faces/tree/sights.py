"""What we recognise in the tree as it is now: which picture and which faces each file is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.contract import Shown
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.places import OURS, YOURS, Tag, Where, left, read_tag, where


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A file that we know. now: where it is (None: gone). was: where we left it (None: it was put there since).

    picture: its row (-1: not in the collection any more). faces: rows of those for which we left it; of a crop that was
    put there, of the face that it shows. person: in whose folder we left it. missing: it is gone by a mishap, and taken
    as if it were where we left it.
    """

    line: Shown
    now: Where | None
    was: Where | None
    picture: int
    faces: tuple[int, ...] = ()
    person: int | None = None
    crop: bool = False
    missing: bool = False

    @property
    def path(self) -> str:
        """Where it is, or where it was if it is gone."""
        return self.line.path or self.line.was or ""

    @property
    def moved(self) -> bool:
        """Whether it is not where we left it."""
        return self.line.path != self.line.was

    @property
    def content(self) -> int:
        """What it shows, as a number: the picture's row, or of a crop the complement of the face's row."""
        return ~self.faces[0] if self.crop and self.faces else self.picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """What befell a whole part of the tree. what: its folder. why: a part of a sentence."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sights:
    """Everything in the tree. strangers: paths of files of which we know nothing."""

    known: tuple[Sight, ...]
    strangers: tuple[str, ...]
    mishaps: tuple[Mishap, ...] = ()


def sights(holdings: Holdings, shown: Sequence[Shown]) -> Sights:
    """What the files of the tree are, in the order of their paths. What we made besides pictures is passed over."""
    shown = [replace(line, was=None, tag="") if line.tag == YOURS else line for line in shown if not _lost(line)]
    tags = [read_tag(line.tag) if line.was is not None else None for line in shown]
    by_content = holdings.by_content()
    crops = {line.sha256: tag for line, tag in zip(shown, tags, strict=True) if tag is not None and tag.crop}
    own = {line.sha256 for line in shown if line.tag.startswith(OURS)}
    told = [tag or crops.get(line.sha256) or Tag() for line, tag in zip(shown, tags, strict=True)]
    rows = _rows(holdings, told)
    known: list[Sight] = []
    strangers: list[str] = []
    for line, tag, clue in zip(shown, tags, told, strict=True):
        faces = tuple(row for row in map(rows.__getitem__, clue.faces) if row >= 0)
        picture = int(holdings.faces["picture"][faces[0]]) if faces else by_content.get(line.sha256, -1)
        if tag is not None or (line.sha256 not in own and picture >= 0):
            known.append(_sight(line, clue, picture, faces))
        elif line.sha256 not in own and line.path:
            strangers.append(line.path)
    return Sights(known=tuple(sorted(known, key=lambda s: (s.path, s.line.path))), strangers=tuple(sorted(strangers)))


def _lost(line: Shown) -> bool:
    """Whether it is a file of the user's own that is gone: nothing to us."""
    return line.tag == YOURS and not line.path


def _rows(holdings: Holdings, tags: Sequence[Tag]) -> Mapping[int, int]:
    ids = sorted({face for tag in tags for face in tag.faces})
    return dict(zip(ids, holdings.rows(ids).tolist(), strict=True))


def _sight(line: Shown, tag: Tag, picture: int, faces: tuple[int, ...]) -> Sight:
    was = left(line.was) if line.was is not None else None
    top = line.was.partition("/")[0] if line.was is not None else None
    same = line.path.partition("/")[0] == top
    now = (left(line.path) if same else where(line.path)) if line.path else None
    person = tag.person if was is not None else None
    return Sight(line=line, now=now, was=was, picture=picture, faces=faces, person=person, crop=tag.crop)
