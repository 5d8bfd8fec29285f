"""Features of points between the corners of many grids, and the gradients of both.

A program does all levels of one plane for some points. The tables may be of half precision: what is looked up is
computed with in single precision all the same.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from jaxtyping import Float
from torch import Tensor

from pipelines.talking_head.ernerf.planes import PRIME, SIDES, Layout

BLOCK = 256
"""Points a program."""


def encode(points: Float[Tensor, "m 3"], tables: Float[Tensor, "3 l e c"], layout: Layout) -> Float[Tensor, "3*l*c m"]:
    """As ``ernerf.planes.encode``."""
    flat = torch.stack([points[:, list(side)] for side in SIDES])
    return looked_up(flat, tables, layout).flatten(0, 2)


def looked_up(at: Float[Tensor, "p m 2"], tables: Float[Tensor, "p l e c"], layout: Layout) -> Float[Tensor, "p l c m"]:
    """As ``ernerf.planes.looked_up``. Tables have a power of two of rows."""
    if layout.entries & (layout.entries - 1):
        raise ValueError(f"entries = {layout.entries}: the kernels take a power of two alone")
    found: Tensor = _LookedUp.apply(at.contiguous(), tables.contiguous(), layout)
    return found


class _LookedUp(torch.autograd.Function):
    """Places and tables, to features."""

    @staticmethod
    def forward(ctx: Any, at: Tensor, tables: Tensor, layout: Layout) -> Float[Tensor, "p l c m"]:
        """A program for all levels of some points of a plane."""
        planes, points, _ = at.shape
        found = at.new_empty(planes, layout.levels, layout.features, points)
        cells = torch.tensor(layout.cells, dtype=torch.int32, device=at.device)
        ctx.save_for_backward(at, tables, cells)
        ctx.layout = layout
        if points:
            _forward[_grid(at)](at, tables, cells, found, points, **_constants(layout))
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """The same, the other way round; what several points put into one row is added up by atomics."""
        at, tables, cells = ctx.saved_tensors
        wanted = ctx.needs_input_grad[0]
        of_at = torch.zeros_like(at)
        of_tables = torch.zeros(tables.shape, dtype=torch.float32, device=tables.device)
        if at.shape[1]:
            _backward[_grid(at)](
                at, tables, cells, gradients[0].contiguous(), of_at, of_tables, at.shape[1], PLACES=wanted,
                **_constants(ctx.layout),
            )  # fmt: skip
        return of_at if wanted else None, of_tables.to(tables.dtype), None


def _grid(at: Tensor) -> tuple[int, int]:
    return triton.cdiv(at.shape[1], BLOCK), at.shape[0]


def _constants(layout: Layout) -> dict[str, Any]:
    return {
        "LEVELS": layout.levels, "ENTRIES": layout.entries, "FEATURES": layout.features, "TILED": layout.tiled,
        "PRIME": PRIME, "BLOCK": BLOCK,
    }  # fmt: skip


@triton.jit
def _row(
    x: tl.tensor, y: tl.tensor, wide: tl.tensor, ENTRIES: tl.constexpr, TILED: tl.constexpr, PRIME: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """The row of a corner in its level's table; wide: corners along a side."""
    hashed = (x.to(tl.uint32) ^ (y.to(tl.uint32) * PRIME)) & (ENTRIES - 1)
    rows = (y * wide + x) & (ENTRIES - 1)
    if TILED:
        return rows
    return tl.where(wide * wide <= ENTRIES, rows, hashed.to(tl.int32))


@triton.jit
def _placed(at: tl.tensor, cells: tl.tensor) -> tl.tensor:
    """The corner before a place from -1 to 1, and how far the place is beyond it, in cells."""
    place = (tl.minimum(tl.maximum(at, -1.0), 1.0) + 1.0) * (0.5 * cells)
    corner = tl.minimum(place.to(tl.int32), cells - 1)
    return corner, place - corner


