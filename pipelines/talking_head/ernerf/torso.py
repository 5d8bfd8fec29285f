"""The torso: a flat picture, deformed by where three points of the head are seen.

Source: J. Li et al., ER-NeRF, 2023, section 3.4 (adaptive pose encoding).
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pipelines.talking_head.ernerf.field import BEYOND, plain
from pipelines.talking_head.ernerf.operations import operations
from pipelines.talking_head.ernerf.planes import Layout
from pipelines.talking_head.ernerf.sizes import Sizes
from pipelines.talking_head.track.turning import FOCAL

SHRUNK = 0.8
"""Of the picture's places: what moves in from beyond its edges has room in the grid."""
PLACES, TURNS = 8, 3
"""Octaves of the frequency codes of a place and of the anchors: 2 + 2 x 2 x 8 = 34 and 6 + 2 x 6 x 3 = 42 numbers."""
ANCHORS = ((0.01, 0.01, 0.1), (-0.1, -0.1, 0.1), (0.1, -0.1, 0.1))
"""Where the three points begin, in metres of the head's frame."""
METRE = 100.0
"""Centimetres."""
START = 1e-4
"""The most of a feature at the start."""


class Torso(nn.Module):
    """Opacity and colour of the torso in every pixel."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.layout = sizes.torso
        self.anchors = nn.Parameter(torch.tensor([[*place, 1.0] for place in ANCHORS]))
        self.register_buffer("usual", torch.zeros(6))
        self.register_buffer("spread", torch.ones(6))
        known = 2 * (1 + 2 * PLACES) + 6 * (1 + 2 * TURNS) + sizes.torso_own
        self.deforms = plain(known, sizes.torso_hidden, sizes.torso_hidden, 2)
        nn.init.zeros_(self.deforms[-1].weight)  # what begins as noise is learned as a blurred picture
        features = self.layout.levels * self.layout.features
        self.paints = plain(features + known, sizes.torso_hidden, sizes.torso_hidden, 4)
        self.table = nn.Parameter(grid(1, self.layout))

    @torch.no_grad()
    def accustomed(self, turns: Float[Tensor, "t 3 3"], moves: Float[Tensor, "t 3"]) -> None:
        """Afterwards the anchors are told about 0 and 1 as the head moves through those poses."""
        seen = self._seen(turns, moves)
        self.usual.copy_(seen.mean(0))
        self.spread.copy_(seen.std(0).mean().expand(6).clamp_min(1e-3))

    def anchored(self, turns: Float[Tensor, "b 3 3"], moves: Float[Tensor, "b 3"]) -> Float[Tensor, "b 6"]:
        """Where the anchors are seen in those poses of the head."""
        return (self._seen(turns, moves) - self.usual) / self.spread

    def forward(
        self, at: Float[Tensor, "n 2"], anchors: Float[Tensor, "n 6"], own: Float[Tensor, "n o"]
    ) -> Float[Tensor, "n 4"]:
        """Colour and opacity at places as ``still`` has them, with the anchors there, and the frame's own numbers."""
        place = SHRUNK * at
        known = torch.cat([waves(place, PLACES), waves(anchors, TURNS), own], 1)
        moved = (place + self.deforms(known)).clamp(-1, 1)
        features = operations(at.device).looked_up(moved[None], self.table, self.layout).flatten(0, 2).T
        told: Tensor = torch.sigmoid(self.paints(torch.cat([features, known], 1))) * (1 + 2 * BEYOND) - BEYOND
        return told

    def _seen(self, turns: Tensor, moves: Tensor) -> Float[Tensor, "b 6"]:
        """The anchors in the picture, -1 to 1. The fourth number is the homogeneous one."""
        seen = METRE * self.anchors[:, :3] @ turns.transpose(1, 2) + moves[:, None] * self.anchors[:, 3:]
        return (2 * FOCAL * seen[..., :2] / seen[..., 2:]).flatten(1)


def grid(planes: int, layout: Layout) -> Float[Tensor, "p l e c"]:
    """Tables of that layout at their start: all but nothing."""
    table = torch.rand(planes, layout.levels, layout.entries, layout.features)
    return (2 * table - 1) * START


def still(at: Float[Tensor, "n 2"], sway: Float[Tensor, "n 4"]) -> Float[Tensor, "n 2"]:
    """Where places of a picture, -1 to 1, lie when the torso's sway is taken out: the inverse of ``sway.moved``."""
    stretch, turn = 1 + sway[:, 0], sway[:, 1]
    x, y = (at - 2 * sway[:, 2:]).unbind(1)
    back = torch.stack([stretch * x + turn * y, stretch * y - turn * x], 1)
    return back / (stretch.square() + turn.square())[:, None]


def waves(values: Float[Tensor, "n d"], octaves: int) -> Float[Tensor, "n e"]:
    """The values, and sines and cosines of them in so many octaves."""
    scaled = (values[..., None] * 2.0 ** torch.arange(octaves, device=values.device)).flatten(1)
    return torch.cat([values, scaled.sin(), scaled.cos()], 1)
