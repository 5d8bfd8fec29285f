"""What follows from all that users said: decisions, replayed in their order, those taken back left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pipelines.faces.people.words import Decision, Verb

MISSING = -1
"""In the faces of a merge: somebody of whom there was no face."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What holds now. Faces by their ids, people by their numbers; people that went into others are not mentioned.

    names: of people. placed: face -> person. rejected: face -> people that it is not. nobody: faces that are no people.
    merged: person -> the person that it became. anchors: person -> faces that stand for it, each still its own as far
    as was said. hidden: (face, person) whose picture is not shown there; None: nowhere. returning: person -> a face of
    those that it had before it was merged, or was no people any more, which was taken back.
    """

    names: Mapping[int, str] = field(default_factory=dict)
    placed: Mapping[int, int] = field(default_factory=dict)
    rejected: Mapping[int, frozenset[int]] = field(default_factory=dict)
    nobody: frozenset[int] = frozenset()
    merged: Mapping[int, int] = field(default_factory=dict)
    anchors: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    hidden: frozenset[tuple[int, int | None]] = frozenset()
    returning: Mapping[int, int] = field(default_factory=dict)

    @property
    def foreign(self) -> frozenset[int]:
        """Faces that were taken out of where they were found to belong: they say nothing about other faces."""
        return frozenset(self.rejected)

    @property
    def spoken_of(self) -> frozenset[int]:
        """People of whom anything was said but that they are others."""
        rejected = (person for people in self.rejected.values() for person in people)
        return frozenset((*self.names, *self.placed.values(), *self.anchors, *rejected))

    def now(self, person: int) -> int:
        """The person that a person is now."""
        while person in self.merged:
            person = self.merged[person]
        return person


def replayed(decisions: Iterable[Decision]) -> Said:
    """What holds after these decisions."""
    play = _Play()
    for decision in decisions:
        if decision.undone:
            play.take_back(decision)
        else:
            play.hear(decision)
    return play.outcome()


@dataclass(slots=True)
class _Play:
    names: dict[int, str] = field(default_factory=dict)
    placed: dict[int, int] = field(default_factory=dict)
    rejected: dict[int, set[int]] = field(default_factory=dict)
    nobody: set[int] = field(default_factory=set)
    merged: dict[int, int] = field(default_factory=dict)
    anchors: dict[int, list[int]] = field(default_factory=dict)
    hidden: set[tuple[int, int | None]] = field(default_factory=set)
    returning: dict[int, int] = field(default_factory=dict)

    def now(self, person: int) -> int:
        while person in self.merged:
            person = self.merged[person]
        return person

    def hear(self, said: Decision) -> None:
        person = None if said.person is None else self.now(said.person)
        match said.verb:
            case Verb.NAME if person is not None:
                self._name(person, said)
            case Verb.PLACE | Verb.SPLIT if person is not None:
                self._place(person, said)
            case Verb.REJECT:
                self._reject(person, said.faces)
            case Verb.NOT_PEOPLE:
                self.nobody.update(said.faces)
                for face in said.faces:
                    self.placed.pop(face, None)
            case Verb.MERGE if person is not None:
                self._merge(person, said)
            case Verb.HIDE:
                self.hidden.update((face, said.person) for face in said.faces)
            case _:  # who was forgotten is in no decision any more
                pass

    def take_back(self, said: Decision) -> None:
        if said.verb is Verb.MERGE and said.person is not None:
            parties = zip((said.person, *said.others), said.faces, strict=False)
            self.returning.update((person, face) for person, face in parties if face != MISSING)
        if said.verb is Verb.NOT_PEOPLE and said.person is not None and said.faces:
            self.returning[said.person] = said.faces[0]

    def outcome(self) -> Said:
        anchors = {person: tuple(f for f in faces if self._stands(f, person)) for person, faces in self.anchors.items()}
        return Said(
            names=self.names,
            placed=self.placed,
            rejected={face: frozenset(who) for face, who in self.rejected.items() if who},
            nobody=frozenset(self.nobody),
            merged=self.merged,
            anchors={person: faces for person, faces in anchors.items() if faces},
            hidden=frozenset((face, None if who is None else self.now(who)) for face, who in self.hidden),
            returning=self.returning,
        )

    def _name(self, person: int, said: Decision) -> None:
        if said.name is None:
            self.names.pop(person, None)
        else:
            self.names[person] = said.name
        self.anchors.setdefault(person, []).extend(said.faces)

    def _place(self, person: int, said: Decision) -> None:
        for face in said.faces:
            self.placed[face] = person
            self.rejected.get(face, set()).discard(person)
            self.nobody.discard(face)
        if said.verb is Verb.SPLIT and said.name is not None:
            self.names[person] = said.name

    def _reject(self, person: int | None, faces: Iterable[int]) -> None:
        for face in faces:
            if person is None:  # of nobody in particular: neither placed, nor no people
                self.placed.pop(face, None)
                self.nobody.discard(face)
                continue
            self.rejected.setdefault(face, set()).add(person)
            if self.placed.get(face) == person:
                del self.placed[face]

    def _merge(self, person: int, said: Decision) -> None:
        others = [other for other in dict.fromkeys(map(self.now, said.others)) if other != person]
        self.anchors.setdefault(person, []).extend(face for face in said.faces if face != MISSING)
        for other in others:
            self.merged[other] = person
            name = self.names.pop(other, None)
            if name is not None:
                self.names.setdefault(person, name)
            self.anchors[person].extend(self.anchors.pop(other, ()))
        gone = set(others)
        self.placed.update({face: person for face, who in self.placed.items() if who in gone})
        for face, who in self.rejected.items():
            if who & gone:
                who.difference_update(gone)
                who.update(() if self.placed.get(face) == person else (person,))

    def _stands(self, face: int, person: int) -> bool:
        elsewhere = self.placed.get(face, person) != person or face in self.nobody
        return not elsewhere and not self.rejected.get(face)


def batches(decisions: Iterable[Decision]) -> Iterator[tuple[Decision, ...]]:
    """The decisions of each moment, the latest first."""
    found: dict[int, list[Decision]] = {}
    for decision in decisions:
        found.setdefault(decision.batch, []).append(decision)
    for batch in sorted(found, reverse=True):
        yield tuple(found[batch])
