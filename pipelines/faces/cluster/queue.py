"""The queue of pairs that may be joined, compiled: the highest first, among equals the smallest rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.faces.cluster.native import compiled

ENTRY = np.dtype([("key", "<f8"), ("low", "<i4"), ("high", "<i4"), ("edge", "<i4"), ("size", "<i4")])
"""A pair in the queue: its key, its two clusters and its edge as they were when it was put in.

The queue is a binary heap in an array. The last but one is a hand that holds what moves; of the last, the field size
says how many there are.
"""


def queue(room: int) -> np.ndarray:
    """An empty queue for so many entries."""
    return np.zeros(room + 2, dtype=ENTRY)


@compiled()
def before(one: Any, other: Any) -> bool:
    """Whether one entry goes before the other."""
    if one.key != other.key:
        return one.key > other.key
    return one.low < other.low or (one.low == other.low and one.high < other.high)


@compiled()
def put(queue: Any, key: float, edge: int, low: int, high: int) -> None:
    """Afterwards the edge is in the queue once more; there is room."""
    new, at = queue[-2], queue[-1].size
    new.key, new.edge, new.low, new.high = key, edge, low, high
    queue[-1].size += 1
    while at > 0 and before(new, queue[(at - 1) // 2]):
        queue[at] = queue[(at - 1) // 2]
        at = (at - 1) // 2
    queue[at] = new


@compiled()
def sunk(queue: Any, at: int) -> None:
    """Afterwards the last but one of the array stands at this place, or below after its betters."""
    new, size = queue[-2], queue[-1].size
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and before(queue[child + 1], queue[child]):
            child += 1
        if not before(queue[child], new):
            break
        queue[at] = queue[child]
        at = child
    queue[at] = new


@compiled()
def dropped(queue: Any) -> None:
    """Afterwards the first entry is gone."""
    queue[-1].size -= 1
    queue[-2] = queue[queue[-1].size]
    sunk(queue, 0)


@compiled()
def tidied(queue: Any, edges: Any) -> None:
    """Afterwards only entries are left by which an edge waits."""
    size = 0
    for at in range(queue[-1].size):
        if queue[at].key == edges[queue[at].edge].key:
            queue[size] = queue[at]
            size += 1
    queue[-1].size = size
    for at in range(size // 2 - 1, -1, -1):
        queue[-2] = queue[at]
        sunk(queue, at)
