"""Gaussians in the picture, drawn front to back, tile by tile: differentiable, for a CPU.

What makes it fast there: a power is a polynomial in the pixel's place, so each tile is one product of matrices; tiles
go in chunks of like counts; powers under CUT are exact zeros, so nothing denormal is ever computed with; and the
gradient is written out instead of recorded. ``plain`` is the same without any of that.

Source: B. Kerbl et al., 3D Gaussian Splatting for Real-Time Radiance Field Rendering, 2023, equations 2, 4 and 5.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

TILE = 16
"""Pixels a side of a tile."""
CUT = -6.0
"""Logarithm of the least share that a Gaussian has in a pixel; what is less is nothing."""
MOST = 0.99
"""The most that one Gaussian hides."""
CHUNK = 1 << 20
"""Pixels times Gaussians that are worked on at a time: what bounds the memory and stays in the cache."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flat:
    """Gaussians in the picture. at: pixels. conic: the inverse covariance as (xx, xy, yy), in pixels. opacity: 0 to 1.

    depth: only their order counts. colour: 0 to 1.
    """

    at: Float[Tensor, "n 2"]
    conic: Float[Tensor, "n 3"]
    opacity: Float[Tensor, " n"]
    colour: Float[Tensor, "n 3"]
    depth: Float[Tensor, " n"]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A picture, and how much of what lies behind shows through."""

    colour: Float[Tensor, "h w 3"]
    through: Float[Tensor, "h w"]

    def over(self, ground: Float[Tensor, "h w 3"]) -> Float[Tensor, "h w 3"]:
        """The picture on that ground."""
        return self.colour + self.through[..., None] * ground


def drawn(flat: Flat, height: int, width: int) -> Drawn:
    """The Gaussians as they cover each other, nearest first."""
    down, across = -(-height // TILE), -(-width // TILE)
    coefficients = polynomial(flat)
    lists = _lists(flat, down, across)
    colour = flat.colour.new_zeros(down * across, TILE * TILE, 3)
    through = flat.colour.new_ones(down * across, TILE * TILE)
    done, colours, throughs = [], [], []
    padded = torch.cat([coefficients, coefficients.new_tensor([[CUT * 10, 0, 0, 0, 0, 0]])])
    shades = torch.cat([flat.colour, flat.colour.new_zeros(1, 3)])
    for tiles, members in _chunks(lists, len(flat.depth)):
        part, rest = _Tiles.apply(_moved(padded[members], tiles, across), shades[members])
        done.append(tiles)
        colours.append(part)
        throughs.append(rest)
    if done:
        order = torch.cat(done)
        colour = colour.index_copy(0, order, torch.cat(colours))
        through = through.index_copy(0, order, torch.cat(throughs))
    return Drawn(
        _joined(colour, down, across)[:height, :width], _joined(through[..., None], down, across)[:height, :width, 0]
    )


def polynomial(flat: Flat) -> Float[Tensor, "n 6"]:
    """The logarithm of a Gaussian's share at a place, as factors of 1, x, y, xx, xy, yy."""
    x, y = flat.at.unbind(1)
    a, b, c = flat.conic.unbind(1)
    constant = torch.log(flat.opacity.clamp_min(1e-12)) - 0.5 * (a * x * x + c * y * y) - b * x * y
    return torch.stack([constant, a * x + b * y, b * x + c * y, -0.5 * a, -b, -0.5 * c], dim=1)


def reach(flat: Flat) -> Float[Tensor, "n 2"]:
    """How many pixels to each side a Gaussian's share is above the cut; 0: nowhere."""
    a, b, c = flat.conic.unbind(1)
    room = 2.0 * (torch.log(flat.opacity.clamp_min(1e-12)) - CUT).clamp_min(0)
    determinant = (a * c - b * b).clamp_min(1e-12)
    return torch.sqrt(room[:, None] * torch.stack([c, a], dim=1) / determinant[:, None])


@torch.no_grad()
def _lists(flat: Flat, down: int, across: int) -> list[Int[Tensor, " k"]]:
    """The Gaussians that reach into each tile, nearest first."""
    order = torch.argsort(flat.depth, stable=True)
    span = reach(flat)[order]
    low, high = flat.at[order] - span, flat.at[order] + span
    left, top = torch.arange(across) * TILE, torch.arange(down) * TILE
    seen = span[:, 0] > 0
    columns = (low[:, :1] < left + TILE) & (high[:, :1] > left) & seen[:, None]
    rows = (low[:, 1:] < top + TILE) & (high[:, 1:] > top)
    hit = (rows.T[:, None] & columns.T[None]).reshape(down * across, -1)
    return [order[one.nonzero()[:, 0]] for one in hit]


