"""The quick way of average linkage, compiled: the same joins in the same order as the plain way of ``linkage``.

Two clusters are compared exactly only when their pair comes to the front of the queue. Until then it has a bound: when
clusters are joined, their mean similarity to a third is the mean of what both had, and where that is not known it is at
most 1. A pair waits in the queue with a key above its bound, and is put in anew only when the bound outgrows the key.
So a person of a thousand pictures is not compared with all it might still get each time that it gets one.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int32

from pipelines.faces.cluster.halves import LANES, LONGEST
from pipelines.faces.cluster.linkage import Plan
from pipelines.faces.cluster.native import alike, bits, compiled, wide
from pipelines.faces.cluster.queue import dropped, put, queue, tidied
from pipelines.faces.cluster.ties import FREE

NONE = -1
UNKNOWN = LONGEST**2
"""The most that a similarity can be."""
SLACK = 1e-6
"""What a bound is raised by, so that no rounding makes it too small."""
AHEAD = 1.0
"""Joins of the same kind for which a pair's key leaves room: with more it comes to the front too early, with less it is
put in too often."""
DEAD, BOUND, EXACT = 0, 1, 2
"""What an edge has: no meaning any more; a bound of the mean similarity; the mean similarity."""
GONE = -2.0
"""The key of an edge that does not wait."""

CLUSTER = np.dtype([
    ("of", "<i4"),  # the cluster of this row, or one on the way to it
    ("size", "<i4"),  # in faces
    ("slot", "<i4"),  # where its sum is; NONE: it is the embedding of its one face
    ("end", "<i4"),  # the first of the chain of its edges' ends
    ("owner", "<i4"),
    ("foes", "<i4"),  # rows that must not be in it, of all its rows
    ("foe", "<i4"), ("last_foe", "<i4"), ("next_foe", "<i4"),  # the chain of its rows that have any
    ("ban", "<i4"), ("last_ban", "<i4"),  # the chain of owners that it must not get
])  # fmt: skip
"""What is known of a row, and of the cluster whose smallest row it is."""
EDGE = np.dtype([
    ("mean", "<f8"), ("key", "<f8"), ("state", "<i4"),
    ("low", "<i4"), ("high", "<i4"),  # its clusters: of its first and of its second end
    ("after_low", "<i4"), ("after_high", "<i4"),  # the end that follows in the chain of that cluster
])  # fmt: skip
"""A pair of clusters. Edge e has the ends 2e and 2e + 1."""
BAN = np.dtype([("owner", "<i4"), ("next", "<i4")])


class State(NamedTuple):
    """All that changes while clusters are joined.

    free: slots that nobody has, their number last. marks: of each cluster, the edge by which it is a neighbour of the
    smaller one of those at hand. foes: of row r those from starts[r] on.
    """

    bits: Any
    clusters: Any
    sums: Any
    free: Any
    lanes: Any
    edges: Any
    marks: Any
    queue: Any
    foes: Any
    starts: Any
    bans: Any


# ---------------------------------------------------------------- sums


@compiled()
def found(clusters: Any, row: int) -> int:
    """The cluster of a row."""
    while clusters[row].of != row:
        clusters[row].of = clusters[clusters[row].of].of
        row = int(clusters[row].of)
    return row


@compiled()
def mean(state: State, one: int, two: int) -> float:
    """The mean similarity of two clusters, to the bit as ``halves.products`` makes it."""
    a, b = int(state.clusters[one].slot), int(state.clusters[two].slot)
    if a == NONE and b == NONE:
        return alike(state.bits, one, two)
    lanes = state.lanes
    lanes[:] = 0.0
    if a != NONE and b != NONE:
        for step in range(0, state.sums.shape[1], LANES):
            for lane in range(LANES):
                lanes[lane] += state.sums[a, step + lane] * state.sums[b, step + lane]
    else:
        slot, row = (a, two) if b == NONE else (b, one)
        for at in range(state.bits.shape[1]):
            lanes[at % LANES] += state.sums[slot, at] * np.float64(wide(state.bits[row, at]))
    total = 0.0
    for lane in range(LANES):
        total += lanes[lane]
    return total / (np.float64(state.clusters[one].size) * np.float64(state.clusters[two].size))


@compiled()
def summed(state: State, one: int, two: int) -> None:
    """Afterwards one has the faces of two."""
    a, b = state.clusters[one], state.clusters[two]
    if a.slot == NONE:
        state.free[-1] -= 1
        a.slot = state.free[state.free[-1]]
        for at in range(state.bits.shape[1]):
            state.sums[a.slot, at] = np.float64(wide(state.bits[one, at]))
        state.sums[a.slot, state.bits.shape[1] :] = 0.0
    if b.slot == NONE:
        for at in range(state.bits.shape[1]):
            state.sums[a.slot, at] += np.float64(wide(state.bits[two, at]))
    else:
        for at in range(state.bits.shape[1]):
            state.sums[a.slot, at] += state.sums[b.slot, at]
        state.free[state.free[-1]] = b.slot
        state.free[-1] += 1
    a.size += b.size
    b.of = one


# ---------------------------------------------------------------- what is forbidden


@compiled()
def refused(state: State, one: int, two: int) -> bool:
    """Whether a tie keeps the two clusters apart."""
    a, b = state.clusters[one], state.clusters[two]
    if a.owner != FREE and b.owner != FREE and a.owner != b.owner:
        return True
    if banned(state.bans, a.ban, b.owner) or banned(state.bans, b.ban, a.owner):
        return True
    if a.foes > b.foes:
        a, two = b, one
    row = int(a.foe)
    while row != NONE:
        for at in range(state.starts[row], state.starts[row + 1]):
            if found(state.clusters, int(state.foes[at])) == two:
                return True
        row = int(state.clusters[row].next_foe)
    return False


@compiled()
def banned(bans: Any, ban: int, owner: int) -> bool:
    """Whether the owner is in the chain that begins with this ban."""
    while ban != NONE and owner != FREE:
        if bans[ban].owner == owner:
            return True
        ban = bans[ban].next
    return False


@compiled()
def barred(state: State, one: int, two: int) -> None:
    """Afterwards one has the owner, the foes and the bans of two as well."""
    a, b = state.clusters[one], state.clusters[two]
    if a.owner == FREE:
        a.owner = b.owner
    a.foes += b.foes
    if b.foe != NONE:
        if a.foe == NONE:
            a.foe = b.foe
        else:
            state.clusters[a.last_foe].next_foe = b.foe
        a.last_foe = b.last_foe
    if b.ban != NONE:
        if a.ban == NONE:
            a.ban = b.ban
        else:
            state.bans[a.last_ban].next = b.ban
        a.last_ban = b.last_ban


# ---------------------------------------------------------------- joining


@compiled()
def joined(state: State, one: int, two: int, threshold: float) -> None:
    """Afterwards the cluster two is part of one, one < two, and its edges are one's."""
    ours, theirs = np.float64(state.clusters[one].size), np.float64(state.clusters[two].size)
    large, small = (one, two) if ours >= theirs else (two, one)
    share = min(ours, theirs) / (ours + theirs)
    rest = int(state.clusters[small].end)
    kept = int(state.clusters[large].end)
    marked(state, small, large)
    summed(state, one, two)
    barred(state, one, two)
    state.clusters[one].end = NONE
    while kept != NONE:
        kept = adopted(state, kept, one, share, threshold)
    while rest != NONE:
        rest = taken_over(state, rest, one, share, threshold)


