"""The quick way of average linkage, compiled: the same joins in the same order as the plain way of ``linkage``.

Two clusters are compared exactly only when their edge comes to the front; until then it has a bound. A face is less
alike to all that it has no edge to than to the last in its list, which is its reach. So when a cluster of a faces gets
b more, of reaches r in sum, its mean similarity to a third goes from v to at most (a v + r) / (a + b): the same for all
neighbours to which the b have no edge. An edge is therefore owned by the larger of its clusters, and ranked among its
others by a v less all reaches that the owner got before; nothing has to be done to them when it gets more, and a person
of thousands grows at the cost of what is new. Edges that the smaller cluster had, and those that others own, are done
one by one.

- ``crowd``    clusters, their sums, and what they must not get;  ``table``  which edge there is between two
- ``edges``    what is known of an edge;  ``heaps``  those that a cluster owns;  ``waiting``  the queue of clusters
- ``joins``    joining, again and again
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Int32

from pipelines.faces.cluster.halves import LANES, LONGEST
from pipelines.faces.cluster.linkage import Plan
from pipelines.faces.cluster.merging.crowd import BAN, CLUSTER, GONE, NONE, Crowd, gathered
from pipelines.faces.cluster.merging.edges import BOUND, EDGE, EXACT, OUT, SLACK
from pipelines.faces.cluster.merging.joins import State, agglomerated
from pipelines.faces.cluster.merging.table import table
from pipelines.faces.cluster.merging.waiting import queue
from pipelines.faces.cluster.native import bits


def merged(plan: Plan) -> Int32[np.ndarray, " n"]:
    """A row of each face's cluster in the end, the same for all of it."""
    crowd = _crowd(plan)
    gathered(crowd, plan.together)
    agglomerated(_state(crowd, plan), plan.threshold)
    found: Int32[np.ndarray, " n"] = crowd.clusters["of"].copy()
    return found


def _crowd(plan: Plan) -> Crowd:
    n, d = plan.embeddings.shape
    slots = n // 2 + 1
    foes = np.concatenate([plan.forbidden, plan.forbidden[:, ::-1]])
    foes = foes[np.argsort(foes[:, 0], kind="stable")]
    clusters, bans = _clusters(plan, np.bincount(foes[:, 0], minlength=n))
    return Crowd(
        bits=bits(plan.embeddings),
        clusters=clusters,
        sums=np.empty((slots, -(-d // LANES) * LANES)),  # of which only what is used takes memory
        free=np.append(np.arange(slots, dtype=np.int32)[::-1], np.int32(slots)),
        lanes=np.empty(LANES),
        foes=foes[:, 1].copy(),
        starts=np.searchsorted(foes[:, 0], np.arange(n + 1)).astype(np.int32),
        bans=bans,
    )


def _clusters(plan: Plan, foes: Int32[np.ndarray, " n"]) -> tuple[np.ndarray, np.ndarray]:
    clusters = np.zeros(len(foes), dtype=CLUSTER)
    for name in ("slot", "heap", "foreign", "next_foe", "ban", "last_ban"):
        clusters[name] = NONE
    clusters["of"] = clusters["name"] = np.arange(len(foes))
    clusters["size"], clusters["key"] = 1, GONE
    clusters["reach"] = np.maximum(plan.reach, plan.threshold) + SLACK
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


def _state(crowd: Crowd, plan: Plan) -> State:
    """The edges between the clusters that there are."""
    n, clusters = len(plan.embeddings), crowd.clusters
    ends = np.sort(clusters["of"][plan.edges], axis=1).astype(np.int64)
    apart = ends[:, 0] != ends[:, 1]
    keys, first = np.unique(ends[apart, 0] * n + ends[apart, 1], return_index=True)
    one, two = np.divmod(keys, max(n, 1))
    alone = (clusters["size"][one] == 1) & (clusters["size"][two] == 1)
    edges = np.zeros(len(keys), dtype=EDGE)
    edges["one"], edges["two"] = one, two
    edges["after_one"] = edges["after_two"] = OUT
    edges["mean"] = np.where(alone, plan.similarity[apart][first], LONGEST**2)
    edges["state"], edges["stamp"] = np.where(alone, EXACT, BOUND), 1
    at = np.stack([one, two], axis=1).ravel()  # of end 2e, of end 2e + 1, ...
    pool = np.empty(3 * len(at) + 64, dtype=np.int32)
    pool[: len(at)] = np.argsort(at, kind="stable")
    count = np.bincount(at, minlength=n)
    clusters["count"] = clusters["room"] = count
    clusters["place"] = np.cumsum(count) - count
    return State(
        crowd=crowd,
        edges=edges,
        pool=pool,
        table=table(len(edges)),
        queue=queue(2 * n + 1024),
        touched=np.empty(2 * len(edges), dtype=np.int32),
        counts=np.array([len(at), 0, 0]),
    )
