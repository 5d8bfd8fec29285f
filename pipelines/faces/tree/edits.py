"""What the user did to the tree since we left it, as decisions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipelines.contract import Shown
from pipelines.faces.people.words import Decision, Verb
from pipelines.faces.tree.copies import copied, spares
from pipelines.faces.tree.fits import fitting, most_alike
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.landings import Landings, landings, shared_contents
from pipelines.faces.tree.mishaps import seen
from pipelines.faces.tree.names import fold
from pipelines.faces.tree.places import Kind
from pipelines.faces.tree.sayings import Saying, decided, said_by_tree, saying
from pipelines.faces.tree.sights import Sight

_ASIDE = (Kind.NOT_PEOPLE, Kind.NO_FACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read. decisions: in the order in which they must be heard, all of one batch, without numbers.

    strangers: paths of files of which we know nothing, and which are left alone.
    """

    decisions: tuple[Decision, ...] = ()
    strangers: tuple[str, ...] = ()


def read(holdings: Holdings, shown: Sequence[Shown], at: float) -> Reading:
    """What the user says by how the tree looks now. at: wall clock, seconds.

    holdings: as they were when the tree was left. Splits have no person yet: whoever hears them numbers it.
    """
    now = seen(holdings, shown)
    if not any(sight.moved for sight in now.known):
        return Reading(strangers=now.strangers)
    found = landings(holdings.census, now.known)
    eyes = _Eyes(holdings=holdings, found=found, known=now.known)
    moves, copies = _one_folder_one_person(eyes.moves(), copied(holdings, now.known, found, eyes.spare))
    names = tuple(said_by_tree(Verb.NAME, at, person=person, name=name) for person, name in found.names)
    merges = tuple(said_by_tree(Verb.MERGE, at, person=into, others=others) for into, others in found.merges)
    decisions = names + merges + decided(moves, at) + decided(copies, at)
    return Reading(decisions=decisions, strangers=now.strangers)


def _one_folder_one_person(
    moves: Iterable[Saying], copies: Iterable[Saying]
) -> tuple[tuple[Saying, ...], tuple[Saying, ...]]:
    """What moves and copies say, where both make a person of one new folder among the moves."""
    said = tuple(moves)
    new = {one.new for one in said if one.verb is Verb.SPLIT}
    each = [(one, one.verb is Verb.SPLIT and one.new in new) for one in copies]
    return (*said, *(one for one, joins in each if joins)), tuple(one for one, joins in each if not joins)


