"""Which edge there is between two clusters: a table, compiled. Open addressing, linear probing, no graves."""
# Elements of arrays in compiled code have no types:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.faces.cluster.native import compiled

ROW = np.dtype([("low", "<i4"), ("high", "<i4"), ("edge", "<i4")])
EMPTY = -1
_MIX = np.uint64(0x9E3779B97F4A7C15)


def table(edges: int) -> np.ndarray:
    """An empty table for so many edges."""
    rows = np.zeros(1 << max(4, (2 * edges).bit_length()), dtype=ROW)
    rows["edge"] = EMPTY
    return rows


@compiled()
def home(rows: Any, low: int, high: int) -> Any:
    """Where two clusters would stand if the table were empty."""
    mixed = (np.uint64(low) << np.uint64(32) | np.uint64(high)) * _MIX
    return np.int64((mixed ^ (mixed >> np.uint64(29))) & np.uint64(len(rows) - 1))


@compiled()
def place(rows: Any, one: int, two: int) -> int:
    """Where two clusters stand, or the empty place where they would."""
    low, high = min(one, two), max(one, two)
    at = home(rows, low, high)
    while rows[at].edge != EMPTY and (rows[at].low != low or rows[at].high != high):
        at = (at + 1) & (len(rows) - 1)
    return at


@compiled()
def noted(rows: Any, one: int, two: int, edge: int) -> None:
    """Afterwards the edge is that between the two clusters."""
    row = rows[place(rows, one, two)]
    row.low, row.high, row.edge = min(one, two), max(one, two), edge


@compiled()
def forgotten(rows: Any, one: int, two: int) -> None:
    """Afterwards there is no edge between the two clusters; those that had given way to it have moved up."""
    gap = place(rows, one, two)
    at = gap
    while True:
        at = (at + 1) & (len(rows) - 1)
        if rows[at].edge == EMPTY:
            break
        wanted = home(rows, rows[at].low, rows[at].high)
        if (at - wanted) & (len(rows) - 1) >= (at - gap) & (len(rows) - 1):
            rows[gap] = rows[at]
            gap = at
    rows[gap].edge = EMPTY
