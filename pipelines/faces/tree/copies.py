"""What users say by putting a picture somewhere a second time: copied from where it stands, or brought back. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipelines.faces.people.words import NOBODY, Standing, Verb
from pipelines.faces.tree.fits import fitting, free_ones, most_alike
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.landings import Landings
from pipelines.faces.tree.names import fold
from pipelines.faces.tree.places import Kind
from pipelines.faces.tree.said import Said, Spoken, said
from pipelines.faces.tree.sayings import Saying, saying
from pipelines.faces.tree.sights import Sight

_SETTLED = (Standing.JOINED, Standing.PLACED)


def copied(holdings: Holdings, known: Sequence[Sight], found: Landings) -> Iterator[Saying]:
    """What copies of our pictures say, where they say something new."""
    copies = [s for s in known if s.was is None and s.now is not None]
    if not copies:
        return
    reader = _Copies(holdings, found)
    folders: dict[str, list[Sight]] = {}
    for copy in copies:
        if copy.now and copy.now.kind is Kind.PEOPLE:
            folders.setdefault(fold(copy.now.folder), []).append(copy)
        elif copy.now and copy.now.kind is Kind.NOT_PEOPLE:
            yield from reader.to_nobody(copy)
    for key, each in sorted(folders.items()):
        if key in found.whose:
            for copy in each:
                yield from reader.to_person(copy, found.whose[key])
        else:
            yield from reader.to_new(each, _moved_there(known, key), found.spelt[key])


def _moved_there(known: Sequence[Sight], key: str) -> list[int]:
    moved = (s for s in known if s.was and s.now and s.now.kind is Kind.PEOPLE and fold(s.now.folder) == key)
    return [face for s in moved for face in s.faces]


class _Copies:
    def __init__(self, holdings: Holdings, found: Landings) -> None:
        self._holdings, self._found = holdings, found
        self._said: Said = said(holdings)
        self._of = holdings.of_pictures()

    def _faces(self, copy: Sight) -> tuple[int, ...]:
        return copy.faces or tuple(self._of(copy.picture).tolist())

    def to_nobody(self, copy: Sight) -> Iterator[Saying]:
        """A copy in not-people: its faces that are nobody's are no people; one that is alone is none either."""
        faces = self._faces(copy)
        census = self._holdings.census
        if any(census.standing[row] == Standing.NOT_PEOPLE for row in faces):
            return
        meant = free_ones(self._holdings, faces) or (faces if len(faces) == 1 else ())
        if meant or (not faces and self._spoken(copy) != Spoken(kind=Kind.NOT_PEOPLE)):
            yield saying(self._holdings, Verb.NOT_PEOPLE, copy.picture, meant)

    def to_person(self, copy: Sight, person: int) -> Iterator[Saying]:
        """A copy in somebody's folder: one of its faces is theirs, if none was; a deleted one is wanted again."""
        faces = self._faces(copy)
        if not faces:
            spoken = self._spoken(copy)
            if spoken is None or spoken.person != person:
                yield saying(self._holdings, Verb.PLACE, copy.picture, (), person)
            return
        theirs = [row for row in faces if self._person(row) == person]
        if not theirs:
            meant = fitting(self._holdings, free_ones(self._holdings, faces) or faces, person)
            yield saying(self._holdings, Verb.PLACE, copy.picture, (meant,), person)
        elif self._deleted(copy, theirs, person):
            yield saying(self._holdings, Verb.PLACE, copy.picture, theirs, person)

    def to_new(self, copies: Sequence[Sight], companions: Sequence[int], spelt: str) -> Iterator[Saying]:
        """Copies in a new folder: somebody new, if files were moved there too or each has a face that is nobody's.

        Else the folder is but a copy of others, and left alone.
        """
        choices = [(copy, free_ones(self._holdings, self._faces(copy))) for copy in copies]
        if not companions and not all(open_ for _, open_ in choices):
            return
        sure = [*companions, *(open_[0] for _, open_ in choices if len(open_) == 1)]
        for copy, open_ in choices:
            faces = open_ or self._faces(copy)
            meant = (most_alike(self._holdings, faces, sure),) if faces else ()
            yield replace(saying(self._holdings, Verb.SPLIT, copy.picture, meant), new=spelt)

    def _spoken(self, copy: Sight) -> Spoken | None:
        return self._said.pictures.get(self._holdings.pictures[copy.picture].sha256)

    def _person(self, row: int) -> int:
        census = self._holdings.census
        return self._found.heir(int(census.person[row])) if census.standing[row] in _SETTLED else NOBODY

    def _deleted(self, copy: Sight, rows: Sequence[int], person: int) -> bool:
        ids = set(self._holdings.faces["id"][list(rows)].tolist())
        return bool(ids & self._said.faces) or (person, copy.picture) in self._said.folders
