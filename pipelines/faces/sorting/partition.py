"""Which faces are one person, found anew where something has changed and taken over where nothing has.

Average linkage joins only clusters that an edge of at least the threshold leads between, so what happens in one
component of those edges cannot be felt in another: a component in which no list, no tie and no face is new comes out as
it did the night before, and is not looked at again.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float16, Int32, Int64
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipelines.faces.cluster import infomap, kmeans
from pipelines.faces.cluster.graph import NONE, Graph
from pipelines.faces.cluster.linkage import agglomerated, numbered
from pipelines.faces.cluster.ties import FREE, Ties
from pipelines.faces.people.pins import Crowd, Pins
from pipelines.faces.people.sums import paired
from pipelines.faces.people.words import NOBODY
from pipelines.faces.sorting.settings import Settings

MOST = 0.6
"""Share of the faces from which on all are sorted anew: to take apart would cost more than it saves."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Night:
    """What was found the last time, for the first of the rows: labels, what was said then, and the graph."""

    labels: Int32[np.ndarray, " m"]
    pins: Pins
    graph: Graph

    def __len__(self) -> int:
        return len(self.graph)


def partitioned(
    crowd: Crowd, pins: Pins, graph: Graph, settings: Settings, before: Night | None = None
) -> Int32[np.ndarray, " n"]:
    """The cluster of each face, by settings.method; idle faces are each their own.

    before: a night with the same settings, whose result is taken over where nothing has changed.
    """
    match settings.method:
        case "kmeans":
            return _kmeans(crowd, pins, settings)
        case "infomap":
            return infomap.partition(
                crowd.embeddings, _without(graph, pins.idle), settings.limits.same, ties(crowd, pins)
            )
        case _:
            return _average(crowd, pins, graph, settings, before)


def ties(crowd: Crowd, pins: Pins) -> Ties:
    """What is said of the faces that take part."""
    owner = np.where(pins.idle, FREE, pins.owner).astype(np.int32)
    picture = np.where(pins.idle, FREE, crowd.moments).astype(np.int32)
    free = np.full(len(crowd), FREE, dtype=np.int32)
    return Ties(group=free, owner=owner, picture=picture, apart=np.empty((0, 2), dtype=np.int32))


def _kmeans(crowd: Crowd, pins: Pins, settings: Settings) -> Int32[np.ndarray, " n"]:
    rows = np.flatnonzero(~pins.idle)
    labels = np.arange(len(crowd), dtype=np.int32) + settings.clusters + len(crowd)
    said = _some(ties(crowd, pins), rows)
    labels[rows] = kmeans.partition(_rows(crowd.embeddings, rows), settings.clusters, said)
    return numbered(labels)


def _average(
    crowd: Crowd, pins: Pins, graph: Graph, settings: Settings, before: Night | None
) -> Int32[np.ndarray, " n"]:
    same = settings.limits.same
    work = _without(graph, pins.idle)
    again = np.ones(len(crowd), dtype=bool)
    if before is not None and len(before):
        again = _touched(pins, graph, before, work.edges(same)[0])
        if not again.any():
            return numbered(_apart(before.labels, pins.idle))
        if again.mean() > MOST:
            again[:] = True
    rows = np.flatnonzero(again)
    found = agglomerated(_rows(crowd.embeddings, rows), _part(work, rows), same, _some(ties(crowd, pins), rows))
    labels = np.empty(len(crowd), dtype=np.int64)
    labels[rows] = found
    if before is not None and len(rows) < len(crowd):
        labels[~again] = before.labels[np.flatnonzero(~again)] + len(crowd)
    return numbered(labels.astype(np.int32))


def _touched(pins: Pins, graph: Graph, before: Night, edges: Int32[np.ndarray, "e 2"]) -> Bool[np.ndarray, " n"]:
    """Rows whose component has anything new in it; none where all that is new changes nothing."""
    n, known = len(graph), len(before)
    changed = np.ones(n, dtype=bool)
    changed[:known] = (graph.neighbours[:known] != before.graph.neighbours).any(axis=1) | _said_anew(pins, before)
    if not changed.any():
        return changed
    for lists in (graph.neighbours, before.graph.neighbours):  # also those from whom a face has gone
        near = lists[changed[: len(lists)]]
        changed[near[near != NONE]] = True
    changed |= (changed[graph.neighbours] & (graph.neighbours != NONE)).any(axis=1)
    joins = coo_array((np.ones(len(edges), dtype=bool), (edges[:, 0], edges[:, 1])), shape=(n, n))
    components = connected_components(joins, directed=False)[1]
    found: Bool[np.ndarray, " n"] = np.isin(components, components[changed])
    return found


def _said_anew(pins: Pins, before: Night) -> Bool[np.ndarray, " m"]:
    """Rows of which something else is said than before, where that can change who is one with whom.

    A new owner cannot where it is the only one in its cluster: it forbids only what had not happened anyway.
    """
    known = len(before)
    idle = pins.idle[:known] != before.pins.idle
    owner = np.where(pins.idle, NOBODY, pins.owner)[:known]
    was = np.where(before.pins.idle, NOBODY, before.pins.owner)
    lost = (was != NOBODY) & (owner != was)
    rows = np.flatnonzero(owner != NOBODY)
    clusters, counts = np.unique(paired(before.labels[rows], owner[rows])[0][0], return_counts=True)
    torn = (owner != was) & np.isin(before.labels, clusters[counts > 1])
    found: Bool[np.ndarray, " m"] = idle | lost | torn
    return found


def _without(graph: Graph, idle: Bool[np.ndarray, " n"]) -> Graph:
    """The graph without edges to and from those."""
    if not idle.any():
        return graph
    gone = idle[graph.neighbours] | idle[:, None]  # NONE reads the last row, which changes nothing: it stays NONE
    neighbours = np.where(gone, NONE, graph.neighbours).astype(np.int32)
    return Graph(neighbours, np.where(neighbours == NONE, 0, graph.similarity).astype(np.float32))


def _part(graph: Graph, rows: Int64[np.ndarray, " k"]) -> Graph:
    """The graph of some rows that no edge that counts leads out of."""
    if len(rows) == len(graph):
        return graph
    place = np.full(len(graph) + 1, NONE, dtype=np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    neighbours = place[graph.neighbours[rows]]
    return Graph(neighbours, np.where(neighbours == NONE, 0, graph.similarity[rows]).astype(np.float32))


def _rows(embeddings: Float16[np.ndarray, "n d"], rows: Int64[np.ndarray, " k"]) -> Float16[np.ndarray, "k d"]:
    return embeddings if len(rows) == len(embeddings) else embeddings[rows]


def _some(said: Ties, rows: Int64[np.ndarray, " k"]) -> Ties:
    return Ties(group=said.group[rows], owner=said.owner[rows], picture=said.picture[rows], apart=said.apart)


def _apart(labels: Int32[np.ndarray, " n"], idle: Bool[np.ndarray, " n"]) -> Int32[np.ndarray, " n"]:
    """The labels, with one of its own for each that is idle."""
    found = labels.astype(np.int32).copy()
    found[idle] = np.arange(idle.sum(), dtype=np.int32) + (labels.max(initial=0) + 1)
    return found
