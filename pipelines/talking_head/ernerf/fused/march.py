"""Where rays are looked at, found by a kernel: a lane a ray, which stops when it has enough or leaves the box.

The host waits once, for how many samples there are.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from math import ceil, sqrt

import torch
import triton
import triton.language as tl
from jaxtyping import Bool, Float
from torch import Tensor

from pipelines.talking_head.ernerf.march import Pace, Samples

BLOCK = 128
"""Rays a program."""


@torch.no_grad()
def march(
    filled: Bool[Tensor, "g g g"],
    origins: Float[Tensor, "r 3"],
    ways: Float[Tensor, "r 3"],
    pace: Pace,
    first: Float[Tensor, " r"] | None = None,
) -> Samples:
    """As ``ernerf.march.march``."""
    rays = len(ways)
    begin = ways.new_full((rays,), 0.5) if first is None else first
    found = ways.new_empty(rays, pace.most)
    counts = torch.zeros(rays, dtype=torch.int64, device=ways.device)
    grid = (triton.cdiv(max(rays, 1), BLOCK),)
    cells = filled.contiguous().view(torch.uint8)
    steps = ceil(2 * sqrt(3) / pace.step)
    _walk[grid](
        cells, origins.contiguous(), ways.contiguous(), begin.contiguous(), found, counts, rays, pace.step, steps,
        SIDE=filled.shape[0], MOST=pace.most, BLOCK=BLOCK,
    )  # fmt: skip
    start = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
    along = ways.new_empty(int(start[-1]))  # the one place where the host waits
    _pack[grid](found, start, along, rays, MOST=pace.most, BLOCK=BLOCK)
    return Samples(along, start)


@triton.jit
def _crossed(origin: tl.tensor, way: tl.tensor) -> tl.tensor:
    """Where a ray enters the slab of -1 to 1, and where it leaves it."""
    safe = tl.where(tl.abs(way) < 1e-9, 1e-9, way)  # noqa: PLR2004  parallel to a side
    one, other = (-1.0 - origin) / safe, (1.0 - origin) / safe
    return tl.minimum(one, other), tl.maximum(one, other)


@triton.jit
def _cell(origin: tl.tensor, way: tl.tensor, along: tl.tensor, SIDE: tl.constexpr) -> tl.tensor:
    at = ((origin + along * way + 1.0) * (SIDE / 2)).to(tl.int32)
    return tl.minimum(tl.maximum(at, 0), SIDE - 1)


@triton.jit
def _walk(
    filled: tl.tensor, origins: tl.tensor, ways: tl.tensor, begin: tl.tensor, found: tl.tensor, counts: tl.tensor,
    rays: tl.tensor, step: tl.tensor, steps: tl.tensor,
    SIDE: tl.constexpr, MOST: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Afterwards each of these rays has its samples in its own row, and their count."""
    ray = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    here = ray < rays
    ox, wx = tl.load(origins + 3 * ray, mask=here, other=9.0), tl.load(ways + 3 * ray, mask=here, other=1.0)
    oy, wy = tl.load(origins + 3 * ray + 1, mask=here, other=9.0), tl.load(ways + 3 * ray + 1, mask=here, other=0.0)
    oz, wz = tl.load(origins + 3 * ray + 2, mask=here, other=9.0), tl.load(ways + 3 * ray + 2, mask=here, other=0.0)
    near_x, far_x = _crossed(ox, wx)
    near_y, far_y = _crossed(oy, wy)
    near_z, far_z = _crossed(oz, wz)
    near = tl.maximum(tl.maximum(tl.maximum(near_x, near_y), near_z), 0.0)
    far = tl.minimum(tl.minimum(far_x, far_y), far_z)
    share = tl.load(begin + ray, mask=here, other=0.0)
    count = tl.zeros((BLOCK,), tl.int32)
    nth = 0
    going = here & (near < far)
    while (nth < steps) & (tl.max(going.to(tl.int32), 0) > 0):
        along = near + (nth + share) * step
        going &= (along < far) & (count < MOST)
        cell = (_cell(ox, wx, along, SIDE) * SIDE + _cell(oy, wy, along, SIDE)) * SIDE + _cell(oz, wz, along, SIDE)
        kept = going & (tl.load(filled + cell, mask=going, other=0) != 0)
        tl.store(found + ray * MOST + count, along, mask=kept)
        count += kept.to(tl.int32)
        nth += 1
    tl.store(counts + ray, count.to(tl.int64), mask=here)


@triton.jit
def _pack(
    found: tl.tensor, start: tl.tensor, along: tl.tensor, rays: tl.tensor, MOST: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Afterwards the samples of these rays stand one ray after another."""
    ray = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    here = ray < rays
    first = tl.load(start + ray, mask=here, other=0)
    count = tl.load(start + ray + 1, mask=here, other=0) - first
    for nth in tl.static_range(MOST):
        kept = here & (nth < count)
        tl.store(along + first + nth, tl.load(found + ray * MOST + nth, mask=kept, other=0.0), mask=kept)
