"""Each cluster's own edges, the best first: pairing heaps, compiled.

A heap is named by its first edge. Edges know each other by child, the first below; next, the next beside; and before,
the one beside or above. Source: Fredman, Sedgewick, Sleator and Tarjan 1986.
"""
# Elements of arrays in compiled code have no types:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any

from pipelines.faces.cluster.native import compiled

NONE = -1


@compiled()
def melded(edges: Any, one: int, other: int) -> int:
    """The heap of two heaps, either of which may be NONE."""
    if min(one, other) == NONE:
        return max(one, other)
    a, b = edges[one], edges[other]
    if b.rank > a.rank or (b.rank == a.rank and b.tie < a.tie):
        one, other, a, b = other, one, b, a
    b.next, b.before = a.child, one
    if a.child != NONE:
        edges[a.child].before = other
    a.child, a.next, a.before = other, NONE, NONE
    return one


@compiled()
def added(edges: Any, heap: int, edge: int) -> int:
    """The heap with one edge more."""
    edges[edge].child, edges[edge].next, edges[edge].before = NONE, NONE, NONE
    return melded(edges, heap, edge)


@compiled()
def paired(edges: Any, first: int) -> int:
    """The heap of what stands beside each other."""
    pairs = NONE
    while first != NONE:
        second = int(edges[first].next)
        following = int(edges[second].next) if second != NONE else NONE
        both = melded(edges, detached(edges, first), detached(edges, second))
        edges[both].next = pairs
        pairs = both
        first = following
    whole = NONE
    while pairs != NONE:
        following = int(edges[pairs].next)
        whole = melded(edges, whole, detached(edges, pairs))
        pairs = following
    return whole


@compiled()
def detached(edges: Any, edge: int) -> int:
    """The edge, with nobody beside it."""
    if edge != NONE:
        edges[edge].next, edges[edge].before = NONE, NONE
    return edge


@compiled()
def removed(edges: Any, heap: int, edge: int) -> int:
    """The heap without the edge."""
    gone = edges[edge]
    below = paired(edges, int(gone.child))
    gone.child = NONE
    if edge == heap:
        return below
    if edges[gone.before].child == edge:
        edges[gone.before].child = gone.next
    else:
        edges[gone.before].next = gone.next
    if gone.next != NONE:
        edges[gone.next].before = gone.before
    detached(edges, edge)
    return melded(edges, heap, below)
