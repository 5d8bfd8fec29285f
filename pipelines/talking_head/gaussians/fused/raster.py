"""The rasteriser for a GPU behind the Protocol ``Raster``, one picture or several at once."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import triton
from jaxtyping import Float
from torch import Tensor

from pipelines.talking_head.gaussians.fused.paint import ROW, carry, gather, paint
from pipelines.talking_head.gaussians.fused.tiles import Canvas, Pairs, paired
from pipelines.talking_head.gaussians.splat import CUT, MOST, TILE, Drawn, Flat

CHUNK = 16
"""Gaussians that a tile's pixels see at a time."""
DARK = 1e-5
"""What shows through where nothing behind is looked at any more."""
BLOCK = 128
"""Gaussians a program, where their gradients are added up."""
WARPS = 8
"""Threads a tile, in 32s: each has 16 of the chunk's shares."""


def drawn(flat: Flat, height: int, width: int) -> Drawn:
    """The Gaussians as they cover each other, nearest first."""
    (picture,) = drawn_together([flat], height, width)
    return picture


def drawn_together(flats: Sequence[Flat], height: int, width: int) -> list[Drawn]:
    """Each of them as ``drawn`` has it, by as many kernels as one takes: what a GPU is kept busy with."""
    canvas = Canvas(pictures=len(flats), height=height, width=width)
    at, conic, opacity, colour, depth = (
        torch.cat([getattr(flat, name).float() for flat in flats])
        for name in ("at", "conic", "opacity", "colour", "depth")
    )
    counts = torch.tensor([len(flat.depth) for flat in flats])
    picture = torch.repeat_interleave(counts).to(at.device)
    shape = (at.contiguous(), conic.contiguous(), opacity.contiguous())
    pairs = paired((shape[0].detach(), shape[1].detach(), shape[2].detach()), depth.detach(), picture, canvas)
    pictures, through = _Painted.apply(*shape, colour.contiguous(), pairs, canvas)
    return [Drawn(*both) for both in zip(pictures, through, strict=True)]


class _Painted(torch.autograd.Function):
    """Gaussians and their pairs with tiles, to colours and what shows through."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> tuple[Float[Tensor, "b h w 3"], Float[Tensor, "b h w"]]:
        """A program a tile."""
        at, conic, opacity, colour, pairs, canvas = given
        picture = at.new_empty(canvas.pictures, canvas.height, canvas.width, 3)
        through = at.new_empty(canvas.pictures, canvas.height, canvas.width)
        paint[(canvas.tiles,)](
            at, conic, opacity, colour, pairs.member, pairs.begins, picture, through, *_sizes(canvas), **_CONSTANTS
        )
        ctx.save_for_backward(at, conic, opacity, colour, picture, through)
        ctx.about = pairs, canvas
        return picture, through

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """A program a tile, then one for every few Gaussians."""
        at, conic, opacity, colour, picture, through = ctx.saved_tensors
        pairs, canvas = ctx.about
        of_picture, of_through = (gradient.contiguous() for gradient in gradients)
        rows = at.new_zeros(len(pairs.member), ROW)  # what no pixel looked at any more stays 0
        carry[(canvas.tiles,)](
            at, conic, opacity, colour, pairs.member, pairs.begins, pairs.row, picture, through,
            of_picture, of_through, rows, *_sizes(canvas), ROW=ROW, **{**_CONSTANTS, "CHUNK": CHUNK // 2},
        )  # fmt: skip
        found = _gathered((at, conic, opacity), pairs, rows)
        return (*found, None, None)


def _gathered(shape: tuple[Tensor, Tensor, Tensor], pairs: Pairs, rows: Float[Tensor, "p 9"]) -> tuple[Tensor, ...]:
    at, conic, opacity = shape
    found = at.new_empty(len(at), 2), at.new_empty(len(at), 3), at.new_empty(len(at)), at.new_empty(len(at), 3)
    grid = (triton.cdiv(max(len(at), 1), BLOCK),)
    gather[grid](at, conic, opacity, pairs.start, pairs.box, rows, *found, len(at), TILE=TILE, ROW=ROW, BLOCK=BLOCK)
    return found


def _sizes(canvas: Canvas) -> tuple[int, int, int, int]:
    return canvas.across, canvas.down, canvas.width, canvas.height


_CONSTANTS: dict[str, Any] = {
    "TILE": TILE, "CHUNK": CHUNK, "CUT": CUT, "MOST": MOST, "DARK": DARK, "num_warps": WARPS,
}  # fmt: skip
