"""The tri-plane: what is where in the head, as features that lie on three planes and are multiplied.

Source: EGSTalker, section 3.1, after S. Fridovich-Keil et al., K-Planes, 2023, equation 1.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

AXES = ((0, 1), (0, 2), (1, 2))


class Planes(nn.Module):
    """Features of places within a box; each resolution has three planes, and its features stand beside the others'.

    low, high: corners of the box, in the unit of the places.
    """

    low: Tensor
    high: Tensor

    def __init__(self, sides: tuple[int, ...], channels: int, box: tuple[Tensor, Tensor]) -> None:
        super().__init__()
        self.grids = nn.ParameterList(nn.Parameter(0.1 + 0.4 * torch.rand(3, channels, side, side)) for side in sides)
        low, high = box
        self.register_buffer("low", low.clone())
        self.register_buffer("high", high.clone())

    def forward(self, at: Float[Tensor, "n 3"]) -> Float[Tensor, "n w"]:
        """The features of the places; beyond the box those of its edge."""
        within = 2 * (at - self.low) / (self.high - self.low) - 1
        places = torch.stack([within[:, list(pair)] for pair in AXES])[:, None]
        found = []
        for grid in self.grids:
            read = nn.functional.grid_sample(grid, places, padding_mode="border", align_corners=True)
            found.append(read[:, :, 0].prod(0).T)
        return torch.cat(found, 1)


def rough(planes: Planes) -> Float[Tensor, ""]:
    """How much neighbours on the planes differ: the mean square, 0 where all is smooth."""
    total = planes.low.new_zeros(())
    for grid in planes.grids:
        total = total + grid.diff(dim=2).square().mean() + grid.diff(dim=3).square().mean()
    return total / len(planes.grids)