class _Eyes:
    """Reads moves one by one, knowing what became of the folders."""

    def __init__(self, *, holdings: Holdings, found: Landings, known: Sequence[Sight]) -> None:
        self._holdings, self._found, self._known = holdings, found, known
        self._shared = shared_contents(known)
        self.spare = spares(holdings, known, found)
        here = [s for s in known if s.now is not None]
        self._with = {(self._whose(s), s.content) for s in here if s.now and s.now.kind is Kind.PEOPLE}
        self._asked = {fold(s.now.folder) for s in here if s.now and s.now.kind is Kind.REVIEW}

    def moves(self) -> Iterator[Saying]:
        """What was said by moving and deleting files that we had left."""
        for sight in self._known:
            if sight.moved and sight.was is not None and sight.picture >= 0 and not self._still(sight):
                yield from self._gone(sight) if sight.now is None else self._put(sight, sight.now.kind)

    def _still(self, sight: Sight) -> bool:
        """Whether a picture of several people is with this one still, as which file of them it may be."""
        if sight.was is None or sight.was.kind is not Kind.PEOPLE or sight.person is None:
            return False
        with_them = (self._found.heir(sight.person), sight.content) in self._with
        return with_them and (sight.now is None or sight.content in self._shared)

    def _whose(self, sight: Sight) -> int | None:
        return self._found.whose.get(fold(sight.now.folder)) if sight.now else None

    def _say(self, sight: Sight, verb: Verb, person: int | None = None, faces: Sequence[int] | None = None) -> Saying:
        return saying(self._holdings, verb, sight.picture, sight.faces if faces is None else faces, person)

    def _gone(self, sight: Sight) -> Iterator[Saying]:
        """It was deleted, or taken out of what is ours."""
        kind = sight.was.kind if sight.was else Kind.ELSEWHERE
        if kind is Kind.PEOPLE:
            yield self._say(sight, Verb.HIDE, sight.person)
        elif kind is Kind.REVIEW:
            yield self._say(sight, Verb.REJECT, sight.person)
        elif kind is Kind.UNSORTED or kind in _ASIDE:
            yield self._say(sight, Verb.HIDE)

    def _put(self, sight: Sight, kind: Kind) -> Iterator[Saying]:
        was = sight.was.kind if sight.was else Kind.ELSEWHERE
        if kind is Kind.PEOPLE and sight.now and fold(sight.now.folder) in self.spare:
            yield from self._gone(sight)
        elif kind is Kind.PEOPLE:
            yield from self._to_person(sight, was)
        elif kind is Kind.REVIEW:
            yield from self._to_review(sight, was)
        elif kind is Kind.UNSORTED and was is not Kind.UNSORTED:
            yield self._doubt(sight)
        elif kind in _ASIDE:
            told = was in _ASIDE and (bool(sight.faces) or kind in (was, Kind.NO_FACE))
            yield from () if told else (self._say(sight, Verb.NOT_PEOPLE),)
        elif kind is Kind.ELSEWHERE:
            yield from self._gone(sight)

    def _doubt(self, sight: Sight) -> Saying:
        """It is not who we thought; where we thought of nobody, it is somebody again."""
        person = sight.person if sight.faces else None
        return self._say(sight, Verb.REJECT, person)

    def _to_person(self, sight: Sight, was: Kind) -> Iterator[Saying]:
        person = self._whose(sight)
        if was is Kind.PEOPLE and sight.person is not None and self._found.heir(sight.person) == person:
            return
        meant = self._meant(sight, person)
        if was is Kind.REVIEW and sight.person != person:
            yield self._doubt(sight)
        others = [face for face in sight.faces if face not in meant]
        if was in _ASIDE and others:
            yield self._say(sight, Verb.REJECT, None, others)
        if person is not None:
            yield self._say(sight, Verb.PLACE, person, meant)
        elif sight.now is not None:
            new = self._found.spelt[fold(sight.now.folder)]
            yield replace(self._say(sight, Verb.SPLIT, None, meant), new=new)

    def _to_review(self, sight: Sight, was: Kind) -> Iterator[Saying]:
        """Only we ask: what is put there is doubted where it was. A whole folder with another name is put back."""
        if was in (Kind.PEOPLE, Kind.ELSEWHERE, *_ASIDE):
            yield self._doubt(sight)
        elif was is Kind.REVIEW and sight.was is not None and sight.now is not None:
            before, now = fold(sight.was.folder), fold(sight.now.folder)
            if before != now and (before in self._asked or now in self._found.whose):
                yield self._doubt(sight)

    def _meant(self, sight: Sight, person: int | None) -> tuple[int, ...]:
        """The faces that were moved: of a picture that stood for several people's, the one that fits."""
        if sight.person is not None or len(sight.faces) < 2:  # noqa: PLR2004  several
            return sight.faces
        if person is not None:
            return (fitting(self._holdings, sight.faces, person),)
        return (most_alike(self._holdings, sight.faces, self._companions(sight)),)

    def _companions(self, sight: Sight) -> list[int]:
        """Faces of other files in the same new folder that can be nobody else's."""
        folder = fold(sight.now.folder) if sight.now else ""
        beside = (s for s in self._known if s.now and s.now.kind is Kind.PEOPLE and fold(s.now.folder) == folder)
        return [face for s in beside if s.person is not None or len(s.faces) == 1 for face in s.faces]
