"""Whose number a cluster carries on: clusters matched to the people of the census before, one to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

WHOLE = 0.75
"""Share of somebody's faces from which all of them went into a cluster."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """So many faces of a person are in a cluster now."""

    cluster: int
    person: int
    faces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Who there was. faces: how many each person had. named: who has a name.

    returning: person -> the cluster with a face of somebody whose merge was taken back.
    """

    faces: Mapping[int, int]
    named: frozenset[int] = frozenset()
    returning: Mapping[int, int] = field(default_factory=dict)


def matched(overlaps: Sequence[Overlap], before: Before) -> dict[int, int]:
    """Cluster -> the person that it carries on; clusters that are nobody's are left out.

    Who comes back takes back what was theirs; else people with names are served first, by overlap. Where several
    people went whole into one cluster, the oldest remains; where one was split, the largest part remains that one.
    """
    found: dict[int, int] = {}
    taken: set[int] = set()
    for person, cluster in sorted(before.returning.items()):
        if person not in before.faces and cluster not in found:
            found[cluster] = person
            taken.add(person)
    for overlap in sorted(overlaps, key=lambda one: _rank(one, before)):
        if overlap.cluster not in found and overlap.person not in taken:
            found[overlap.cluster] = overlap.person
            taken.add(overlap.person)
    return found


def _rank(overlap: Overlap, before: Before) -> tuple[int, ...]:
    named = overlap.person in before.named
    whole = overlap.faces >= WHOLE * before.faces[overlap.person]
    first = (overlap.person, 0) if whole and not named else (-overlap.faces, overlap.person)
    return (not named, not whole and not named, *first, overlap.cluster)
