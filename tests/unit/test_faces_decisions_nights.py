"""Ten nights of drops, names, moves, merges, splits and undos: nobody loses a name, nothing that was said is undone.

A model knows who everybody really is (drawn faces of people far from each other) and what was said; the sorter knows
only embeddings and decisions. After each step both must agree on every face.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.faces.cluster.graph import Graph, Search, built, extended
from pipelines.faces.gallery.records import empty_census, padded
from pipelines.faces.people.hearing import Journal, Scene, heard, taken_back
from pipelines.faces.people.pins import Crowd, Limits, pinned
from pipelines.faces.people.said import replayed
from pipelines.faces.people.standing import Numbers, counted
from pipelines.faces.people.words import NOBODY, Census, Decision, Standing, Verb
from pipelines.faces.sorting.partition import Night, partitioned
from pipelines.faces.sorting.settings import Settings

DIMENSION = 32
WHO = 5
LIMITS = Limits(same=0.4, join=0.4, review=0.34)
HOW = Settings(method="average", clusters=0, limits=LIMITS, floor=0.3)
CENTRES = np.linalg.qr(np.random.default_rng(0).standard_normal((DIMENSION, WHO)))[0].T


def drawn(who: int, shot: int) -> np.ndarray:
    noise = np.random.default_rng([who, shot]).standard_normal(DIMENSION)
    vector = CENTRES[who] + 0.5 * noise / np.linalg.norm(noise)
    return (vector / np.linalg.norm(vector)).astype(np.float16)


@dataclass
class Album:
    """A collection in memory, as the stage keeps one in files."""

    who: list[int] = field(default_factory=list)
    embeddings: np.ndarray = field(default_factory=lambda: np.zeros((0, DIMENSION), dtype=np.float16))
    census: Census = field(default_factory=lambda: empty_census(0))
    journal: Journal = field(default_factory=lambda: Journal(decisions=(), next_person=1))
    graph: Graph | None = None
    night: Night | None = None
    revision: int = 0

    def __len__(self) -> int:
        return len(self.who)

    @property
    def ids(self) -> np.ndarray:
        return np.arange(len(self)) * 3 + 1

    def drop(self, people: list[int]) -> None:
        new = [drawn(who, len(self) + at) for at, who in enumerate(people)]
        self.who += people
        self.embeddings = np.concatenate([self.embeddings, np.array(new, dtype=np.float16).reshape(-1, DIMENSION)])
        self.census = padded(self.census, len(self))

    def say(self, *decisions: Decision) -> None:
        scene = Scene(ids=self.ids, census=self.census, embeddings=lambda rows: self.embeddings[rows])
        self.journal = heard(self.journal, decisions, scene)

    def sort(self) -> None:
        """A night; what it takes over from the last is what all anew would have given."""
        self.revision += 1
        crowd = Crowd(
            ids=self.ids,
            moments=np.arange(len(self), dtype=np.int32),
            quality=np.ones(len(self)),
            embeddings=self.embeddings,
            before=self.census,
            said=replayed(self.journal.decisions),
        )
        search = Search(floor=HOW.floor, threads=1)
        graph = built(self.embeddings, search) if self.graph is None else extended(self.graph, self.embeddings, search)
        pins = pinned(crowd, 0.0)
        labels = partitioned(crowd, pins, graph, HOW, self.night)
        assert (labels == partitioned(crowd, pins, graph, HOW)).all()
        self.census, numbers = counted(crowd, labels, LIMITS, Numbers(self.journal.next_person, self.revision))
        self.journal = replace(self.journal, next_person=numbers.next)
        self.graph, self.night = graph, Night(labels=labels, pins=pins, graph=graph)

    def persons(self) -> list[int]:
        return sorted(self.census.people)

    def settled(self, person: int) -> list[int]:
        rows = np.flatnonzero((self.census.person == person) & np.isin(self.census.standing, (1, 2)))
        return self.ids[rows].tolist()

    def of(self, face: int) -> tuple[int, Standing]:
        row = (face - 1) // 3
        return int(self.census.person[row]), Standing(int(self.census.standing[row]))


def said(verb: Verb, **what) -> Decision:
    return Decision(number=0, batch=0, at=0.0, by="tree", verb=verb, **what)


@dataclass
class Model:
    """What a user knows who remembers everything: (names, where they put faces, what they took out) a moment each."""

    names: dict[int, str] = field(default_factory=dict)
    placed: dict[int, int] = field(default_factory=dict)
    nobody: set[int] = field(default_factory=set)
    rejected: set[tuple[int, int]] = field(default_factory=set)
    gone: dict[int, int] = field(default_factory=dict)
    past: list[Model] = field(default_factory=list)

    def begin(self) -> None:
        now = Model(dict(self.names), dict(self.placed), set(self.nobody), set(self.rejected), dict(self.gone))
        self.past.append(now)

    def undo(self) -> None:
        last = self.past.pop()
        self.names, self.placed, self.nobody = last.names, last.placed, last.nobody
        self.rejected, self.gone = last.rejected, last.gone

    def merge(self, person: int, other: int) -> None:
        self.gone[other] = person
        if other in self.names:
            self.names.setdefault(person, self.names[other])
            del self.names[other]
        self.placed = {face: self.now(who) for face, who in self.placed.items()}
        self.rejected = {(face, self.now(who)) for face, who in self.rejected} - set(self.placed.items())

    def now(self, person: int) -> int:
        while person in self.gone:
            person = self.gone[person]
        return person


def undo(album: Album, model: Model) -> None:
    if model.past:
        model.undo()
        album.journal, batch = taken_back(album.journal)
        assert batch


def act(album: Album, model: Model, kind: str, pick) -> None:
    """One thing that a user does."""
    people = album.persons()
    if kind == "drop" or not people:
        album.drop(pick(st.lists(st.integers(0, WHO - 1), min_size=1, max_size=6)))
        return
    if kind == "undo":
        undo(album, model)
        return
    person = pick(st.sampled_from(people))
    mine = album.settled(person)
    others = [other for other in people if other != person]
    if kind == "name":
        name = pick(st.sampled_from(["Anna", "Bob", "Cara", "Dora"])) + str(album.revision)
        model.begin()
        model.names[person] = name
        album.say(said(Verb.NAME, person=person, name=name))
    elif kind == "move" and mine and others:
        face, to = pick(st.sampled_from(mine)), pick(st.sampled_from(others))
        model.begin()
        model.placed[face] = to
        model.rejected.discard((face, to))
        album.say(said(Verb.PLACE, person=to, faces=(face,)))
    elif kind == "merge" and others:
        other = pick(st.sampled_from(others))
        model.begin()
        model.merge(person, other)
        album.say(said(Verb.MERGE, person=person, others=(other,)))
    elif kind == "split" and len(mine) > 1:
        faces = pick(st.lists(st.sampled_from(mine), min_size=1, max_size=len(mine) - 1, unique=True))
        model.begin()
        model.placed.update(dict.fromkeys(faces, album.journal.next_person))
        album.say(said(Verb.SPLIT, faces=tuple(faces)))
    elif kind == "nobody" and mine:
        face = pick(st.sampled_from(mine))
        model.begin()
        model.nobody.add(face)
        model.placed.pop(face, None)
        album.say(said(Verb.NOT_PEOPLE, faces=(face,)))
    elif kind == "reject" and mine:
        face = pick(st.sampled_from(mine))
        model.begin()
        model.rejected.add((face, person))
        model.placed.pop(face, None)
        album.say(said(Verb.REJECT, person=person, faces=(face,)))


def check(album: Album, model: Model) -> None:
    """Everything that was said holds."""
    assert {n: p.name for n, p in album.census.people.items() if p.name} == model.names
    for face, person in model.placed.items():
        if face not in model.nobody:
            assert album.of(face) == (person, Standing.PLACED)
    for face in model.nobody - set(model.placed):
        assert album.of(face) == (NOBODY, Standing.NOT_PEOPLE)
    for face, person in model.rejected:
        assert album.of(face)[0] != person
    assert not set(album.census.people) & set(model.gone)
    assert all(number < album.journal.next_person for number in album.census.people)


def gathered(album: Album) -> dict[frozenset[int], int]:
    """The faces that joined each person by themselves."""
    census = album.census
    joined = census.standing == Standing.JOINED
    return {frozenset(album.ids[joined & (census.person == p)].tolist()): p for p in np.unique(census.person[joined])}


KINDS = ("drop", "name", "move", "merge", "split", "nobody", "reject", "undo", "night")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
@given(st.data())
def test_ten_nights_keep_names_placements_rejections_and_numbers(data):
    album, model = Album(), Model()
    album.drop([0, 0, 0, 1, 1, 1, 2, 2, 3])
    album.sort()
    ever: set[int] = set()
    for _ in range(10):
        for kind in data.draw(st.lists(st.sampled_from(KINDS), max_size=2)):
            act(album, model, kind, data.draw)
            fresh = album.journal.next_person
            before = gathered(album)
            album.sort()
            check(album, model)
            new = set(album.census.people) - ever
            assert all(n >= min(fresh, *new) or n in model.names or n in model.placed.values() for n in new)
            ever |= set(album.census.people)
            taken_out = {face for face, _ in model.rejected}
            for faces, person in gathered(album).items():  # who did not change keeps the number
                if faces in before and kind not in ("merge", "undo") and not faces & taken_out:
                    assert person == before[faces]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
@given(st.data())
def test_a_last_night_with_all_anew_changes_nothing(data):
    album, model = Album(), Model()
    album.drop([0, 0, 0, 1, 1, 1, 2, 2, 3])
    album.sort()
    for kind in data.draw(st.lists(st.sampled_from(KINDS), max_size=12)):
        act(album, model, kind, data.draw)
        album.sort()
    before = album.census
    album.graph = album.night = None
    album.sort()
    for column in ("person", "standing", "cluster"):
        assert (getattr(before, column) == getattr(album.census, column)).all()


def test_faces_in_another_order_make_the_same_people():
    chance = np.random.default_rng(3)
    people = [int(n) for n in chance.integers(0, WHO, 40)]
    album = Album()
    album.drop(people)
    album.sort()
    order = chance.permutation(40)
    other = Album()
    other.who = [album.who[i] for i in order]
    other.embeddings = album.embeddings[order]
    other.census = empty_census(40)
    other.sort()
    first = {frozenset(np.flatnonzero(album.census.person == p)) for p in album.persons()}
    second = {frozenset(order[other.census.person == p]) for p in other.persons()}
    assert first == second
