"""What the sweep does with one block of pairs, compiled: which of them may enter a list, and their entering."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pipelines.faces.cluster import wide
from pipelines.faces.cluster.codes import GROUP
from pipelines.faces.cluster.native import alike, compiled
from pipelines.faces.cluster.wide import ROWS, SHIFT, multiplied

WIDTH = wide.COLUMNS * GROUP
"""Columns of a tile."""
SIDE = 960
"""Rows of a block, whole tiles both ways: the codes of one, 512 numbers each, fit into the second cache."""


class Side(NamedTuple):
    """One side of a block. row: of the gallery. total, scale, error: of its code. last: what its list still takes."""

    packed: Any
    row: Any
    total: Any
    scale: Any
    error: Any
    last: Any


class Lists(NamedTuple):
    """All lists while they grow. last: the least similarity that each still takes. asking: whether it takes any."""

    neighbours: Any
    similarity: Any
    last: Any
    asking: Any


class Found(NamedTuple):
    """Room for the pairs of a block."""

    row: Any
    neighbour: Any
    similarity: Any


@compiled()
def by_codes(embeddings: Any, left: Side, right: Side, diagonal: bool, found: Found) -> int:
    """How many pairs may enter a list; they are in found. diagonal: both sides are the same, each pair counts once."""
    size = 0
    steps = left.packed.shape[1]
    room = np.empty(ROWS * WIDTH + GROUP, np.int32)
    out = (room.ctypes.data + 63) // 64 * 64
    products = room[(out - room.ctypes.data) // 4 :]
    for column in range(0, SIDE, WIDTH):
        b = right.packed.ctypes.data + column * steps * 4
        for row in range(0, SIDE, ROWS):
            if diagonal and row >= column + WIDTH:
                break
            a = left.packed.ctypes.data + row // GROUP * GROUP * steps * 4 + row % GROUP * 4
            multiplied(a, b, steps, out)  # type: ignore[call-arg]
            for at in range(ROWS):
                shift = np.int32(SHIFT) * left.total[row + at]
                scale, error, last = left.scale[row + at], left.error[row + at], left.last[row + at]
                hit = False
                for there in range(WIDTH):
                    near = np.float32(products[at * WIDTH + there] - shift) * (scale * right.scale[column + there])
                    wanted = min(last, right.last[column + there])
                    hit |= near + (error + right.error[column + there]) >= wanted
                if not hit:
                    continue
                for there in range(column, column + WIDTH):
                    near = np.float32(products[at * WIDTH + there - column] - shift) * (scale * right.scale[there])
                    wanted = min(last, right.last[there])
                    if near + (error + right.error[there]) >= wanted and not (diagonal and there <= row + at):
                        size = compared(embeddings, left.row[row + at], right.row[there], found, size)
    return size


@compiled()
def by_floats(embeddings: Any, left: Side, right: Side, diagonal: bool, found: Found) -> int:
    """As by_codes, where packed holds the float32 similarities of the block, of left alone."""
    size = 0
    for row in range(left.packed.shape[0]):
        for column in range(row + 1 if diagonal else 0, left.packed.shape[1]):
            wanted = min(left.last[row], right.last[column])
            if left.packed[row, column] + (left.error[row] + right.error[column]) >= wanted:
                size = compared(embeddings, left.row[row], right.row[column], found, size)
    return size


@compiled()
def compared(embeddings: Any, row: int, neighbour: int, found: Found, size: int) -> int:
    """The size of found, in which the pair now is."""
    if row == neighbour:
        return size
    found.row[size], found.neighbour[size] = row, neighbour
    found.similarity[size] = np.float32(alike(embeddings, row, neighbour))
    return size + 1


@compiled()
def entered(lists: Lists, found: Found, size: int) -> None:
    """Afterwards the pairs found are in the lists that take them."""
    for at in range(size):
        row, neighbour, similarity = found.row[at], found.neighbour[at], found.similarity[at]
        insert(lists, row, neighbour, similarity)
        if lists.asking[neighbour]:
            insert(lists, neighbour, row, similarity)


@compiled()
def insert(lists: Lists, row: int, neighbour: int, similarity: float) -> None:
    """Afterwards neighbour is in the list of row, if it is among the k nearest."""
    if similarity < lists.last[row]:
        return
    near, alike_ = lists.neighbours[row], lists.similarity[row]
    place = len(near)
    while place > 0:
        before = near[place - 1]
        if before != -1 and (
            alike_[place - 1] > similarity or (alike_[place - 1] == similarity and before < neighbour)
        ):
            break
        place -= 1
    if place == len(near):
        return
    for at in range(len(near) - 1, place, -1):
        near[at], alike_[at] = near[at - 1], alike_[at - 1]
    near[place], alike_[place] = neighbour, similarity
    if near[-1] != -1:
        lists.last[row] = alike_[-1]
