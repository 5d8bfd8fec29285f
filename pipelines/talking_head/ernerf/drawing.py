"""Which pixels an iteration looks at: of the head where it is uncertain, of the mouth all, of the torso anywhere."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from pipelines.talking_head.ernerf.losses import Truth
from pipelines.talking_head.learning.engine import Turn
from pipelines.talking_head.scene import Scene

BESIDE = 2
"""Pixels beside the mask that are looked at too."""
EDGE, MOUTH = 2.0, 1.0
"""By how much oftener a pixel is drawn where the mask is neither 0 nor 1, and around the mouth."""
UNCERTAIN = (5, 250)
"""Of 255: between these a mask is uncertain."""


def of_head(scene: Scene, row: int, count: int, turn: Turn) -> Int[Tensor, " r"]:
    """At most so many pixels in and around the head, all different."""
    share = scene.head_share(row)
    low, high = UNCERTAIN
    wide = torch.nn.functional.max_pool2d(share[None, None].float(), 2 * BESIDE + 1, stride=1, padding=BESIDE)[0, 0]
    weight = (wide > 0).float() + EDGE * ((share > low) & (share < high))
    y, x = bounds(scene, row)
    weight[y, x] += MOUTH
    some = weight.flatten()
    return torch.multinomial(some, min(count, int((some > 0).sum())), generator=near(turn.chance, share.device))


def near(chance: torch.Generator, device: torch.device) -> torch.Generator:
    """Chance where it is needed: itself, or for a GPU one of its own that begins with a number of the other's."""
    if device.type != "cuda":
        return chance
    number = int(torch.randint(1 << 31, (1,), generator=chance))
    return torch.Generator(device).manual_seed(number)


def of_mouth(scene: Scene, row: int) -> Int[Tensor, "h w"]:
    """All pixels around the mouth."""
    y, x = bounds(scene, row)
    return torch.arange(scene.side**2, device=scene.moves.device).reshape(scene.side, scene.side)[y, x]


def bounds(scene: Scene, row: int) -> tuple[slice, slice]:
    """The rows and columns of the mouth."""
    x0, y0, x1, y1 = (int(value) for value in scene.lips[row].round())
    return slice(y0, max(y1, y0 + 1) + 1), slice(x0, max(x1, x0 + 1) + 1)


def truth(scene: Scene, row: int, pixels: Int[Tensor, " r"]) -> Truth:
    """What the rays through those pixels should see. Behind the head the rest is taken to be the ground."""
    colour = scene.picture(row).reshape(-1, 3)[pixels] / 255.0
    share = scene.head_share(row).flatten()[pixels, None] / 255.0
    ground = scene.ground.reshape(-1, 3)[pixels] / 255.0
    return Truth(colour=colour, rest=share * ground + (1 - share) * colour, share=share[:, 0])


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """Places in many frames at once. rows: of the turn's own. pixels: row by row. colours: there, 0 to 255."""

    rows: Int[Tensor, " n"]
    pixels: Int[Tensor, " n"]
    colours: UInt8[Tensor, "n 3"]


def of_torso(scene: Scene, count: int, turn: Turn) -> Spots:
    """So many places where the head is not, in any frames: the torso's net is small, and may see many at once."""
    rows = torch.randint(len(turn.rows), (count,), generator=turn.chance)
    pixels = torch.randint(scene.side**2, (count,), generator=turn.chance)
    lie = scene.lying(turn.rows[rows])
    free = scene.head.flatten(1)[lie, pixels] < UNCERTAIN[0]
    rows, pixels, lie = rows[free], pixels[free], lie[free]
    colours = scene.pictures.flatten(1, 2)[lie, pixels]  # these alone: whole frames of a long clip are gigabytes
    return Spots(*(one.to(scene.moves.device) for one in (rows, pixels, colours)))
