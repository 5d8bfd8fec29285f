"""The quick way to neighbours: all pairs by their codes, few of them exactly, block by block on all threads.

Compared exactly are only pairs that may still enter a list: whose coded similarity, with its bound, reaches the last
of either list. A list does not depend on the order in which pairs come, so threads change nothing. A processor without
the instruction of ``wide`` multiplies float32 instead of codes, several times slower.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float16, Float32, Int32, UInt16

from pipelines.faces.cluster import wide
from pipelines.faces.cluster.codes import GROUP, Codes, coded
from pipelines.faces.cluster.graph import Graph, Search, Task
from pipelines.faces.cluster.native import bits
from pipelines.faces.cluster.tiles import SIDE, Found, Lists, Side, by_codes, by_floats, entered

FULL = np.float32(9.0)
"""The last similarity of a list that takes nobody."""
ROUNDING = 2.0**-24
"""Of float32, relative; a sum of d products is off by at most d times that, and a little."""


def swept(task: Task, embeddings: Float16[np.ndarray, "n d"], search: Search) -> Graph:
    """The lists of the task, completed: the same as ``graph.compared`` makes."""
    pairs = _Pairs.of(task, embeddings, search)
    look = _Coded.of(pairs) if wide.there() else _Plain(pairs)
    coming, lock = enumerate(pairs.blocks(), 1), threading.Lock()

    def work() -> None:
        found = Found(*(np.empty(SIDE * SIDE, dtype=kind) for kind in (np.int32, np.int32, np.float32)))
        while True:
            with lock:
                done, block = next(coming, (0, None))
            if block is None:
                return
            size = look.found(block, found)
            with lock:
                entered(pairs.lists, found, size)
                search.told(done / pairs.many)

    workers = search.workers if look.own_threads else 1
    with ThreadPoolExecutor(workers) as pool:
        for each in [pool.submit(work) for _ in range(workers)]:
            each.result()
    return Graph(pairs.lists.neighbours, pairs.lists.similarity)


@dataclass(frozen=True, slots=True)
class _Block:
    """Where a block begins on both sides. diagonal: both sides are the same rows."""

    left: int
    right: int
    diagonal: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pairs:
    """What is compared: the rows left with the rows right, each pair once where both are all."""

    bits: UInt16[np.ndarray, "n d"]
    left: Int32[np.ndarray, " a"]
    right: Int32[np.ndarray, " b"]
    lists: Lists

    @classmethod
    def of(cls, task: Task, embeddings: Float16[np.ndarray, "n d"], search: Search) -> _Pairs:
        rows = np.arange(len(embeddings), dtype=np.int32)
        whole = len(task.fresh) == len(rows)
        asking = np.full(len(rows), task.mutual or whole)
        if not whole:
            asking[task.fresh] = False
        similarity = task.lists.similarity.copy()
        last = np.maximum(np.float32(search.floor), similarity[:, -1])
        lists = Lists(task.lists.neighbours.copy(), similarity, last, asking)
        return cls(bits=bits(embeddings), left=rows if whole else task.fresh, right=rows, lists=lists)

    @property
    def whole(self) -> bool:
        return self.left is self.right

    def blocks(self) -> Iterator[_Block]:
        for left in range(0, len(self.left), SIDE):
            for right in range(left if self.whole else 0, len(self.right), SIDE):
                yield _Block(left, right, self.whole and left == right)

    @property
    def many(self) -> int:
        """How many blocks there are."""
        left, right = -(-len(self.left) // SIDE), -(-len(self.right) // SIDE)
        return left * (left + 1) // 2 if self.whole else left * right

    def last(self, rows: Int32[np.ndarray, " r"], *, all_ask: bool) -> Float32[np.ndarray, " r"]:
        """What the lists of the rows take now. Another thread may raise it meanwhile: then some is compared in vain."""
        last = self.lists.last[rows]
        return last if all_ask else np.where(self.lists.asking[rows], last, FULL)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Coded:
    """Pairs found by their codes."""

    pairs: _Pairs
    left: Codes
    right: Codes
    own_threads: ClassVar[bool] = True

    @classmethod
    def of(cls, pairs: _Pairs) -> _Coded:
        embeddings = pairs.bits.view(np.float16)
        right = coded(embeddings, pairs.right, SIDE)
        return cls(pairs=pairs, left=right if pairs.whole else coded(embeddings, pairs.left, SIDE), right=right)

    def found(self, block: _Block, room: Found) -> int:
        """How many pairs of the block may enter a list; they are in room."""
        left = self._side(self.left, self.pairs.left, block.left, all_ask=True)
        right = self._side(self.right, self.pairs.right, block.right, all_ask=self.pairs.whole)
        size: int = by_codes(self.pairs.bits, left, right, block.diagonal, room)
        return size

    def _side(self, codes: Codes, rows: Int32[np.ndarray, " r"], start: int, *, all_ask: bool) -> Side:
        block = slice(start, start + SIDE)
        filled = np.zeros(SIDE, dtype=np.int32)  # what only fills up has an error with which no row is ever looked at
        these = rows[block]
        filled[: len(these)] = these
        return Side(
            codes.packed[start // GROUP : (start + SIDE) // GROUP],
            filled,
            codes.total[block],
            codes.scale[block],
            codes.error[block],
            self.pairs.last(filled, all_ask=all_ask),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Plain:
    """Pairs found by float32 products."""

    pairs: _Pairs
    own_threads: ClassVar[bool] = False

    def found(self, block: _Block, room: Found) -> int:
        """How many pairs of the block may enter a list; they are in room."""
        lefts = self.pairs.left[block.left : block.left + SIDE]
        rights = self.pairs.right[block.right : block.right + SIDE]
        a, b = (self.pairs.bits[rows].view(np.float16).astype(np.float32) for rows in (lefts, rights))
        none = np.empty(0, dtype=np.int32)
        error = np.full(SIDE, a.shape[1] * ROUNDING, dtype=np.float32)
        left = Side(a @ b.T, lefts, none, none, error, self.pairs.last(lefts, all_ask=True))
        right = Side(a, rights, none, none, error, self.pairs.last(rights, all_ask=self.pairs.whole))
        size: int = by_floats(self.pairs.bits, left, right, block.diagonal, room)
        return size
