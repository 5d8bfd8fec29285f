"""New decisions enter the journal: numbered, with what they imply, and a face that stands for each of their people.

A person whom the user named or merged, or whose faces they moved, is told from others by a face, the anchor: the one
most alike to the rest of them. What is around it is the person; so a name stays where it was given however often faces
are sorted, and two people of the user's never become one.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float16, Int64

from pipelines.faces.people.heirs import SETTLED
from pipelines.faces.people.pins import rows_of
from pipelines.faces.people.said import MISSING, Said, batches, replayed
from pipelines.faces.people.words import Census, Decision, Standing, Verb


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """What the user saw when something was said. embeddings: rows -> unit vectors."""

    ids: Int64[np.ndarray, " n"]
    census: Census
    embeddings: Callable[[Int64[np.ndarray, " k"]], Float16[np.ndarray, "k d"]]
    _order: Int64[np.ndarray, " n"] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_order", np.argsort(self.census.person, kind="stable"))

    def of(self, person: int, standings: Sequence[Standing] = SETTLED) -> Int64[np.ndarray, " k"]:
        """The rows of a person's faces."""
        first, last = np.searchsorted(self.census.person, (person, person + 1), sorter=self._order)
        rows = self._order[first:last]
        return rows[np.isin(self.census.standing[rows], standings)]

    def medoid(self, rows: Int64[np.ndarray, " k"]) -> int:
        """The id of the face that is most alike to all of these, the oldest of equals."""
        each = self.embeddings(rows).astype(np.float64)
        return int(self.ids[rows[np.argmax(np.round(each @ each.sum(axis=0), 9))]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """All that was ever said, in order, and the next number of a person."""

    decisions: tuple[Decision, ...]
    next_person: int

    def next_number(self) -> int:
        """Of a decision."""
        return self.decisions[-1].number + 1 if self.decisions else 1

    def next_batch(self) -> int:
        """Of a moment."""
        return max((d.batch for d in self.decisions), default=0) + 1


def heard(journal: Journal, new: Sequence[Decision], scene: Scene) -> Journal:
    """The journal with the new decisions as its last batch; their own numbers do not matter."""
    if not new:
        return journal
    batch = journal.next_batch()
    new, next_person = _numbered(new, journal.next_person)
    entered = [each for decision in new for each in _implied(decision, new, scene)]
    entered = [replace(d, faces=_parties(d, scene)) if d.verb is Verb.MERGE else d for d in entered]
    entered = list(_anchored(entered, replayed((*journal.decisions, *entered)), scene))
    first = journal.next_number()
    numbered = (replace(d, number=first + at, batch=batch) for at, d in enumerate(entered))
    return Journal(decisions=(*journal.decisions, *numbered), next_person=next_person)


def _numbered(new: Sequence[Decision], next_person: int) -> tuple[tuple[Decision, ...], int]:
    """The decisions, whom they make somebody new with a number, and the next number; of one name there is but one."""
    born: dict[str, int] = {}
    found = []
    for decision in new:
        person = decision.person
        if decision.verb is Verb.SPLIT and person is None:
            person = born.get(_folded(decision.name), next_person)
            next_person = max(next_person, person + 1)
            born |= {_folded(decision.name): person} if decision.name else {}
        found.append(replace(decision, person=person))
    return tuple(found), next_person


def _folded(name: str | None) -> str:
    return (name or "").strip().casefold()


def taken_back(journal: Journal) -> tuple[Journal, tuple[Decision, ...]]:
    """The journal without the last thing that was said, and that; nothing where there is none, or it is a forgetting.

    A forgetting cannot be taken back: the journal stays as it is then.
    """
    for batch in batches(journal.decisions):
        if any(d.verb is Verb.FORGET for d in batch):
            return journal, batch
        if not any(d.undone for d in batch):
            number = batch[0].batch
            marked = tuple(replace(d, undone=True) if d.batch == number else d for d in journal.decisions)
            return replace(journal, decisions=marked), batch
    return journal, ()


def _implied(decision: Decision, all_new: Sequence[Decision], scene: Scene) -> Iterator[Decision]:
    """The decision, after saying that faces which were put with somebody are not whose they were."""
    if decision.verb in (Verb.PLACE, Verb.SPLIT):
        moved = {face for d in all_new if d.verb in (Verb.PLACE, Verb.SPLIT, Verb.NOT_PEOPLE) for face in d.faces}
        rows = rows_of(scene.ids, decision.faces)
        rows = rows[np.isin(scene.census.standing[rows], SETTLED)]
        for person in np.unique(scene.census.person[rows]).tolist():
            stay = set(scene.ids[scene.of(person)].tolist()) - moved
            if person != decision.person and stay:
                theirs = tuple(scene.ids[rows[scene.census.person[rows] == person]].tolist())
                yield replace(
                    decision, verb=Verb.REJECT, person=person, faces=theirs, others=(), name=None, pictures=()
                )
    if decision.verb is Verb.NOT_PEOPLE:
        for person, faces in _vanishing(decision, scene):
            yield replace(decision, person=person, faces=faces, pictures=())
            decision = replace(decision, faces=tuple(face for face in decision.faces if face not in faces))
    if decision.faces or decision.pictures or decision.verb is not Verb.NOT_PEOPLE:
        yield decision


def _vanishing(decision: Decision, scene: Scene) -> Iterator[tuple[int, tuple[int, ...]]]:
    """People without a name who have no other faces than these, and their faces."""
    rows = rows_of(scene.ids, decision.faces)
    for person in np.unique(scene.census.person[rows[np.isin(scene.census.standing[rows], SETTLED)]]).tolist():
        faces = tuple(scene.ids[scene.of(person)].tolist())
        known = scene.census.people.get(person)
        if known is not None and known.name is None and set(faces) <= set(decision.faces):
            yield person, faces


def _parties(decision: Decision, scene: Scene) -> tuple[int, ...]:
    """A face of each of those who become one: the person's, then those of the others."""
    found = []
    for person in (decision.person, *decision.others):
        rows = scene.of(person if person is not None else MISSING, (Standing.JOINED,))
        found.append(scene.medoid(rows) if len(rows) else MISSING)
    return tuple(found)


def _anchored(new: Sequence[Decision], said: Said, scene: Scene) -> Iterator[Decision]:
    """The decisions, with an anchor for each cluster of the user's people that has none but faces to choose from."""
    wanting = {}
    for person in sorted(said.spoken_of):
        if faces := tuple(_unheld(person, said, scene)):
            wanting[person] = faces
    for decision in new:
        if decision.verb is Verb.NAME and decision.person in wanting and decision.name is not None:
            yield replace(decision, faces=wanting.pop(decision.person))
        else:
            yield decision
    for person, faces in wanting.items():
        yield replace(_plain(new[0]), verb=Verb.NAME, person=person, name=said.names.get(person), faces=faces)


def _unheld(person: int, said: Said, scene: Scene) -> Iterator[int]:
    """A face for each cluster of the person in which no face stands for them any more, or ever did."""
    rows = scene.of(person, (Standing.JOINED,))
    rows = rows[[_free(face, person, said) for face in scene.ids[rows].tolist()]]
    held = scene.ids[scene.of(person)]
    held = held[[face in said.anchors.get(person, ()) or _home(face, person, said) for face in held.tolist()]]
    clusters = scene.census.cluster[rows]
    for cluster in np.setdiff1d(clusters, scene.census.cluster[rows_of(scene.ids, held.tolist())]).tolist():
        yield scene.medoid(rows[clusters == cluster])


def _free(face: int, person: int, said: Said) -> bool:
    return said.placed.get(face, person) == person and face not in said.nobody and face not in said.foreign


def _home(face: int, person: int, said: Said) -> bool:
    return said.placed.get(face) == person and face not in said.foreign


def _plain(decision: Decision) -> Decision:
    return Decision(number=0, batch=0, at=decision.at, by=decision.by, verb=decision.verb)
