"""A head and a torso of Gaussians: what of them does not move, and where they start from."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from pipelines.talking_head.gaussians.camera import spread
from pipelines.talking_head.scene import Scene, swaying
from pipelines.talking_head.track.turning import FOCAL

BEHIND, BELOW = -3.0, 6.0
"""Centimetres: how deep hair lies in the head's frame; how much farther off than the head the torso is."""
FILL = 0.7
"""Size of a Gaussian at the start, in distances to its neighbours."""
CLEAR = 0.7
"""Opacity at the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many Gaussians there are: on the face's surface, in hair and neck, in the torso, inside of the mouth."""

    face: int = 1200
    hair: int = 600
    torso: int = 700
    mouth: int = 150


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """Where Gaussians begin. at: centimetres, in the head's frame (torso: in the camera's). size: centimetres."""

    at: Float[Tensor, "n 3"]
    colour: Float[Tensor, "n 3"]
    size: float


class Cloud(nn.Module):
    """Gaussians at rest. Opacity and colour are kept as logits, sizes as logarithms: every number is a valid one."""

    def __init__(self, starts: list[Start]) -> None:
        super().__init__()
        at = torch.cat([start.at for start in starts])
        sizes = torch.cat([torch.full((len(start.at), 3), start.size) for start in starts])
        colour = torch.cat([start.colour for start in starts]).clamp(0.02, 0.98)
        self.at = nn.Parameter(at)
        self.sizes = nn.Parameter(sizes.log())
        self.quaternions = nn.Parameter(torch.tensor([[1.0, 0, 0, 0]]).repeat(len(at), 1))
        self.opacity = nn.Parameter(torch.full((len(at),), CLEAR).logit())
        self.colour = nn.Parameter(colour.logit())

    def __len__(self) -> int:
        return len(self.at)

    def spread(self, larger: Float[Tensor, "n 3"], turned: Float[Tensor, "n 4"]) -> Float[Tensor, "n 3 3"]:
        """The covariances, each axis so much larger (in logarithms). turned: what is added to the quaternions."""
        return spread(self.quaternions + turned, (self.sizes + larger).clamp(-6.0, 2.5).exp())


def on_surface(
    points: Float[Tensor, "v 3"], triangles: Int[Tensor, "f 3"], count: int, generator: torch.Generator
) -> tuple[Int[Tensor, " n"], Float[Tensor, "n 3"]]:
    """So many places evenly on a surface: the triangle of each, and its shares of the corners."""
    corners = points[triangles]
    area = torch.linalg.norm(torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), dim=1)
    chosen = torch.multinomial(area, count, replacement=True, generator=generator)
    first, second = torch.rand(2, count, generator=generator)
    root = first.sqrt()
    return chosen, torch.stack([1 - root, root * (1 - second), root * second], 1)


def on_face(scene: Scene, places: Float[Tensor, "n 3"], row: int | None = None) -> Start:
    """Gaussians at those places of the head's frame, coloured as that frame, else the reference frame, shows them."""
    row = scene.reference if row is None else row
    camera = places @ scene.turns[row].T + scene.moves[row]
    pixels = (FOCAL * camera[:, :2] / camera[:, 2:] + 0.5) * scene.side
    column, line = pixels.long().clamp(0, scene.side - 1).unbind(1)
    wide = places.amax(0) - places.amin(0)
    size = FILL * float((wide[0] * wide[1] / len(places)).sqrt())
    return Start(at=places, colour=scene.picture(row)[line, column] / 255.0, size=size)


def in_mask(
    scene: Scene, share: Float[Tensor, "s s"], count: int, generator: torch.Generator, *, of_head: bool
) -> Start:
    """So many Gaussians where the reference frame has that share, at the depth of hair or of the torso."""
    row = scene.reference
    weight = share.reshape(-1) + 1e-6
    chosen = torch.multinomial(weight, count, replacement=True, generator=generator)
    line, column = chosen // scene.side, chosen % scene.side
    away = torch.rand(2, count, generator=generator)
    depth = scene.moves[row, 2] + (-BEHIND if of_head else BELOW)
    x, y = (column + away[0]) / scene.side - 0.5, (line + away[1]) / scene.side - 0.5
    at = torch.stack([x * depth / FOCAL, y * depth / FOCAL, depth.expand(count)], 1)
    still = torch.linalg.inv(swaying(scene.sway[row]))
    at = (at - scene.moves[row]) @ scene.turns[row] if of_head else at @ still.T
    pixel = float(depth) / FOCAL / scene.side
    size = FILL * pixel * max(1.0, float((weight.sum() / count).sqrt()))
    return Start(at=at, colour=scene.picture(row)[line, column] / 255.0, size=size)
