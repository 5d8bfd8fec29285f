"""The cube around a head, and rays from pixels into it. Inside, all is measured from its middle, in half sides."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pipelines.talking_head.scene import Scene
from pipelines.talking_head.track.turning import FOCAL

BEHIND, BEFORE = 5.0, 1.5
"""Centimetres that the box reaches behind the tracked surface, for hair and neck, and before it."""
ASIDE = 0.01
"""Share of a head's pixels that may lie outside on each side: what a mask has too much."""
SPARE = 1.05
"""By how much the box is larger than what was seen."""
LOOKS, MOST = 32, 100_000
"""Frames that are looked at, and pixels of them that are measured."""
SURE = 128
"""Of 255: from which share on a pixel is the head's."""


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A cube in the head's frame. middle, half: centimetres."""

    middle: Float[Tensor, 3]
    half: Float[Tensor, ""]

    def inside(self, points: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3"]:
        """Points of the head's frame as the box measures them."""
        found: Tensor = (points - self.middle) / self.half
        return found

    def outside(self, points: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3"]:
        """The other way round."""
        found: Tensor = points * self.half + self.middle
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """Rays in a box. ways: of length 1."""

    origins: Float[Tensor, "r 3"]
    ways: Float[Tensor, "r 3"]


def rays(pose: tuple[Tensor, Tensor], box: Box, pixels: Int[Tensor, " r"], side: int) -> Rays:
    """The rays of those pixels, counted row by row in a picture of that side. pose: turn and move of the head."""
    turn, move = pose
    middles = torch.stack([pixels % side, pixels // side], 1).to(move.dtype) + 0.5
    away = torch.cat([(middles / side - 0.5) / FOCAL, middles.new_ones(len(pixels), 1)], 1)
    ways = torch.nn.functional.normalize(away @ turn, dim=1)
    origin = box.inside(-move @ turn)
    return Rays(origin.expand(len(pixels), 3), ways)


def around(scene: Scene, shape: Float[Tensor, "v 3"]) -> Box:
    """The box of a head: as wide and high as its masks are, as deep as its surface is with what lies behind."""
    flat = torch.cat([_masked(scene, row) for row in sampled(len(scene))])
    wide = torch.quantile(flat[:: len(flat) // MOST + 1], torch.tensor([ASIDE, 1 - ASIDE]), dim=0)
    first, last = shape.amin(0), shape.amax(0)
    low = torch.cat([torch.minimum(wide[0], first[:2]), first[2:] - BEHIND])
    high = torch.cat([torch.maximum(wide[1], last[:2]), last[2:] + BEFORE])
    return Box((low + high) / 2, SPARE * (high - low).amax() / 2)


def _masked(scene: Scene, row: int) -> Float[Tensor, "n 2"]:
    """Where the pixels of a head are in its own frame, x and y, as deep as its middle."""
    line, column = (scene.head_share(row) >= SURE).nonzero(as_tuple=True)
    turn, move = scene.turns[row], scene.moves[row]
    at = (torch.stack([column, line], 1) + 0.5) / scene.side - 0.5
    seen = torch.cat([at * move[2] / FOCAL, move[2].expand(len(at), 1)], 1)
    return ((seen - move) @ turn)[:, :2]


def sampled(frames: int) -> list[int]:
    """Some frames, evenly."""
    return [int(row) for row in torch.linspace(0, frames - 1, min(LOOKS, frames))]
