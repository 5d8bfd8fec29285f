"""Each face's nearest: the graph of neighbours, built from nothing, extended by new faces, or without those that go.

Whichever way a graph came about, it is the same to the bit: similarities are exact (``halves``), and each list holds
the k highest of at least floor, among equals those of the smallest rows. Here is the plain way; ``sweep`` is the quick.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float16, Float32, Int32, Integer

from pipelines.faces.cluster.halves import LONGEST, halves, similarities

NONE = -1
"""Stands for no neighbour."""
NEAREST = 16
"""Neighbours a face, where nothing else is said: 4 to 64 gave the same people."""
BLOCK = 512
"""Faces that are compared with all others at once."""
SWEPT_FROM = 2**24
"""Comparisons from which on the compiled sweep is quicker, its loading included."""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The nearest of each face: rows by falling similarity, among equals the smallest row first.

    neighbours: NONE where there are fewer than k. similarity: cosine; 0 where there is none.
    """

    neighbours: Int32[np.ndarray, "n k"]
    similarity: Float32[np.ndarray, "n k"]

    def __len__(self) -> int:
        return len(self.neighbours)

    @property
    def k(self) -> int:
        """The most neighbours of a face."""
        return int(self.neighbours.shape[1])

    @property
    def reach(self) -> Float32[np.ndarray, " n"]:
        """How alike a face is at most to one that is not in its list nor has it in its own: as to the last in its list.

        Lists may have lost some. Of faces whose list is empty nothing is known.
        """
        there = self.neighbours != NONE
        last = np.where(there, self.similarity, np.float32(LONGEST**2)).min(axis=1, initial=np.float32(LONGEST**2))
        return np.asarray(last, dtype=np.float32)

    def edges(self, least: float) -> tuple[Int32[np.ndarray, "e 2"], Float32[np.ndarray, " e"]]:
        """The pairs of rows, smaller first, of which one is in the other's list, each once; and how alike they are."""
        rows, places = np.nonzero((self.neighbours != NONE) & (self.similarity >= _below(least)))
        others = self.neighbours[rows, places]
        keys = np.minimum(rows, others) * len(self) + np.maximum(rows, others)
        keys, first = np.unique(keys, return_index=True)
        pairs = np.stack(np.divmod(keys, max(len(self), 1)), axis=1).astype(np.int32)
        return pairs, self.similarity[rows[first], places[first]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How neighbours are looked for.

    floor: least cosine similarity of a neighbour. threads: 0: one for each core that this process may use.
    told: hears now and then which share of the work is done.
    """

    floor: float
    k: int = NEAREST
    threads: int = 0
    told: Callable[[float], None] = lambda _: None

    def __post_init__(self) -> None:
        if not self.floor > 0 or self.k < 1:
            raise ValueError(f"floor = {self.floor:g}, k = {self.k}: floor must be above 0, and k at least 1")

    @property
    def workers(self) -> int:
        """How many threads work."""
        return self.threads or len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """Lists that are to be completed: those of the rows fresh are empty, the others hold all but what is fresh.

    mutual: whether fresh faces are still to enter the lists of the others.
    """

    lists: Graph
    fresh: Int32[np.ndarray, " f"]
    mutual: bool


def built(embeddings: Float[np.ndarray, "n d"], search: Search) -> Graph:
    """The graph of all faces. Raises ValueError where an embedding is no unit vector."""
    fresh = np.arange(len(embeddings), dtype=np.int32)
    task = Task(lists=_empty(len(fresh), search.k), fresh=fresh, mutual=True)
    return _completed(task, halves(embeddings), search)


def extended(old: Graph, embeddings: Float[np.ndarray, "n d"], search: Search) -> Graph:
    """The graph of all faces, where old is that of the first of them: equal to ``built``, for the cost of the new.

    old must have been made with the same floor. Raises ValueError where k differs, faces are missing, or an embedding
    is no unit vector.
    """
    if old.k != search.k or len(old) > len(embeddings):
        raise ValueError(
            f"A graph of {len(old)} faces with k = {old.k} cannot be extended to {len(embeddings)} faces with "
            f"k = {search.k}; build it anew."
        )
    fresh = np.arange(len(old), len(embeddings), dtype=np.int32)
    room = _empty(len(fresh), search.k)
    lists = Graph(np.concatenate([old.neighbours, room.neighbours]), np.concatenate([old.similarity, room.similarity]))
    return _completed(Task(lists=lists, fresh=fresh, mutual=True), halves(embeddings), search)


def without(
    graph: Graph, gone: Integer[np.ndarray, " g"], embeddings: Float[np.ndarray, "n d"], search: Search
) -> Graph:
    """The graph of the faces that are left when the rows gone go and the others move up: equal to ``built``.

    embeddings: of those that are left, in their order. Only full lists that lose a face are looked for again.
    """
    left = np.ones(len(graph), dtype=bool)
    left[gone] = False
    if left.sum() != len(embeddings):
        raise ValueError(f"{left.sum()} faces are left of {len(graph)}, but there are {len(embeddings)} embeddings")
    places = np.append(np.where(left, np.cumsum(left) - 1, NONE), NONE).astype(np.int32)  # the last: of NONE itself
    was = graph.neighbours[left]
    now = places[was]
    lost = (now == NONE) & (was != NONE)
    again = lost.any(axis=1) & (was[:, -1] != NONE)
    kept = Graph(np.where(again[:, None], NONE, now), graph.similarity[left])
    task = Task(lists=_ranked(len(now), graph.k, [_links(kept)]), fresh=_rows(again), mutual=False)
    return _completed(task, halves(embeddings), search)


# ---------------------------------------------------------------- the plain way


@dataclass(frozen=True, slots=True, eq=False)
class _Links:
    """Neighbours one by one: neighbour belongs into the list of row."""

    row: Int32[np.ndarray, " m"]
    neighbour: Int32[np.ndarray, " m"]
    similarity: Float32[np.ndarray, " m"]


def _completed(task: Task, embeddings: Float16[np.ndarray, "n d"], search: Search) -> Graph:
    if not len(task.fresh):
        return task.lists
    if len(task.fresh) * len(embeddings) >= SWEPT_FROM:
        from pipelines.faces.cluster.sweep import swept  # noqa: PLC0415  numba takes a second to load

        return swept(task, embeddings, search)
    return compared(task, embeddings, search)


def compared(task: Task, embeddings: Float16[np.ndarray, "n d"], search: Search) -> Graph:
    """The lists of the task, completed by comparing each of fresh with all: the reference."""
    lists, found = task.lists, [_links(task.lists)]
    asking = np.full(len(lists), task.mutual)
    asking[task.fresh] = False
    last = np.maximum(np.float32(search.floor), lists.similarity[:, -1])
    for start in range(0, len(task.fresh), BLOCK):
        block = task.fresh[start : start + BLOCK]
        alike = similarities(embeddings[block], embeddings)
        alike[np.arange(len(block)), block] = 0.0  # nobody is a neighbour of itself
        found.append(_nearest(block, alike, search))
        here, others = np.nonzero((alike >= last) & asking)
        found.append(_Links(others.astype(np.int32), block[here], alike[here, others]))
        search.told(min(1.0, (start + BLOCK) / len(task.fresh)))
    return _ranked(len(lists), search.k, found)


def _nearest(block: Int32[np.ndarray, " b"], alike: Float32[np.ndarray, "b n"], search: Search) -> _Links:
    """At least the k nearest of each of the block."""
    last = np.full((len(block), 1), search.floor, dtype=np.float32)
    if search.k < alike.shape[1]:
        last = np.maximum(last, -np.partition(-alike, search.k - 1, axis=1)[:, search.k - 1 : search.k])
    here, others = np.nonzero(alike >= last)
    return _Links(block[here], others.astype(np.int32), alike[here, others])


def _ranked(n: int, k: int, found: Sequence[_Links]) -> Graph:
    """The k highest of each row among all that were found."""
    row = np.concatenate([links.row for links in found])
    neighbour = np.concatenate([links.neighbour for links in found])
    similarity = np.concatenate([links.similarity for links in found])
    order = np.lexsort((neighbour, -similarity, row))
    row, neighbour, similarity = row[order], neighbour[order], similarity[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    inside = place < k
    lists = _empty(n, k)
    lists.neighbours[row[inside], place[inside]] = neighbour[inside]
    lists.similarity[row[inside], place[inside]] = similarity[inside]
    return lists


def _links(graph: Graph) -> _Links:
    rows, places = np.nonzero(graph.neighbours != NONE)
    return _Links(rows.astype(np.int32), graph.neighbours[rows, places], graph.similarity[rows, places])


def _below(similarity: float) -> np.float32:
    """A float32 that is not above it, so that what is rounded down to it counts."""
    return np.float32(np.nextafter(np.float32(similarity), np.float32(0.0)))


def _rows(of: Bool[np.ndarray, " n"]) -> Int32[np.ndarray, " f"]:
    return np.flatnonzero(of).astype(np.int32)


def _empty(n: int, k: int) -> Graph:
    return Graph(np.full((n, k), NONE, dtype=np.int32), np.zeros((n, k), dtype=np.float32))
