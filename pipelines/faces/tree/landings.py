"""Which folders of people were renamed, merged or made, told by where their files are now and not by their names. Pure.

A folder is a key: its name without regard to case and blanks at its ends. A person's folder has landed in another when
none of its files is where we left it and most of them are in that one, however the user did it (renamed, or copied over
a network and deleted). Pictures that stand with several people tell nothing of this, as long as there are others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.faces.people.words import Census
from pipelines.faces.tree.names import fold, folders, meant, number_of
from pipelines.faces.tree.places import Kind
from pipelines.faces.tree.sights import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Landings:
    """What became of the folders. whose: key -> the person whose folder it is now; a key not in it is a new folder.

    spelt: key -> how the folder is called now. names: (person, name); None: the user took the name away. merges:
    (person, those who are that person).
    """

    whose: Mapping[str, int]
    spelt: Mapping[str, str]
    names: tuple[tuple[int, str | None], ...] = ()
    merges: tuple[tuple[int, tuple[int, ...]], ...] = ()

    def heir(self, person: int) -> int:
        """Who a person is after the merges."""
        return next((into for into, others in self.merges if person in others), person)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flock:
    """The files that we left in one person's folder. at: key -> how many are there now. names: as it is called now."""

    person: int
    home: str
    left: int
    here: int
    at: Mapping[str, int]

    @property
    def landing(self) -> str | None:
        """The key of another folder that is now this person's; None: there is none."""
        if not self.at or self.home in self.at:
            return None
        best = max(self.at, key=lambda key: (self.at[key], key))
        return best if 2 * self.at[best] > self.here else None

    @property
    def whole(self) -> bool:
        """Whether all files that are still there, and most of those we left, are in one folder."""
        return len(self.at) == 1 and self.here == max(self.at.values()) and 2 * self.here > self.left


def landings(census: Census, known: Sequence[Sight]) -> Landings:
    """What the user did to whole folders of people."""
    flocks = _flocks(census, known)
    raw = _spellings(known)
    residents = _residents(census, flocks)
    whose = dict(residents)
    names: list[tuple[int, str | None]] = []
    put_back: list[_Flock] = []
    merges: dict[int, list[int]] = {}
    arrived: dict[str, list[_Flock]] = {}
    for flock in flocks.values():
        if flock.landing is not None:
            arrived.setdefault(flock.landing, []).append(flock)
    for key in sorted(arrived):
        arrivals = sorted(arrived[key], key=lambda f: (census.people[f.person].name is None, -f.at[key], f.person))
        if key not in whose:
            founder = arrivals.pop(0)
            whose[key] = founder.person
            named = _named(census, founder.person, meant(raw[key]))
            names += named
            put_back += [] if named else [founder]
        into = whose[key]
        merges.setdefault(into, []).extend(f.person for f in arrivals if f.whole)
    for flock in put_back:  # the folder will be called as before
        whose.setdefault(flock.home, flock.person)
    names += _respelled(census, residents, known, raw)
    kept = {into: tuple(sorted(others)) for into, others in merges.items() if others}
    return Landings(whose=whose, spelt=raw, names=tuple(names), merges=tuple(sorted(kept.items())))


def _flocks(census: Census, known: Iterable[Sight]) -> Mapping[int, _Flock]:
    by_person: dict[int, list[Sight]] = {}
    for sight in known:
        mine = sight.was is not None and sight.was.kind is Kind.PEOPLE and sight.person in census.people
        if mine and sight.person is not None:
            by_person.setdefault(sight.person, []).append(sight)
    shared = shared_contents(known)
    alone = {person: [s for s in each if s.content not in shared] for person, each in by_person.items()}
    return {person: _flock(person, alone[person] or each) for person, each in by_person.items()}


def shared_contents(known: Iterable[Sight]) -> frozenset[int]:
    """What stood with several people, so that it cannot be told whose file is whose."""
    counts = Counter(s.content for s in known if s.was is not None and s.was.kind is Kind.PEOPLE)
    return frozenset(content for content, count in counts.items() if count > 1)


def _flock(person: int, each: Sequence[Sight]) -> _Flock:
    homes = Counter(fold(s.was.folder) for s in each if s.was)
    at = Counter(fold(s.now.folder) for s in each if s.now and s.now.kind is Kind.PEOPLE)
    here = sum(s.now is not None for s in each)
    return _Flock(person=person, home=max(homes, key=lambda k: (homes[k], k)), left=len(each), here=here, at=at)


def _residents(census: Census, flocks: Mapping[int, _Flock]) -> Mapping[str, int]:
    """Key -> who has files there still, or, where nothing of theirs is left to be moved, is called so."""
    found = {fold(name): person for person, name in folders(census.people.values()).items() if person not in flocks}
    stay = [flock for flock in flocks.values() if flock.home in flock.at]
    for flock in sorted(stay, key=lambda f: (f.at[f.home], -f.person)):
        found[flock.home] = flock.person
    for person in sorted(found.values()):  # by the name itself too, where a file system takes what we do not
        found.setdefault(fold(census.people[person].folder), person)
    return found


def _spellings(known: Iterable[Sight]) -> Mapping[str, str]:
    """Key -> how the folder is spelt, by most of its files."""
    each: dict[str, Counter[str]] = {}
    for sight in known:
        if sight.now and sight.now.kind is Kind.PEOPLE:
            each.setdefault(fold(sight.now.folder), Counter())[sight.now.folder] += 1
    return {key: max(counts, key=lambda name: (counts[name], name)) for key, counts in each.items()}


def _named(census: Census, person: int, name: str) -> list[tuple[int, str | None]]:
    """The new name of a person whose folder is called so; none where the folder says nothing new."""
    number = number_of(name)
    if not name or name == census.people[person].name or (number is not None and number != person):
        return []
    if number == person:
        return [(person, None)] if census.people[person].name else []
    return [(person, name)]


def _respelled(
    census: Census, residents: Mapping[str, int], known: Iterable[Sight], raw: Mapping[str, str]
) -> list[tuple[int, str | None]]:
    """Names of which only the case was changed."""
    told = [s for s in known if s.was is not None and s.was.kind is Kind.PEOPLE]
    unmoved = {s.person for s in told if s.now and s.was and s.now.kind is s.was.kind and s.now.folder == s.was.folder}
    before = {s.person: s.was.folder for s in told if s.was}
    found: list[tuple[int, str | None]] = []
    for key, person in sorted(residents.items()):
        if person in before and person not in unmoved and key in raw and meant(raw[key]) != meant(before[person]):
            found += _named(census, person, meant(raw[key]))
    return found
