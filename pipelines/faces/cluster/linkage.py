"""Average linkage: the two clusters of highest mean similarity are joined, again and again, down to a threshold.

The mean cosine similarity of two clusters of unit vectors is the product of their sums over the product of their
counts, so nothing but sums is kept. Only clusters that an edge of the graph joins are ever compared. Sums are exact
(``halves``) and among equals the smallest rows go first, so the order of the rows does not matter. Here is the plain
way; ``merging`` is the quick one.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Float16, Float32, Float64, Int32

from pipelines.faces.cluster.graph import Graph
from pipelines.faces.cluster.halves import halves, products
from pipelines.faces.cluster.ties import FREE, Ties, conflicts, together

COMPILED_FROM = 2000
"""Faces from which on compiled code is quicker, its loading included."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """What is to be joined, and what not. Rows everywhere.

    edges: pairs that are compared, and how alike they are. reach: of each row, how alike it is at most to a row that it
    has no edge to. together: pairs that are one before all else. forbidden:
    pairs that must not be.
    """

    embeddings: Float16[np.ndarray, "n d"]
    edges: Int32[np.ndarray, "e 2"]
    similarity: Float32[np.ndarray, " e"]
    reach: Float32[np.ndarray, " n"]
    together: Int32[np.ndarray, "t 2"]
    forbidden: Int32[np.ndarray, "f 2"]
    ties: Ties
    threshold: float


def agglomerated(
    embeddings: Float[np.ndarray, "n d"], graph: Graph, threshold: float, ties: Ties | None = None
) -> Int32[np.ndarray, " n"]:
    """The cluster of each face, numbered from 0 by their first rows.

    Clusters are joined while their mean similarity is at least threshold and no tie forbids it. Of the graph only
    edges of at least threshold count: clusters of such a mean have a pair of faces of it. Raises ValueError where the
    arrays are not of the same faces, or an embedding is no unit vector.
    """
    n = len(graph)
    said = ties or Ties.none(n)
    if not n == len(embeddings) == len(said.group) == len(said.owner) == len(said.picture):
        raise ValueError(f"a graph of {n} faces, but {len(embeddings)} embeddings and ties of {len(said.group)} faces")
    kept = halves(embeddings)
    edges, similarity = graph.edges(threshold)
    plan = Plan(
        embeddings=kept,
        edges=edges,
        similarity=similarity,
        reach=graph.reach,
        together=together(said),
        forbidden=conflicts(said, kept),
        ties=said,
        threshold=threshold,
    )
    return numbered(_joined(plan))


def numbered(clusters: Int32[np.ndarray, " n"]) -> Int32[np.ndarray, " n"]:
    """The same clusters, numbered from 0 by their first rows."""
    _, first, inverse = np.unique(clusters, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    found: Int32[np.ndarray, " n"] = rank[inverse]
    return found


def _joined(plan: Plan) -> Int32[np.ndarray, " n"]:
    if len(plan.embeddings) < COMPILED_FROM:
        return joined(plan)
    from pipelines.faces.cluster.merging import merged  # noqa: PLC0415  numba takes a second to load

    return merged(plan)


def joined(plan: Plan) -> Int32[np.ndarray, " n"]:
    """The smallest row of each face's cluster in the end: the reference."""
    return _Clusters.of(plan).joined(plan.threshold)


# ---------------------------------------------------------------- the plain way


@dataclass(slots=True, kw_only=True, eq=False)
class _Cluster:
    """Faces that were joined.

    name: the smallest row. near: clusters that an edge joins to it. foes, banned: faces, owners that it must not get.
    """

    name: int
    rows: list[int]
    near: set[int] = field(default_factory=set)
    foes: set[int] = field(default_factory=set)
    owners: set[int] = field(default_factory=set)
    banned: set[int] = field(default_factory=set)

    def refuses(self, other: _Cluster) -> bool:
        """Whether a tie keeps it from the other."""
        strangers = len(self.owners | other.owners) > 1
        banned = self.banned & other.owners or other.banned & self.owners
        return bool(strangers or banned or self.foes & set(other.rows))


@dataclass(slots=True, eq=False)
class _Clusters:
    """All clusters by name, and the pairs that may be joined: falling similarity, then names."""

    there: dict[int, _Cluster]
    sums: Float64[np.ndarray, "n d"]
    heap: list[tuple[float, int, int, int, int]]

    @classmethod
    def of(cls, plan: Plan) -> _Clusters:
        there = {row: _Cluster(name=row, rows=[row]) for row in range(len(plan.embeddings))}
        for pairs, name in ((plan.edges, "near"), (plan.forbidden, "foes")):
            for one, two in pairs.tolist():
                getattr(there[one], name).add(two)
                getattr(there[two], name).add(one)
        for row in np.flatnonzero(plan.ties.owner != FREE).tolist():
            there[row].owners.add(int(plan.ties.owner[row]))
        for row, owner in plan.ties.apart.tolist():
            there[row].banned.add(owner)
        clusters = cls(there, plan.embeddings.astype(np.float64), [])
        clusters.gathered(plan.together)
        for one in list(there):
            clusters.push(one, [two for two in there[one].near if one < two])
        return clusters

    def gathered(self, together: Int32[np.ndarray, "t 2"]) -> None:
        """Afterwards what must be together is."""
        of = list(range(len(self.there)))
        for one, two in together.tolist():
            a, b = sorted((of[one], of[two]))
            if a != b:
                self.join(a, b)
                for row in self.there[a].rows:
                    of[row] = a

    def joined(self, threshold: float) -> Int32[np.ndarray, " n"]:
        """The name of each face's cluster in the end."""
        while self.heap:
            falling, one, two, size_one, size_two = heapq.heappop(self.heap)
            a, b = self.there.get(one), self.there.get(two)
            if a is None or b is None or len(a.rows) != size_one or len(b.rows) != size_two:
                continue
            if -falling < threshold:
                break
            if not a.refuses(b):
                self.join(one, two)
                self.push(one, list(a.near))
        names = np.empty(sum(len(cluster.rows) for cluster in self.there.values()), dtype=np.int32)
        for cluster in self.there.values():
            names[cluster.rows] = cluster.name
        return names

    def join(self, one: int, two: int) -> None:
        """Afterwards the cluster two is part of one; one < two."""
        a, b = self.there[one], self.there.pop(two)
        self.sums[one] += self.sums[two]
        a.rows += b.rows
        a.foes |= b.foes
        a.owners |= b.owners
        a.banned |= b.banned
        for other in b.near:
            self.there[other].near -= {two}
            self.there[other].near |= {one}
        a.near |= b.near
        a.near -= {one, two}

    def push(self, one: int, others: list[int]) -> None:
        """Afterwards the pairs of one and the others wait for their turn."""
        size = len(self.there[one].rows)
        each = products(self.sums[others], self.sums[one]).tolist()
        for two, product in zip(others, each, strict=True):
            pairs = size * len(self.there[two].rows)
            mean = product / pairs if pairs > 1 else float(np.float32(product))  # as the graph has it
            a, b = (self.there[at] for at in sorted((one, two)))
            heapq.heappush(self.heap, (-mean, a.name, b.name, len(a.rows), len(b.rows)))
