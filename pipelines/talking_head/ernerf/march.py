"""Where rays are looked at: at equal steps through the cells of a grid that hold anything.

Boxes are cubes of -1 to 1; places along a ray are in half sides of them.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """The samples of rays, one ray after another. along: places. start: where each ray's begin, and where all end."""

    along: Float[Tensor, " m"]
    start: Int[Tensor, " r+1"]

    @property
    def ray(self) -> Int[Tensor, " m"]:
        """The ray of each sample."""
        counts = self.start.diff()
        numbers = torch.arange(len(counts), device=counts.device)
        return torch.repeat_interleave(numbers, counts, output_size=len(self.along))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How rays are gone along. step: from one place to the next. most: samples of a ray; the nearest count."""

    step: float
    most: int


def entered(origins: Float[Tensor, "r 3"], ways: Float[Tensor, "r 3"]) -> tuple[Tensor, Tensor]:
    """Where rays enter the box and where they leave it; those that miss it leave it before they enter it."""
    safe = torch.where(ways.abs() < 1e-9, torch.full_like(ways, 1e-9), ways)  # noqa: PLR2004  parallel to a side
    one, other = (-1 - origins) / safe, (1 - origins) / safe
    return torch.minimum(one, other).amax(1).clamp_min(0), torch.maximum(one, other).amin(1)


@torch.no_grad()
def march(
    filled: Bool[Tensor, "g g g"],
    origins: Float[Tensor, "r 3"],
    ways: Float[Tensor, "r 3"],
    pace: Pace,
    first: Float[Tensor, " r"] | None = None,
) -> Samples:
    """The samples of rays in filled cells, nearest first.

    ways: of length 1. first: the share of a step at which each ray begins, for chance; 0.5 where none is given.
    """
    near, far = entered(origins, ways)
    begin = torch.full_like(near, 0.5) if first is None else first
    steps = torch.arange(ceil(2 * sqrt(3) / pace.step), device=near.device)
    along = near[:, None] + (steps + begin[:, None]) * pace.step
    inside = along < far[:, None]
    ray, _ = rows = inside.nonzero(as_tuple=True)
    at = along[rows]
    kept = torch.zeros_like(inside)
    kept[rows] = looked(filled, origins[ray] + at[:, None] * ways[ray])
    kept &= kept.cumsum(1) <= pace.most
    counts = kept.sum(1)
    return Samples(along[kept], torch.cat([counts.new_zeros(1), counts.cumsum(0)]))


def looked(filled: Bool[Tensor, "g g g"], points: Float[Tensor, "m 3"]) -> Bool[Tensor, " m"]:
    """Whether the cell of each point in the box is filled."""
    side = filled.shape[0]
    x, y, z = ((points + 1) * (side / 2)).long().clamp_(0, side - 1).unbind(1)
    return filled.flatten()[(x * side + y) * side + z]