@compiled()
def marked(state: State, small: int, large: int) -> None:
    """Afterwards each neighbour of the small cluster has a mark, and the edge to the large one is dead."""
    end = int(state.clusters[small].end)
    while end != NONE:
        edge = state.edges[end >> 1]
        other = int(edge.high if end & 1 == 0 else edge.low)
        if other == large:
            edge.state, edge.key = DEAD, GONE
        elif edge.state != DEAD:
            state.marks[other] = end >> 1
        end = int(edge.after_low if end & 1 == 0 else edge.after_high)


@compiled()
def adopted(state: State, end: int, one: int, share: float, threshold: float) -> int:
    """The end that followed; this one's edge, of the larger part of one, has learnt of the smaller's share."""
    edge = state.edges[end >> 1]
    following = int(edge.after_low if end & 1 == 0 else edge.after_high)
    if edge.state != DEAD:
        other = int(edge.high if end & 1 == 0 else edge.low)
        mark, unknown = int(state.marks[other]), UNKNOWN
        if mark != NONE:
            state.marks[other] = NONE
            unknown = state.edges[mark].mean
            state.edges[mark].state, state.edges[mark].key = DEAD, GONE
        edge.mean, edge.state = (1.0 - share) * edge.mean + share * unknown + SLACK, BOUND
        chained(state, end, one)
        waiting(state, end >> 1, AHEAD * share, threshold)
    return following


@compiled()
def taken_over(state: State, end: int, one: int, share: float, threshold: float) -> int:
    """The end that followed; this one's edge, which only the smaller part of one had, is one's."""
    edge = state.edges[end >> 1]
    following = int(edge.after_low if end & 1 == 0 else edge.after_high)
    if edge.state != DEAD:
        state.marks[edge.high if end & 1 == 0 else edge.low] = NONE
        edge.mean, edge.state = (1.0 - share) * UNKNOWN + share * edge.mean + SLACK, BOUND
        chained(state, end, one)
        waiting(state, end >> 1, AHEAD * share, threshold)
    return following


