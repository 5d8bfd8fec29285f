"""Which Gaussians reach into which tile, nearest first, found where the Gaussians are: on the device.

The host waits once, for how many pairs of Gaussian and tile there are.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from jaxtyping import Float, Int
from torch import Tensor

from pipelines.talking_head.gaussians.splat import CUT, TILE

BLOCK = 256
"""Gaussians a program."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Canvas:
    """What is drawn on: so many pictures of one size, each cut into tiles."""

    pictures: int
    height: int
    width: int

    @property
    def down(self) -> int:
        """Rows of tiles of a picture."""
        return -(-self.height // TILE)

    @property
    def across(self) -> int:
        """Tiles in such a row."""
        return -(-self.width // TILE)

    @property
    def tiles(self) -> int:
        """Tiles of all pictures."""
        return self.pictures * self.down * self.across


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Each Gaussian with each tile that it reaches into, twice: as the tiles want them, and as the Gaussians do.

    begins: where a tile's pairs begin, in the order of the tiles. member: the Gaussian of a pair in that order, within
    a tile the nearest first. row: where that pair stands in the order of the Gaussians, in which those of one stand
    together, its tiles row by row. start: where a Gaussian's begin there. box: its first tile and how many tiles wide
    and high it is: left, top, width, height.
    """

    begins: Int[Tensor, " t+1"]
    member: Int[Tensor, " p"]
    row: Int[Tensor, " p"]
    start: Int[Tensor, " n"]
    box: Int[Tensor, "n 4"]


@torch.no_grad()
def paired(
    shape: tuple[Float[Tensor, "n 2"], Float[Tensor, "n 3"], Float[Tensor, " n"]],
    depth: Float[Tensor, " n"],
    picture: Int[Tensor, " n"],
    canvas: Canvas,
) -> Pairs:
    """The pairs of those Gaussians. shape: at, conic, opacity. picture: which one a Gaussian is in."""
    at, conic, opacity = shape
    box = torch.zeros(len(at), 4, dtype=torch.int32, device=at.device)
    grid = (triton.cdiv(max(len(at), 1), BLOCK),)
    _boxes[grid](at, conic, opacity, box, len(at), canvas.across, canvas.down, TILE=TILE, CUT=CUT, BLOCK=BLOCK)
    order = torch.argsort(depth, stable=True)
    counts = (box[:, 2] * box[:, 3])[order].long()
    ends = counts.cumsum(0)
    total = int(ends[-1]) if len(at) else 0  # the one place where the host waits
    start = torch.empty_like(ends)
    start[order] = ends - counts
    whose = torch.repeat_interleave(order, counts, output_size=total)
    left, top, wide, _ = box[whose].unbind(1)
    nth = torch.arange(total, device=at.device) - start[whose]
    tile = (picture[whose] * canvas.down + top + nth // wide) * canvas.across + left + nth % wide
    tile, row = torch.sort(tile.int(), stable=True)
    begins = torch.searchsorted(tile, torch.arange(canvas.tiles + 1, device=at.device, dtype=torch.int32))
    return Pairs(begins=begins, member=whose[row], row=row, start=start, box=box)


@triton.jit
def _boxes(
    at: tl.tensor, conic: tl.tensor, opacity: tl.tensor, box: tl.tensor, count: tl.tensor,
    across: tl.tensor, down: tl.tensor,
    TILE: tl.constexpr, CUT: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """The tiles that each Gaussian reaches into, as ``splat.reach`` has it."""
    one = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    here = one < count
    x = tl.load(at + 2 * one, mask=here, other=0.0)
    y = tl.load(at + 2 * one + 1, mask=here, other=0.0)
    a = tl.load(conic + 3 * one, mask=here, other=1.0)
    b = tl.load(conic + 3 * one + 1, mask=here, other=0.0)
    c = tl.load(conic + 3 * one + 2, mask=here, other=1.0)
    share = tl.load(opacity + one, mask=here, other=0.0)
    room = 2.0 * tl.maximum(tl.log(tl.maximum(share, 1e-12)) - CUT, 0.0)
    determinant = tl.maximum(a * c - b * b, 1e-12)
    wide, high = tl.sqrt(room * c / determinant), tl.sqrt(room * a / determinant)
    left, right = tl.floor((x - wide) / TILE), tl.ceil((x + wide) / TILE)
    top, bottom = tl.floor((y - high) / TILE), tl.ceil((y + high) / TILE)
    # Clamped before they become whole numbers: what is far outside has no whole number that fits.
    x0 = tl.minimum(tl.maximum(left, 0.0), across).to(tl.int32)
    x1 = tl.minimum(tl.maximum(right, 0.0), across).to(tl.int32)
    y0 = tl.minimum(tl.maximum(top, 0.0), down).to(tl.int32)
    y1 = tl.minimum(tl.maximum(bottom, 0.0), down).to(tl.int32)
    seen = (room > 0.0) & (x1 > x0) & (y1 > y0)
    tl.store(box + 4 * one, x0, mask=here)
    tl.store(box + 4 * one + 1, y0, mask=here)
    tl.store(box + 4 * one + 2, tl.where(seen, x1 - x0, 0), mask=here)
    tl.store(box + 4 * one + 3, tl.where(seen, y1 - y0, 0), mask=here)