def _chunks(lists: list[Int[Tensor, " k"]], nobody: int) -> Iterator[tuple[Int[Tensor, " g"], Int[Tensor, "g k"]]]:
    """The tiles that show anything, in chunks of like counts: their numbers and members, filled up with nobody."""
    rows = sorted((row for row in range(len(lists)) if len(lists[row])), key=lambda row: len(lists[row]))
    start = 0
    while start < len(rows):
        end = start + 1
        while end < len(rows) and _cost(lists, rows, start, end) and _alike(lists, rows, start, end):
            end += 1
        chosen = rows[start:end]
        members = torch.nn.utils.rnn.pad_sequence(
            [lists[row] for row in chosen], batch_first=True, padding_value=nobody
        )
        yield torch.tensor(chosen), members
        start = end


def _cost(lists: list[Tensor], rows: list[int], start: int, end: int) -> bool:
    return (end + 1 - start) * TILE * TILE * len(lists[rows[end]]) <= CHUNK


def _alike(lists: list[Tensor], rows: list[int], start: int, end: int) -> bool:
    return len(lists[rows[end]]) <= 1.25 * len(lists[rows[start]]) + 8


def _moved(coefficients: Float[Tensor, "g k 6"], tiles: Int[Tensor, " g"], across: int) -> Float[Tensor, "g 6 k"]:
    """The polynomials with each tile's corner as their origin: small numbers, whose squares keep their digits."""
    x = (tiles % across * TILE)[:, None].to(coefficients.dtype)
    y = (tiles // across * TILE)[:, None].to(coefficients.dtype)
    one, dx, dy, xx, xy, yy = coefficients.unbind(2)
    constant = one + dx * x + dy * y + xx * x * x + xy * x * y + yy * y * y
    return torch.stack([constant, dx + 2 * xx * x + xy * y, dy + 2 * yy * y + xy * x, xx, xy, yy], dim=1)


@cache
def _places(dtype: torch.dtype) -> Float[Tensor, "p 6"]:
    """1, x, y, xx, xy, yy of the middles of a tile's pixels."""
    middles = torch.arange(TILE, dtype=dtype) + 0.5
    y, x = (grid.reshape(-1) for grid in torch.meshgrid(middles, middles, indexing="ij"))
    return torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y], dim=1)


class _Tiles(torch.autograd.Function):
    """Polynomials and colours of tiles' Gaussians, front to back, to colours and what shows through."""

    @staticmethod
    def forward(ctx: Any, coefficients: Tensor, colour: Tensor) -> tuple[Tensor, Tensor]:
        """Equation 2: each Gaussian's share of what those before it let through."""
        power = _places(coefficients.dtype) @ coefficients
        share = torch.where(power > CUT, power.exp_(), power.new_zeros(()))
        share = share.clamp_max_(MOST)
        logs = torch.log1p(-share).cumsum(2)
        rest = logs[:, :, -1].exp()
        before = torch.cat([torch.ones_like(logs[:, :, :1]), logs[:, :, :-1].exp()], dim=2)
        ctx.save_for_backward(share, before, rest, colour)
        return (share * before) @ colour, rest

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        """What a share adds itself, less what it takes from all behind it."""
        share, before, rest, colour = ctx.saved_tensors
        of_colour, of_rest = gradients
        worth = of_colour @ colour.transpose(1, 2)
        weight = share * before
        gained = weight * worth
        behind = gained.sum(2, keepdim=True) - gained.cumsum(2) + (of_rest * rest)[..., None]
        of_power = gained - share / (1 - share) * behind
        of_power = torch.where(share < MOST, of_power, of_power.new_zeros(()))
        return _places(colour.dtype).T @ of_power, weight.transpose(1, 2) @ of_colour


def _joined(tiles: Float[Tensor, "t p c"], down: int, across: int) -> Float[Tensor, "h w c"]:
    shaped = tiles.reshape(down, across, TILE, TILE, -1).permute(0, 2, 1, 3, 4)
    return shaped.reshape(down * TILE, across * TILE, -1)
