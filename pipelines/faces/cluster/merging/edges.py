"""Edges between clusters, compiled: what is known of them, who owns them, and with which of them a cluster waits."""
# Elements of arrays in compiled code have no types:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.faces.cluster.merging.crowd import NONE
from pipelines.faces.cluster.merging.heaps import added, removed
from pipelines.faces.cluster.merging.waiting import put, tidied
from pipelines.faces.cluster.native import compiled

SLACK = 1e-6
"""What a bound is raised by, so that no rounding makes it too small."""
DEAD, BOUND, EXACT = 0, 1, 2
"""What is known of an edge: it is none any more; a bound; the mean similarity when its owner was as large as stamp."""
OUT = -2
"""Stands for the next of an end that is in no chain."""
EDGE = np.dtype([
    ("mean", "<f8"),
    ("rank", "<f8"),  # among those of its owner
    ("tie", "<i4"),  # the smallest row of its other cluster: among equals the smallest goes first
    ("child", "<i4"), ("next", "<i4"), ("before", "<i4"),  # its place in its owner's heap
    ("one", "<i4"), ("two", "<i4"),  # its clusters, of its first end and of its second
    ("after_one", "<i4"), ("after_two", "<i4"),  # the end that follows in the chain of that cluster's foreign edges
    ("owner", "<i4"),  # which cluster owns it
    ("state", "<i4"), ("stamp", "<i4"),
    ("turn", "<i4"),  # the join in which it was last done
])  # fmt: skip
"""A pair of clusters. Edge e has the ends 2e and 2e + 1."""


@compiled()
def other(edge: Any, cluster: int) -> int:
    """The cluster at the other end."""
    return edge.two if edge.one == cluster else edge.one


@compiled()
def bound(edges: Any, clusters: Any, at: int) -> float:
    """The mean similarity of an edge's clusters, if it is known; else what it is at most."""
    edge = edges[at]
    owner = clusters[edge.owner]
    if edge.state == EXACT and edge.stamp == owner.size:
        return edge.mean
    return (edge.rank + owner.grown) / owner.size + SLACK


@compiled()
def unknown(a: Any, b: Any) -> float:
    """What the mean similarity of two clusters is at most that no edge joins."""
    return min(a.reach / a.size, b.reach / b.size)


@compiled()
def lost(edges: Any, clusters: Any, at: int) -> None:
    """Afterwards the edge is in nobody's heap."""
    owner = clusters[edges[at].owner]
    owner.heap = removed(edges, int(owner.heap), at)


@compiled()
def ranked(edges: Any, clusters: Any, at: int) -> None:
    """Afterwards the edge is in the heap of its owner, by its mean."""
    edge = edges[at]
    owner = clusters[edge.owner]
    edge.rank = edge.mean * owner.size - owner.grown
    edge.tie = clusters[other(edge, edge.owner)].name
    owner.heap = added(edges, int(owner.heap), at)


@compiled()
def placed(edges: Any, clusters: Any, at: int) -> None:
    """Afterwards the larger of an edge's clusters owns it, and it is foreign to the other."""
    edge = edges[at]
    if clusters[edge.one].size >= clusters[edge.two].size:
        edge.owner = edge.one
        if edge.after_two == OUT:
            edge.after_two, clusters[edge.two].foreign = clusters[edge.two].foreign, 2 * at + 1
    else:
        edge.owner = edge.two
        if edge.after_one == OUT:
            edge.after_one, clusters[edge.one].foreign = clusters[edge.one].foreign, 2 * at
    ranked(edges, clusters, at)


@compiled()
def refreshed(edges: Any, clusters: Any, queue: Any, cluster: int, threshold: float) -> None:
    """Afterwards the cluster waits with a key that is not below its best edge, if that reaches the threshold."""
    known = clusters[cluster]
    if known.heap == NONE:
        return
    key = bound(edges, clusters, int(known.heap))
    if key <= known.key or key < threshold:
        return
    known.key = key
    if queue[-1].size == len(queue) - 2:
        tidied(queue, clusters)
    neighbour = clusters[other(edges[known.heap], cluster)]
    put(queue, key, cluster, min(known.name, neighbour.name), max(known.name, neighbour.name))
