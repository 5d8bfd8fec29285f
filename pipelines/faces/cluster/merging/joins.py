"""Joining, compiled: a cluster becomes part of another, and its edges too, until no two may be joined."""
# Elements of arrays in compiled code have no types:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pipelines.faces.cluster.merging.crowd import GONE, NONE, Crowd, mean, named, refused, united
from pipelines.faces.cluster.merging.edges import (
    BOUND,
    DEAD,
    EXACT,
    OUT,
    SLACK,
    bound,
    lost,
    other,
    placed,
    ranked,
    refreshed,
    unknown,
)
from pipelines.faces.cluster.merging.table import EMPTY, forgotten, noted, place
from pipelines.faces.cluster.merging.waiting import dropped
from pipelines.faces.cluster.native import compiled


class State(NamedTuple):
    """All that changes.

    pool: ends, those of a cluster side by side. table: the edge of two clusters. touched: edges at hand. counts: how
    much of the pool is used; how many joins there were.
    """

    crowd: Crowd
    edges: Any
    pool: Any
    table: Any
    queue: Any
    touched: Any
    counts: Any


@compiled()
def joined(state: State, one: int, two: int, threshold: float) -> None:
    """Afterwards the smaller of the two clusters is part of the larger, and so are its edges."""
    clusters = state.crowd.clusters
    large, small = (one, two) if clusters[one].size >= clusters[two].size else (two, one)
    a, b = clusters[large], clusters[small]
    share = np.float64(b.size) / (np.float64(a.size) + np.float64(b.size))
    state.counts[1] += 1
    if a.count + b.count > a.room:
        roomier(state, large, a.count + b.count)
    size = 0
    for at in range(b.place, b.place + b.count):
        size = taken_over(state, int(state.pool[at]), large, share, size)
    size = raised(state, large, small, size)
    a.grown += b.reach
    b.key, b.heap, b.foreign, b.count = GONE, NONE, NONE, 0
    united(state.crowd, large, small)
    for at in range(size):
        edge = int(state.touched[at])
        placed(state.edges, state.crowd.clusters, edge)
        if state.edges[edge].owner != large:
            refreshed(state.edges, state.crowd.clusters, state.queue, int(state.edges[edge].owner), threshold)
    refreshed(state.edges, state.crowd.clusters, state.queue, large, threshold)


@compiled()
def taken_over(state: State, end: int, large: int, share: float, size: int) -> int:
    """How many edges are touched now that the one of this end, which was the smaller cluster's, is the larger's."""
    at = end >> 1
    edge = state.edges[at]
    if edge.state == DEAD:
        return size
    small = int(edge.two if end & 1 else edge.one)
    third = int(other(edge, small))
    known = bound(state.edges, state.crowd.clusters, at)
    if edge.owner != small:  # the heap of the smaller cluster goes as a whole
        lost(state.edges, state.crowd.clusters, at)
    forgotten(state.table, small, third)
    if third == large:
        edge.state = DEAD
        return size
    same = int(state.table[place(state.table, large, third)].edge)
    if same == EMPTY:
        renamed(edge, state.crowd.clusters[large], state.pool, end, large)
        noted(state.table, large, third, at)
        return touched(
            state,
            at,
            (1.0 - share) * unknown(state.crowd.clusters[large], state.crowd.clusters[third]) + share * known,
            size,
        )
    edge.state = DEAD
    known = (1.0 - share) * bound(state.edges, state.crowd.clusters, same) + share * known
    lost(state.edges, state.crowd.clusters, same)
    return touched(state, same, known, size)


@compiled()
def renamed(edge: Any, known: Any, pool: Any, end: int, large: int) -> None:
    """Afterwards the end is the larger cluster's."""
    if end & 1:
        edge.two, edge.after_two = large, OUT
    else:
        edge.one, edge.after_one = large, OUT
    pool[known.place + known.count] = end
    known.count += 1


