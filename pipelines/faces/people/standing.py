"""The census: who is who, and where each face stands, from the clusters that were found and from all that was said."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32, Int64

from pipelines.faces.people.heirs import SETTLED, Clusters, clustered, inherited, owned, were
from pipelines.faces.people.near import Company, Room, neighbours_found
from pipelines.faces.people.pins import Crowd, Limits, Pins, pinned
from pipelines.faces.people.sums import faceted, paired, summed, to_others
from pipelines.faces.people.words import NOBODY, Census, Person, Standing


@dataclass(frozen=True, slots=True)
class Numbers:
    """What new people get: the next number that was never given, and the revision in which they are born."""

    next: int
    revision: int


def counted(crowd: Crowd, labels: Int32[np.ndarray, " n"], limits: Limits, numbers: Numbers) -> tuple[Census, Numbers]:
    """The census of the crowd, and the numbers that are left for the next. labels: which faces were found to be one.

    Clusters with an owner are the owner's; others carry on somebody of the census before, or are somebody new. A face
    that the user placed is where it was placed, whatever its cluster is.
    """
    pins = pinned(crowd, limits.min_quality)
    clusters = clustered(labels, pins.idle)
    heirs = inherited(crowd, clusters, owned(clusters, pins), limits.min_faces)
    _taken_in(crowd, clusters, pins, limits, heirs)
    numbers = _born(clusters, heirs, limits.min_faces, numbers)
    room = _room(crowd, pins, clusters, heirs)
    _stood(crowd, pins, limits, clusters.of, room)
    census = Census(
        people=_people(crowd, room, numbers.revision),
        person=room.person,
        standing=room.standing,
        cluster=labels.astype(np.int32),
        similarity=room.similarity,
    )
    return census, numbers


def _taken_in(crowd: Crowd, clusters: Clusters, pins: Pins, limits: Limits, heirs: Int32[np.ndarray, " c"]) -> None:
    """Afterwards new clusters that are alike to people whom the user put together are theirs."""
    new = (heirs == NOBODY) & (clusters.sizes >= limits.min_faces)
    if not pins.core.any() or not new.any():
        return
    sums = summed(crowd.embeddings, _person(pins, clusters, heirs))
    chosen = sums.of(np.flatnonzero(np.isin(sums.numbers, pins.placed[pins.core])))
    at = np.where(clusters.of == NOBODY, NOBODY, np.where(new[clusters.of], clusters.of, NOBODY)).astype(np.int32)
    theirs = summed(crowd.embeddings, at)
    alike = theirs.means() @ chosen.means().T
    best = np.argmax(alike, axis=1)
    enough = alike[np.arange(len(best)), best] >= limits.same
    heirs[theirs.numbers[enough]] = chosen.numbers[best[enough]]


def _born(clusters: Clusters, heirs: Int32[np.ndarray, " c"], least: int, numbers: Numbers) -> Numbers:
    """Afterwards each cluster of enough faces is somebody, new people numbered from the largest on."""
    new = np.flatnonzero((heirs == NOBODY) & (clusters.sizes >= least))
    new = new[np.argsort(-clusters.sizes[new], kind="stable")]
    heirs[new] = np.arange(len(new)) + numbers.next
    return Numbers(numbers.next + len(new), numbers.revision)


def _person(pins: Pins, clusters: Clusters, heirs: Int32[np.ndarray, " c"]) -> Int32[np.ndarray, " n"]:
    """Whose each face is, by its cluster and by what was said."""
    person = np.full(len(pins.placed), NOBODY, dtype=np.int32)
    part = clusters.of != NOBODY
    person[part] = heirs[clusters.of[part]]
    for said in (np.where(pins.idle, NOBODY, pins.owner), pins.placed):
        person[said != NOBODY] = said[said != NOBODY]
    return person


def _room(crowd: Crowd, pins: Pins, clusters: Clusters, heirs: Int32[np.ndarray, " c"]) -> Room:
    person = _person(pins, clusters, heirs)
    standing = np.where(person != NOBODY, Standing.JOINED, Standing.UNSORTED).astype(np.int8)
    standing[pins.placed != NOBODY] = Standing.PLACED
    standing[pins.nobody] = Standing.NOT_PEOPLE
    return Room(person=person, standing=standing, similarity=np.full(len(crowd), np.nan, dtype=np.float32))


def _stood(crowd: Crowd, pins: Pins, limits: Limits, cluster: Int32[np.ndarray, " n"], room: Room) -> None:
    """Afterwards each face stands where it belongs; who was settled with somebody with a name is not asked about.

    Whether it is in doubt is seen among those with whom it gathered: of people whom the user made one, the faces of one
    need not be like those of the other.
    """
    for row in _crowded_out(crowd, room):
        room.person[row], room.standing[row] = NOBODY, Standing.UNSORTED
    sums = summed(crowd.embeddings, room.person)
    room.similarity[:] = to_others(crowd.embeddings, room.person, sums)
    named = np.isin(room.person, list(crowd.said.names))
    settled = np.isin(crowd.before.standing, SETTLED) & (were(crowd) == room.person)
    doubtful = named & (room.standing == Standing.JOINED) & (pins.owner != room.person) & ~settled
    among = np.where(np.isin(cluster, cluster[doubtful]), cluster, NOBODY).astype(np.int32)
    alike = to_others(crowd.embeddings, among, summed(crowd.embeddings, among))
    room.standing[doubtful & (alike < limits.join)] = Standing.REVIEW
    neighbours_found(crowd, pins, limits, faceted(crowd.embeddings, room.person, cluster, sums), room)


def _crowded_out(crowd: Crowd, room: Room) -> Int64[np.ndarray, " m"]:
    """Faces with somebody whom the user placed in the same picture as another face: that one counts."""
    there = np.flatnonzero(room.person != NOBODY)
    _, at, counts = paired(crowd.moments[there], room.person[there])
    several = there[counts[at] > 1]
    company = Company(crowd)
    found = []
    for row in several[room.standing[several] == Standing.PLACED].tolist():
        others = company.of(row)
        others = others[(room.person[others] == room.person[row]) & (room.standing[others] == Standing.JOINED)]
        found += [other for other in others.tolist() if not company.mirrored(row, np.asarray([other]))]
    return np.unique(np.asarray(found, dtype=np.int64))


def _people(crowd: Crowd, room: Room, revision: int) -> dict[int, Person]:
    names, before = crowd.said.names, crowd.before.people
    there = np.unique(room.person[np.isin(room.standing, SETTLED)]).tolist()
    people = {}
    for number in sorted({*there, *names}):
        born = before[number].born if number in before else revision
        people[number] = Person(number=number, born=born, name=names.get(number))
    return people
