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
    much of the pool is used; how many joins there were; how many edges are at hand.
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
    clusters, edges, queue, counts = state.crowd.clusters, state.edges, state.queue, state.counts
    large, small = (one, two) if clusters[one].size >= clusters[two].size else (two, one)
    a, b = clusters[large], clusters[small]
    share = np.float64(b.size) / (np.float64(a.size) + np.float64(b.size))
    counts[1] += 1
    counts[2] = 0
    if a.count + b.count > a.room:
        roomier(state, large, a.count + b.count)
    for at in range(b.place, b.place + b.count):
        taken_over(state, int(state.pool[at]), large, share)
    raised(state, large, small, share)
    a.grown += b.reach
    b.key, b.heap, b.foreign, b.count = GONE, NONE, NONE, 0
    united(state.crowd, large, small)
    for at in range(counts[2]):
        edge = int(state.touched[at])
        placed(edges, clusters, edge)
        if edges[edge].owner != large:
            refreshed(edges, clusters, queue, int(edges[edge].owner), threshold)
    refreshed(edges, clusters, queue, large, threshold)


@compiled()
def taken_over(state: State, end: int, large: int, share: float) -> None:
    """Afterwards the edge of this end, which was the smaller cluster's, is the larger's, and touched; or it is dead."""
    edges, clusters, table, at = state.edges, state.crowd.clusters, state.table, end >> 1
    edge = edges[at]
    if edge.state == DEAD:
        return
    small = int(edge.two if end & 1 else edge.one)
    third = int(other(edge, small))
    known = bound(edges, clusters, at)
    if edge.owner != small:  # the heap of the smaller cluster goes as a whole
        lost(edges, clusters, at)
    forgotten(table, small, third)
    if third == large:
        edge.state = DEAD
        return
    same = int(table[place(table, large, third)].edge)
    if same == EMPTY:
        renamed(edge, clusters[large], state.pool, end, large)
        noted(table, large, third, at)
        same, mean = at, (1.0 - share) * unknown(clusters[large], clusters[third]) + share * known
    else:
        edge.state = DEAD
        mean = (1.0 - share) * bound(edges, clusters, same) + share * known
        lost(edges, clusters, same)
    touched(edges, state.touched, state.counts, same, mean)


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
def touched(edges: Any, hands: Any, counts: Any, at: int, mean: float) -> None:
    """Afterwards the edge is touched, and has a new bound."""
    edge = edges[at]
    edge.mean, edge.state, edge.turn = mean + SLACK, BOUND, counts[1]
    hands[counts[2]] = at
    counts[2] += 1


@compiled()
def raised(state: State, large: int, small: int, share: float) -> None:
    """Afterwards the larger cluster's foreign edges, if its new part has none to the same cluster, are touched too."""
    edges, clusters, counts = state.edges, state.crowd.clusters, state.counts
    end = int(clusters[large].foreign)
    clusters[large].foreign = NONE
    while end != NONE:
        edge = edges[end >> 1]
        following = int(edge.after_two if end & 1 else edge.after_one)
        if end & 1:
            edge.after_two = OUT
        else:
            edge.after_one = OUT
        if edge.state != DEAD and edge.owner != large and edge.turn != counts[1]:
            new = unknown(clusters[small], clusters[other(edge, large)])
            mean = (1.0 - share) * bound(edges, clusters, end >> 1) + share * new
            lost(edges, clusters, end >> 1)
            touched(edges, state.touched, counts, end >> 1, mean)
        end = following


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
        placed(edges, clusters, at)
    for cluster in range(len(clusters)):
        refreshed(edges, clusters, queue, cluster, threshold)
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