@compiled()
def touched(state: State, at: int, mean: float, size: int) -> int:
    """How many edges are touched with this one, which has a new bound."""
    edge = state.edges[at]
    edge.mean, edge.state, edge.turn = mean + SLACK, BOUND, state.counts[1]
    state.touched[size] = at
    return size + 1


@compiled()
def raised(state: State, large: int, small: int, size: int) -> int:
    """How many edges are touched with the larger cluster's foreign ones, which its new part has no edge to."""
    known, new = state.crowd.clusters[large], state.crowd.clusters[small]
    share = np.float64(new.size) / (np.float64(known.size) + np.float64(new.size))
    end = int(known.foreign)
    known.foreign = NONE
    while end != NONE:
        edge = state.edges[end >> 1]
        following = int(edge.after_two if end & 1 else edge.after_one)
        if end & 1:
            edge.after_two = OUT
        else:
            edge.after_one = OUT
        if edge.state != DEAD and edge.owner != large and edge.turn != state.counts[1]:
            known_too = unknown(new, state.crowd.clusters[other(edge, large)])
            mean = (1.0 - share) * bound(state.edges, state.crowd.clusters, end >> 1) + share * known_too
            lost(state.edges, state.crowd.clusters, end >> 1)
            size = touched(state, end >> 1, mean, size)
        end = following
    return size


@compiled()
def roomier(state: State, cluster: int, needed: int) -> None:
    """Afterwards the ends of the cluster have twice the room that is needed."""
    if state.counts[0] + 2 * needed > len(state.pool):
        state.counts[0] = packed(state.edges, state.crowd.clusters, state.pool)
    known, used = state.crowd.clusters[cluster], state.counts[0]
    for at in range(known.count):
        state.pool[used + at] = state.pool[known.place + at]
    known.place, known.room = used, 2 * needed
    state.counts[0] += 2 * needed


@compiled()
def packed(edges: Any, clusters: Any, pool: Any) -> int:
    """How much of the pool is used, now that the ends of living edges lie in it side by side."""
    was = pool.copy()
    used = 0
    for row in range(len(clusters)):
        known = clusters[row]
        start, count = known.place, known.count
        known.place, known.count = used, 0
        for at in range(start, start + count):
            if edges[was[at] >> 1].state != DEAD:
                pool[used] = was[at]
                known.count += 1
                used += 1
        known.room = known.count
    return used


@compiled()
def agglomerated(state: State, threshold: float) -> None:
    """Afterwards no two clusters that may be joined reach the threshold, and each row has its cluster."""
    clusters, edges, queue = state.crowd.clusters, state.edges, state.queue
    for at in range(len(edges)):
        noted(state.table, int(edges[at].one), int(edges[at].two), at)
        placed(state.edges, state.crowd.clusters, at)
    for cluster in range(len(clusters)):
        refreshed(state.edges, state.crowd.clusters, state.queue, cluster, threshold)
    while queue[-1].size:
        cluster, key = int(queue[0].cluster), queue[0].key
        dropped(queue)
        if key == clusters[cluster].key:
            clusters[cluster].key = GONE
            front(state, cluster, key, threshold)
    named(clusters)


@compiled()
def front(state: State, cluster: int, key: float, threshold: float) -> None:
    """Afterwards the cluster, which came to the front, is joined with its best neighbour, or has a better key."""
    at = int(state.crowd.clusters[cluster].heap)
    if at != NONE and bound(state.edges, state.crowd.clusters, at) == key:
        edge, size = state.edges[at], state.crowd.clusters[cluster].size
        third = int(other(edge, cluster))
        if edge.state == EXACT and edge.stamp == size and not refused(state.crowd, cluster, third):
            joined(state, cluster, third, threshold)
            return
        lost(state.edges, state.crowd.clusters, at)
        if edge.state == EXACT and edge.stamp == size:
            edge.state = DEAD
            forgotten(state.table, cluster, third)
        else:
            edge.mean, edge.state, edge.stamp = mean(state.crowd, cluster, third), EXACT, size
            ranked(state.edges, state.crowd.clusters, at)
    refreshed(state.edges, state.crowd.clusters, state.queue, cluster, threshold)
