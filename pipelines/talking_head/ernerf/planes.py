"""Grids of features in several levels: what is between four corners, and the three planes that a point falls on.

Source: T. Mueller et al., Instant Neural Graphics Primitives, 2022, section 3; J. Li et al., ER-NeRF, 2023, section
3.2.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import torch
from jaxtyping import Float, Int
from torch import Tensor

PRIME = 2_654_435_761
"""What the second coordinate is multiplied by before both are put together to a hash (equation 4)."""
SIDES = ((0, 1), (1, 2), (0, 2))
"""The coordinates of a point on each plane: xy, yz, xz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Levels of a grid. least, most: cells along a side of the coarsest and the finest.

    entries: rows of a level's table. A level whose corners do not fit shares them by a hash, or, tiled, row by row.
    """

    levels: int
    least: int
    most: int
    entries: int
    features: int = 1
    tiled: bool = False

    @property
    def cells(self) -> tuple[int, ...]:
        """Cells along a side of each level, in a geometric series (equations 2 and 3)."""
        growth = exp(log(self.most / self.least) / max(self.levels - 1, 1))
        return tuple(round(self.least * growth**level) for level in range(self.levels))

    @property
    def dense(self) -> int:
        """How many levels have a row for each corner."""
        return sum((cells + 1) ** 2 <= self.entries for cells in self.cells)


def encode(points: Float[Tensor, "m 3"], tables: Float[Tensor, "3 l e c"], layout: Layout) -> Float[Tensor, "3*l*c m"]:
    """The features of points in the box of -1 to 1: of each plane, of each level."""
    flat = torch.stack([points[:, list(side)] for side in SIDES])
    return looked_up(flat, tables, layout).flatten(0, 2)


def looked_up(at: Float[Tensor, "p m 2"], tables: Float[Tensor, "p l e c"], layout: Layout) -> Float[Tensor, "p l c m"]:
    """As ``plainly``, to rounding.

    Where a level has a row for each corner it is sampled as a picture is, which takes a processor a tenth of the time.
    """
    dense = [_pictured(at, tables[:, level], cells) for level, cells in enumerate(layout.cells[: layout.dense])]
    if layout.dense == layout.levels:
        return torch.stack(dense, 1)
    rest = plainly(at, tables, layout, layout.dense)
    return torch.cat([torch.stack(dense, 1), rest], 1) if dense else rest


def _pictured(at: Tensor, table: Float[Tensor, "p e c"], cells: int) -> Float[Tensor, "p c m"]:
    picture = table[:, : (cells + 1) ** 2].reshape(len(table), cells + 1, cells + 1, -1).permute(0, 3, 1, 2)
    found = torch.nn.functional.grid_sample(picture, at[:, None], padding_mode="border", align_corners=True)
    return found[:, :, 0]


def plainly(
    at: Float[Tensor, "p m 2"], tables: Float[Tensor, "p l e c"], layout: Layout, first: int = 0
) -> Float[Tensor, "p k c m"]:
    """The features at places from -1 to 1 on each plane, of the levels from that one on.

    Between the four corners of a place's cell, by how near they are: the reference for all that is faster.
    """
    cells = torch.tensor(layout.cells[first:], device=at.device)[:, None]
    place = (at.transpose(1, 2)[:, None].clamp(-1, 1) + 1) * (0.5 * cells[:, None])
    corner = torch.minimum(place.detach().floor().long(), cells[:, None] - 1)
    right, down = (place - corner).unbind(2)
    x, y = corner.unbind(2)
    begin = torch.arange(at.shape[0] * layout.levels, device=at.device) * layout.entries
    begin = begin.reshape(-1, layout.levels, 1)[:, first:]
    rows = tables.flatten(0, 2)
    found = []
    for over, share in ((0, 1 - right), (1, right)):
        for below, other in ((0, 1 - down), (1, down)):
            index = begin + indexed(x + over, y + below, layout, first)
            part = rows.index_select(0, index.flatten()).reshape(*index.shape, -1)
            found.append(part * (share * other)[..., None])
    return torch.stack(found).sum(0).transpose(2, 3)


def indexed(x: Int[Tensor, "p k m"], y: Int[Tensor, "p k m"], layout: Layout, first: int = 0) -> Int[Tensor, "p k m"]:
    """The rows of those corners in the tables of the levels from that one on."""
    wide = torch.tensor(layout.cells[first:], device=x.device)[:, None] + 1
    index = y * wide + x
    if layout.tiled:
        return index % layout.entries
    dense = max(layout.dense - first, 0)
    hashed = (x[:, dense:] ^ (y[:, dense:] * PRIME)) % layout.entries
    return torch.cat([index[:, :dense], hashed], 1)
