"""Places of a walk move to the cluster next to them that saves most bits, compiled."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them
# Elements of arrays in compiled code have no types:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int32

from pipelines.faces.cluster.linkage import numbered
from pipelines.faces.cluster.native import compiled

PASSES = 50
"""At most so many over all places."""
WORTH = 1e-11
"""Bits from which a move is worth it; less is rounding."""


class Walk(NamedTuple):
    """Where the walker goes: places, and the share of its steps that go from one to another.

    The places after place i are to[start[i]:start[i + 1]], itself perhaps among them; flow: the share of all steps.
    time: share of the time that is spent there. leaves: share of steps that go from there to another place.
    """

    start: Any
    to: Any
    flow: Any
    time: Any
    leaves: Any


class _Clusters(NamedTuple):
    """Where the places are.

    of: the cluster of each. time, leaves, many: of each cluster its time, how often it is left, and how many places it
    has. whole: one number, how often any is left.
    """

    of: Any
    time: Any
    leaves: Any
    many: Any
    whole: Any


def moved(walk: Walk, found: Int32[np.ndarray, " n"]) -> Int32[np.ndarray, " n"]:
    """The clusters when no place can move to another and save bits, numbered from 0; the order is always the same."""
    n = len(walk.time)
    order = np.random.default_rng(0).permutation(n)
    of = found.astype(np.int32)
    outside = of[np.repeat(np.arange(n), np.diff(walk.start))] != of[walk.to]
    leaving = np.repeat(of, np.diff(walk.start))[outside]
    leaves = np.bincount(leaving, weights=walk.flow[outside], minlength=n)
    clusters = _Clusters(
        of=of,
        time=np.bincount(of, weights=walk.time, minlength=n),
        leaves=leaves,
        many=np.bincount(of, minlength=n),
        whole=np.array([leaves.sum()]),
    )
    settle(walk, clusters, order)
    return numbered(clusters.of)


@compiled()
def settle(walk: Walk, clusters: _Clusters, order: Any) -> None:
    """Afterwards each place is where it saves most bits, given the others."""
    flow, near = np.zeros(len(order)), np.empty(len(order), np.int32)
    for _ in range(PASSES):
        moves = 0
        for place in order:
            old = clusters.of[place]
            count = gathered(walk, clusters, int(place), flow, near)
            best, least = old, -WORTH
            for at in range(count):
                if near[at] != old:
                    saved = difference(walk, clusters, int(place), int(near[at]), flow)
                    if saved < least or (saved == least and near[at] < best):
                        best, least = near[at], saved
            if best != old:
                shifted(walk, clusters, int(place), int(best), flow)
                moves += 1
            for at in range(count):
                flow[near[at]] = 0.0
            flow[old] = 0.0
        if moves == 0:
            return


@compiled()
def gathered(walk: Walk, clusters: _Clusters, place: int, flow: Any, near: Any) -> int:
    """How many clusters are next to the place; they are in near, and the flow to each in flow."""
    count = 0
    for at in range(walk.start[place], walk.start[place + 1]):
        other = walk.to[at]
        if other != place:
            cluster = clusters.of[other]
            if flow[cluster] == 0.0:
                near[count] = cluster
                count += 1
            flow[cluster] += walk.flow[at]
    return count


@compiled()
def bits_of(share: float) -> float:
    """A share times its logarithm, base 2."""
    return share * np.log2(share) if share > 0.0 else 0.0


@compiled()
def difference(walk: Walk, clusters: _Clusters, place: int, to: int, flow: Any) -> float:
    """The bits that a step takes more when the place moves; below 0: less."""
    a = clusters.of[place]
    time, leaves = walk.time[place], walk.leaves[place]
    from_leaves = clusters.leaves[a] - leaves + 2.0 * flow[a]
    to_leaves = clusters.leaves[to] + leaves - 2.0 * flow[to]
    if clusters.many[a] == 1:
        from_leaves = 0.0
    whole = clusters.whole[0]
    now = bits_of(whole + from_leaves + to_leaves - clusters.leaves[a] - clusters.leaves[to]) - bits_of(whole)
    now += bits_of(from_leaves + max(clusters.time[a] - time, 0.0)) - bits_of(clusters.leaves[a] + clusters.time[a])
    now += bits_of(to_leaves + clusters.time[to] + time) - bits_of(clusters.leaves[to] + clusters.time[to])
    now -= 2.0 * (bits_of(from_leaves) - bits_of(clusters.leaves[a]))
    return now - 2.0 * (bits_of(to_leaves) - bits_of(clusters.leaves[to]))


@compiled()
def shifted(walk: Walk, clusters: _Clusters, place: int, to: int, flow: Any) -> None:
    """Afterwards the place is in the other cluster."""
    a = clusters.of[place]
    before = clusters.leaves[a] + clusters.leaves[to]
    clusters.leaves[a] += 2.0 * flow[a] - walk.leaves[place]
    clusters.leaves[to] += walk.leaves[place] - 2.0 * flow[to]
    clusters.time[a] -= walk.time[place]
    clusters.time[to] += walk.time[place]
    clusters.many[a] -= 1
    clusters.many[to] += 1
    if clusters.many[a] == 0:
        clusters.leaves[a], clusters.time[a] = 0.0, 0.0
    clusters.of[place] = to
    clusters.whole[0] += clusters.leaves[a] + clusters.leaves[to] - before