@compiled()
def chained(state: State, end: int, cluster: int) -> None:
    """Afterwards the end is the first of the cluster's chain."""
    edge = state.edges[end >> 1]
    if end & 1 == 0:
        edge.low, edge.after_low = cluster, state.clusters[cluster].end
    else:
        edge.high, edge.after_high = cluster, state.clusters[cluster].end
    state.clusters[cluster].end = end


@compiled()
def waiting(state: State, edge: int, room: float, threshold: float) -> None:
    """Afterwards the edge waits with a key that is not below its bound, if that is at least the threshold."""
    known = state.edges[edge]
    if known.mean <= known.key or known.mean < threshold:
        return
    known.key = known.mean if known.state == EXACT else known.mean + room
    if state.queue[-1].size == len(state.queue) - 2:
        tidied(state.queue, state.edges)
    put(state.queue, known.key, edge, min(known.low, known.high), max(known.low, known.high))


@compiled()
def agglomerated(state: State, pairs: Any, together: Any, threshold: float) -> None:
    """Afterwards what must be together is, and of the others no two clusters that an edge joins and no tie forbids
    have a mean similarity of the threshold; each row has its cluster."""
    clusters, edges, queue = state.clusters, state.edges, state.queue
    for end in range(2 * len(pairs)):
        chained(state, end, int(pairs[end >> 1, end & 1]))
    for at in range(len(together)):
        one, two = found(clusters, int(together[at, 0])), found(clusters, int(together[at, 1]))
        if one != two:
            joined(state, min(one, two), max(one, two), threshold)
    for edge in range(len(edges)):
        if edges[edge].state != DEAD:
            waiting(state, edge, 0.0, threshold)
    while queue[-1].size and queue[0].key >= threshold:
        edge, key = int(queue[0].edge), queue[0].key
        one, two = int(queue[0].low), int(queue[0].high)
        dropped(queue)
        known = edges[edge]
        if key != known.key:
            continue
        if known.state == EXACT:
            joined(state, one, two, threshold)
            continue
        known.key = GONE
        one, two = min(known.low, known.high), max(known.low, known.high)
        if refused(state, one, two):
            known.state = DEAD
            continue
        known.mean, known.state = mean(state, one, two), EXACT
        waiting(state, edge, 0.0, threshold)
    for row in range(len(clusters)):
        clusters[row].of = found(clusters, row)


# ---------------------------------------------------------------- the arrays


def merged(plan: Plan) -> Int32[np.ndarray, " n"]:
    """The smallest row of each face's cluster in the end."""
    state = _state(plan)
    agglomerated(state, plan.edges, plan.together, plan.threshold)
    return state.clusters["of"].copy()


def _state(plan: Plan) -> State:
    n, d = plan.embeddings.shape
    slots = n // 2 + 1
    foes = np.concatenate([plan.forbidden, plan.forbidden[:, ::-1]])
    foes = foes[np.argsort(foes[:, 0], kind="stable")]
    clusters, bans = _clusters(plan, np.bincount(foes[:, 0], minlength=n))
    edges = np.zeros(len(plan.edges), dtype=EDGE)
    edges["mean"], edges["key"], edges["state"] = plan.similarity.astype(np.float64) + SLACK, GONE, BOUND
    return State(
        bits=bits(plan.embeddings),
        clusters=clusters,
        sums=np.empty((slots, -(-d // LANES) * LANES)),  # of which only what is used takes memory
        free=np.append(np.arange(slots, dtype=np.int32)[::-1], np.int32(slots)),
        lanes=np.empty(LANES),
        edges=edges,
        marks=np.full(n, NONE, dtype=np.int32),
        queue=queue(2 * len(edges) + 1024),
        foes=foes[:, 1].copy(),
        starts=np.searchsorted(foes[:, 0], np.arange(n + 1)).astype(np.int32),
        bans=bans,
    )


def _clusters(plan: Plan, foes: Int32[np.ndarray, " n"]) -> tuple[np.ndarray, np.ndarray]:
    clusters = np.empty(len(foes), dtype=CLUSTER)
    for name in ("slot", "end", "next_foe", "ban", "last_ban"):
        clusters[name] = NONE
    clusters["of"] = np.arange(len(foes))
    clusters["size"] = 1
    clusters["owner"] = plan.ties.owner
    clusters["foes"] = foes
    clusters["foe"] = clusters["last_foe"] = np.where(foes > 0, np.arange(len(foes)), NONE)
    bans = np.empty(len(plan.ties.apart), dtype=BAN)
    for ban, (row, owner) in enumerate(plan.ties.apart.tolist()):
        bans[ban] = (owner, clusters[row]["ban"])
        clusters[row]["ban"] = ban
        if bans[ban]["next"] == NONE:
            clusters[row]["last_ban"] = ban
    return clusters, bans