@triton.jit
def _forward(
    at: tl.tensor, tables: tl.tensor, cells: tl.tensor, found: tl.tensor, points: tl.tensor,
    LEVELS: tl.constexpr, ENTRIES: tl.constexpr, FEATURES: tl.constexpr, TILED: tl.constexpr, PRIME: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Afterwards these points have their features of that plane."""
    point, plane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK), tl.program_id(1)
    here = point < points
    own = at + 2 * (plane.to(tl.int64) * points + point)
    right, down = tl.load(own, mask=here, other=0.0), tl.load(own + 1, mask=here, other=0.0)
    for level in range(LEVELS):
        side = tl.load(cells + level)
        x, u = _placed(right, side)
        y, v = _placed(down, side)
        table = tables + (plane * LEVELS + level) * ENTRIES * FEATURES
        a = _row(x, y, side + 1, ENTRIES, TILED, PRIME) * FEATURES
        b = _row(x + 1, y, side + 1, ENTRIES, TILED, PRIME) * FEATURES
        c = _row(x, y + 1, side + 1, ENTRIES, TILED, PRIME) * FEATURES
        d = _row(x + 1, y + 1, side + 1, ENTRIES, TILED, PRIME) * FEATURES
        for feature in tl.static_range(FEATURES):
            value = (1 - u) * (1 - v) * tl.load(table + a + feature, mask=here, other=0.0).to(tl.float32)
            value += u * (1 - v) * tl.load(table + b + feature, mask=here, other=0.0).to(tl.float32)
            value += (1 - u) * v * tl.load(table + c + feature, mask=here, other=0.0).to(tl.float32)
            value += u * v * tl.load(table + d + feature, mask=here, other=0.0).to(tl.float32)
            to = ((plane * LEVELS + level) * FEATURES + feature).to(tl.int64) * points + point
            tl.store(found + to, value, mask=here)


@triton.jit
def _backward(
    at: tl.tensor, tables: tl.tensor, cells: tl.tensor, of_found: tl.tensor, of_at: tl.tensor, of_tables: tl.tensor,
    points: tl.tensor,
    LEVELS: tl.constexpr, ENTRIES: tl.constexpr, FEATURES: tl.constexpr, TILED: tl.constexpr, PRIME: tl.constexpr,
    PLACES: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Afterwards the tables have what these points tell them, and, where PLACES, the points theirs."""
    point, plane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK), tl.program_id(1)
    here = point < points
    own = 2 * (plane.to(tl.int64) * points + point)
    right, down = tl.load(at + own, mask=here, other=0.0), tl.load(at + own + 1, mask=here, other=0.0)
    of_right, of_down = tl.zeros((BLOCK,), tl.float32), tl.zeros((BLOCK,), tl.float32)
    for level in range(LEVELS):
        side = tl.load(cells + level)
        x, u = _placed(right, side)
        y, v = _placed(down, side)
        offset = (plane * LEVELS + level) * ENTRIES * FEATURES
        a = offset + _row(x, y, side + 1, ENTRIES, TILED, PRIME) * FEATURES
        b = offset + _row(x + 1, y, side + 1, ENTRIES, TILED, PRIME) * FEATURES
        c = offset + _row(x, y + 1, side + 1, ENTRIES, TILED, PRIME) * FEATURES
        d = offset + _row(x + 1, y + 1, side + 1, ENTRIES, TILED, PRIME) * FEATURES
        for feature in tl.static_range(FEATURES):
            to = ((plane * LEVELS + level) * FEATURES + feature).to(tl.int64) * points + point
            told = tl.load(of_found + to, mask=here, other=0.0)
            tl.atomic_add(of_tables + a + feature, (1 - u) * (1 - v) * told, mask=here, sem="relaxed")
            tl.atomic_add(of_tables + b + feature, u * (1 - v) * told, mask=here, sem="relaxed")
            tl.atomic_add(of_tables + c + feature, (1 - u) * v * told, mask=here, sem="relaxed")
            tl.atomic_add(of_tables + d + feature, u * v * told, mask=here, sem="relaxed")
            if PLACES:
                left_up = tl.load(tables + a + feature, mask=here, other=0.0).to(tl.float32)
                right_up = tl.load(tables + b + feature, mask=here, other=0.0).to(tl.float32)
                left_down = tl.load(tables + c + feature, mask=here, other=0.0).to(tl.float32)
                right_down = tl.load(tables + d + feature, mask=here, other=0.0).to(tl.float32)
                slope = (1 - v) * (right_up - left_up) + v * (right_down - left_down)
                of_right += told * slope * (0.5 * side)
                slope = (1 - u) * (left_down - left_up) + u * (right_down - right_up)
                of_down += told * slope * (0.5 * side)
    if PLACES:  # beyond the edge nothing changes any more
        tl.store(of_at + own, tl.where(tl.abs(right) <= 1.0, of_right, 0.0), mask=here)
        tl.store(of_at + own + 1, tl.where(tl.abs(down) <= 1.0, of_down, 0.0), mask=here)
