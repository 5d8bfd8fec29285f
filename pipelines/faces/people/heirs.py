"""Which person each cluster is: its owner, else somebody of the census before, else somebody new."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int32, Int64

from pipelines.faces.people.matching import Before, Overlap, matched
from pipelines.faces.people.pins import Crowd, Pins
from pipelines.faces.people.sums import paired
from pipelines.faces.people.words import NOBODY, Standing

SETTLED = (Standing.JOINED, Standing.PLACED)
"""Standings of faces that are their person's."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clusters:
    """Clusters of the faces that took part. of: each face's, NOBODY of idle ones. sizes: how many faces each has."""

    of: Int32[np.ndarray, " n"]
    sizes: Int64[np.ndarray, " c"]

    def __len__(self) -> int:
        return len(self.sizes)


def clustered(labels: Int32[np.ndarray, " n"], idle: Bool[np.ndarray, " n"]) -> Clusters:
    """The clusters of those that are not idle, numbered from 0 in the order of their first rows."""
    of = np.full(len(labels), NOBODY, dtype=np.int32)
    _, first, found = np.unique(labels[~idle], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    of[~idle] = rank[found]
    return Clusters(of=of, sizes=np.bincount(of[~idle], minlength=len(first)))


def owned(clusters: Clusters, pins: Pins) -> Int32[np.ndarray, " c"]:
    """The owner of each cluster, or NOBODY; where a method joined several, the one with most faces, the older first."""
    found = np.full(len(clusters), NOBODY, dtype=np.int32)
    rows = np.flatnonzero((pins.owner != NOBODY) & (clusters.of != NOBODY))
    pairs, _, counts = paired(clusters.of[rows], pins.owner[rows])
    for at in np.lexsort((-pairs[1], counts)):  # the last to be written wins
        found[pairs[0, at]] = pairs[1, at]
    return found


def inherited(crowd: Crowd, clusters: Clusters, owners: Int32[np.ndarray, " c"], least: int) -> Int32[np.ndarray, " c"]:
    """The person that each cluster is, or NOBODY where it is nobody yet. least: faces that make a person."""
    before, said = crowd.before, crowd.said
    was = were(crowd)
    settled = np.isin(before.standing, SETTLED) & (was != NOBODY)
    numbers, faces = np.unique(was[settled], return_counts=True)
    free = (owners == NOBODY) & (clusters.sizes >= least)
    rows = np.flatnonzero(settled & (clusters.of != NOBODY))
    rows = rows[free[clusters.of[rows]] & ~np.isin(was[rows], owners)]
    pairs, _, counts = paired(clusters.of[rows], was[rows])
    overlaps = [Overlap(*map(int, one)) for one in zip(*pairs, counts, strict=True)]
    found = owners.copy()
    heirs = matched(
        overlaps,
        Before(
            faces=dict(zip(numbers.tolist(), faces.tolist(), strict=True)),
            named=frozenset(said.names),
            returning=_returning(crowd, clusters, free),
        ),
    )
    found[list(heirs)] = list(heirs.values())
    return found


def were(crowd: Crowd) -> Int32[np.ndarray, " n"]:
    """The person that each face's of before is now, after merges."""
    merged = crowd.said.merged
    if not merged:
        return crowd.before.person
    numbers, at = np.unique(crowd.before.person, return_inverse=True)
    return np.asarray([crowd.said.now(number) for number in numbers.tolist()], dtype=np.int32)[at]


def _returning(crowd: Crowd, clusters: Clusters, free: Bool[np.ndarray, " c"]) -> dict[int, int]:
    found = {}
    for person, face in crowd.said.returning.items():
        for row in crowd.rows((face,)):
            cluster = int(clusters.of[row])
            if cluster != NOBODY and free[cluster] and person not in crowd.said.merged:
                found[person] = cluster
    return found
