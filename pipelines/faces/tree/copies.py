"""What users say by putting a picture somewhere a second time: copied from where it stands, or brought back. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
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


def copied(
    holdings: Holdings, known: Sequence[Sight], found: Landings, spare: Collection[str] = ()
) -> Iterator[Saying]:
    """What copies of our pictures say, where they say something new. spare: folders in which they say nothing."""
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
        elif key not in spare:
            yield from reader.to_new(each, _moved_there(known, key), found.spelt[key])


def spares(holdings: Holdings, known: Sequence[Sight], found: Landings) -> frozenset[str]:
    """The keys of new folders that are but copies of somebody's pictures, though one of theirs seems to be moved there.

    It was deleted: where a picture is gone from the person and stands in the copy, nobody can tell it from a moved one.
    """
    folders: dict[str, list[Sight]] = {}
    for sight in known:
        if sight.now and sight.now.kind is Kind.PEOPLE and fold(sight.now.folder) not in found.whose:
            folders.setdefault(fold(sight.now.folder), []).append(sight)
    several = {key: each for key, each in folders.items() if len({sight.was is None for sight in each}) > 1}
    if not several:
        return frozenset()
    reader = _Copies(holdings, found)
    return frozenset(key for key, each in several.items() if reader.spare(each, known))


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

    def spare(self, inside: Sequence[Sight], known: Sequence[Sight]) -> bool:
        """Whether a new folder has copies of the very people's pictures that came there, and as many or all they have.

        inside: what is in the folder.
        """
        came = [s for s in inside if s.was is not None]
        owners = {self._found.heir(s.person) for s in came if s.was and s.was.kind is Kind.PEOPLE and s.person}
        copies = [s for s in inside if s.was is None]
        each = [self._people(copy) & owners for copy in copies]
        if any(s.was is None or s.was.kind is not Kind.PEOPLE for s in came) or not all(each):
            return False
        left = {s.content for s in known if s.was and s.now and self._whose(s) in owners}
        return set().union(*each) == owners and (len(came) <= len(copies) or left <= {s.content for s in copies})

    def _whose(self, sight: Sight) -> int | None:
        at = sight.now
        return self._found.whose.get(fold(at.folder)) if at and at.kind is Kind.PEOPLE else None

    def _people(self, copy: Sight) -> set[int]:
        """Who is in it, or with whom it stands though nobody is in it."""
        faces = self._faces(copy)
        spoken = None if faces else self._spoken(copy)
        return {self._person(row) for row in faces} | ({spoken.person} if spoken else set())

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
