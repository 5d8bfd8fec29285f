"""The queue of clusters that may be joined, compiled: the best edge first, among equals the smallest rows."""
# Elements of arrays in compiled code have no types:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.faces.cluster.native import compiled

ENTRY = np.dtype([("key", "<f8"), ("low", "<i4"), ("high", "<i4"), ("cluster", "<i4"), ("size", "<i4")])
"""A cluster in the queue: its key and the smallest rows of it and of its neighbour, as they were when it was put in.

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
def put(queue: Any, key: float, cluster: int, low: int, high: int) -> None:
    """Afterwards the cluster is in the queue once more; there is room."""
    new, at = queue[-2], queue[-1].size
    new.key, new.cluster, new.low, new.high = key, cluster, low, high
    queue[-1].size += 1
    while at > 0 and before(new, queue[(at - 1) // 2]):
        queue[at] = queue[(at - 1) // 2]
        at = (at - 1) // 2
    queue[at] = new


@compiled()
def sunk(queue: Any, at: int) -> None:
    """Afterwards what is in the hand stands at this place, or below after its betters."""
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
def tidied(queue: Any, clusters: Any) -> None:
    """Afterwards only entries are left by which a cluster waits."""
    size = 0
    for at in range(queue[-1].size):
        if queue[at].key == clusters[queue[at].cluster].key:
            queue[size] = queue[at]
            size += 1
    queue[-1].size = size
    for at in range(size // 2 - 1, -1, -1):
        queue[-2] = queue[at]
        sunk(queue, at)
