"""Clusters while they are joined, as compiled code keeps them: their sums, and what they must not get."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pipelines.faces.cluster.halves import LANES
from pipelines.faces.cluster.native import compiled, wide
from pipelines.faces.cluster.ties import FREE

NONE = -1
GONE = -2.0
"""The key of a cluster that does not wait."""
CLUSTER = np.dtype([
    ("key", "<f8"),  # with which it waits in the queue
    ("reach", "<f8"),  # how alike its faces are at most to what they have no edge to, in sum
    ("grown", "<f8"),  # the reaches of those that it got
    ("of", "<i4"),  # the cluster of this row, or one on the way to it
    ("name", "<i4"),  # its smallest row
    ("size", "<i4"),  # in faces
    ("slot", "<i4"),  # where its sum is; NONE: it is the embedding of its one face
    ("heap", "<i4"),  # the best of the edges that it owns
    ("foreign", "<i4"),  # the chain of its ends of edges that others own
    ("place", "<i4"), ("count", "<i4"), ("room", "<i4"),  # where the ends of all its edges are, and may be
    ("owner", "<i4"),
    ("foes", "<i4"),  # rows that must not be in it, of all its rows
    ("foe", "<i4"), ("last_foe", "<i4"), ("next_foe", "<i4"),  # the chain of its rows that have any
    ("ban", "<i4"), ("last_ban", "<i4"),  # the chain of owners that it must not get
])  # fmt: skip
"""What is known of a row, and of the cluster that goes by it."""
BAN = np.dtype([("owner", "<i4"), ("next", "<i4")])


class Crowd(NamedTuple):
    """Clusters and what is known of them.

    bits: the embeddings. sums: in float64, by slot; free: slots that nobody has, their number last. lanes: room for a
    product. foes: of row r those from starts[r] on.
    """

    bits: Any
    clusters: Any
    sums: Any
    free: Any
    lanes: Any
    foes: Any
    starts: Any
    bans: Any


@compiled()
def found(clusters: Any, row: int) -> int:
    """The cluster of a row."""
    while clusters[row].of != row:
        clusters[row].of = clusters[clusters[row].of].of
        row = int(clusters[row].of)
    return row


@compiled()
def named(clusters: Any) -> None:
    """Afterwards each row has its cluster."""
    for row in range(len(clusters)):
        clusters[row].of = found(clusters, row)


@compiled()
def mean(crowd: Crowd, one: int, two: int) -> float:
    """The mean similarity of two clusters, one of several faces, to the bit as ``halves.products`` makes it."""
    a, b = int(crowd.clusters[one].slot), int(crowd.clusters[two].slot)
    lanes = crowd.lanes
    lanes[:] = 0.0
    if min(a, b) != NONE:
        for step in range(0, crowd.sums.shape[1], LANES):
            for lane in range(LANES):
                lanes[lane] += crowd.sums[a, step + lane] * crowd.sums[b, step + lane]
    else:
        slot, row = (a, two) if b == NONE else (b, one)
        whole = crowd.bits.shape[1] // LANES * LANES
        for step in range(0, whole, LANES):
            for lane in range(LANES):
                lanes[lane] += crowd.sums[slot, step + lane] * np.float64(wide(crowd.bits[row, step + lane]))
        for at in range(whole, crowd.bits.shape[1]):
            lanes[at - whole] += crowd.sums[slot, at] * np.float64(wide(crowd.bits[row, at]))
    total = 0.0
    for lane in range(LANES):
        total += lanes[lane]
    return total / (np.float64(crowd.clusters[one].size) * np.float64(crowd.clusters[two].size))


@compiled()
def united(crowd: Crowd, one: int, two: int) -> None:
    """Afterwards the cluster one has the faces of two, and all that is said of them."""
    summed(crowd, one, two)
    barred(crowd.clusters, crowd.bans, one, two)
    a, b = crowd.clusters[one], crowd.clusters[two]
    a.size += b.size
    a.reach += b.reach
    a.name = min(a.name, b.name)
    b.of = one


@compiled()
def summed(crowd: Crowd, one: int, two: int) -> None:
    """Afterwards the sum of one is that of both, and two has none."""
    a, b = crowd.clusters[one], crowd.clusters[two]
    width = crowd.bits.shape[1]
    if a.slot == NONE:
        crowd.free[-1] -= 1
        a.slot = crowd.free[crowd.free[-1]]
        for at in range(width):
            crowd.sums[a.slot, at] = np.float64(wide(crowd.bits[one, at]))
        crowd.sums[a.slot, width:] = 0.0
    if b.slot == NONE:
        for at in range(width):
            crowd.sums[a.slot, at] += np.float64(wide(crowd.bits[two, at]))
    else:
        for at in range(width):
            crowd.sums[a.slot, at] += crowd.sums[b.slot, at]
        crowd.free[crowd.free[-1]] = b.slot
        crowd.free[-1] += 1


@compiled()
def barred(clusters: Any, bans: Any, one: int, two: int) -> None:
    """Afterwards one has the owner, the foes and the bans of two as well."""
    a, b = clusters[one], clusters[two]
    if a.owner == FREE:
        a.owner = b.owner
    a.foes += b.foes
    if b.foe != NONE:
        if a.foe == NONE:
            a.foe = b.foe
        else:
            clusters[a.last_foe].next_foe = b.foe
        a.last_foe = b.last_foe
    if b.ban != NONE:
        if a.ban == NONE:
            a.ban = b.ban
        else:
            bans[a.last_ban].next = b.ban
        a.last_ban = b.last_ban


@compiled()
def refused(crowd: Crowd, one: int, two: int) -> bool:
    """Whether a tie keeps the two clusters apart."""
    a, b = crowd.clusters[one], crowd.clusters[two]
    if min(a.owner, b.owner) != FREE and a.owner != b.owner:
        return True
    if banned(crowd.bans, a.ban, b.owner) or banned(crowd.bans, b.ban, a.owner):
        return True
    if a.foes > b.foes:
        a, two = b, one
    row = int(a.foe)
    while row != NONE:
        for at in range(crowd.starts[row], crowd.starts[row + 1]):
            if found(crowd.clusters, int(crowd.foes[at])) == two:
                return True
        row = int(crowd.clusters[row].next_foe)
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
def gathered(crowd: Crowd, together: Any) -> None:
    """Afterwards what must be together is."""
    for at in range(len(together)):
        one, two = found(crowd.clusters, int(together[at, 0])), found(crowd.clusters, int(together[at, 1]))
        if one != two:
            united(crowd, one, two)
    named(crowd.clusters)
