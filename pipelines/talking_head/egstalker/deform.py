"""What moves the head beyond proportion: sources become tokens, places attend to them, and each attribute is offset."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pipelines.talking_head.egstalker.attention import Attention
from pipelines.talking_head.egstalker.kan import Kan
from pipelines.talking_head.egstalker.planes import Planes
from pipelines.talking_head.egstalker.sizes import Sizes
from pipelines.talking_head.gaussians.moving import COLOUR, EFFECTS, OPACITY
from pipelines.talking_head.scene import View

OCTAVES = 4
"""Frequencies by which an eye's closing is told."""
CAMERA = 12
SHY = 0.1
"""What a net's last layer begins with, of its usual numbers: hardly anything is offset."""


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """What is the same in every frame. features: of the places. shares: of the agents. rest: opacity and colour."""

    features: Float[Tensor, "n w"]
    shares: Float[Tensor, "n a"]
    rest: Float[Tensor, "n 4"]


class Tokens(nn.Module):
    """What can move a head, a token each: the mouth, the eyes, the camera where it may, and nothing."""

    def __init__(self, codes: int, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.says = Kan(codes, width)
        self.blinks = Kan(2 * 2 * OCTAVES, width)
        self.films = Kan(CAMERA, width) if sizes.camera else None
        self.nothing = nn.Parameter(torch.randn(width))

    def forward(self, codes: Float[Tensor, " k"], view: View) -> Float[Tensor, "t w"]:
        """The tokens of a frame."""
        found = [self.says(codes), self.blinks(waves(view.eyes)), self.nothing]
        if self.films is not None:
            found.append(self.films(torch.cat([view.turn.flatten(), view.stance[3:]])))
        return torch.stack(found)


class Deformation(nn.Module):
    """Offsets to all attributes of Gaussians at places."""

    def __init__(self, codes: int, sizes: Sizes, box: tuple[Tensor, Tensor]) -> None:
        super().__init__()
        self.planes = Planes(sizes.planes, sizes.channels, box)
        self.tokens = Tokens(codes, sizes)
        self.attention = Attention(sizes.width, sizes.agents, sizes.hidden)
        self.rest = Kan(sizes.width, 4)
        self.offsets = nn.Sequential(Kan(sizes.width, sizes.hidden), Kan(sizes.hidden, EFFECTS))
        with torch.no_grad():
            for last in (self.rest.curves, self.offsets[1].curves):
                last.weight.mul_(SHY)
                last.bias.zero_()

    def still(self, at: Float[Tensor, "n 3"]) -> Still:
        """What of it does not change from frame to frame."""
        features = self.planes(at)
        return Still(features, self.attention.shares(features), self.rest(features))

    def resting(self, still: Still) -> Float[Tensor, "n 14"]:
        """Opacity and colour as the places have them, in the coarse stage all that there is."""
        found = still.rest.new_zeros(len(still.rest), EFFECTS)
        found[:, OPACITY], found[:, COLOUR] = still.rest[:, 0], still.rest[:, 1:]
        return found

    def forward(self, still: Still, codes: Float[Tensor, " k"], view: View) -> Float[Tensor, "n 14"]:
        """What a frame adds to all attributes, in the order of ``gaussians.moving``."""
        heard = self.attention(still.features, still.shares, self.tokens(codes, view))
        found: Tensor = self.offsets(heard)
        return found


def waves(values: Float[Tensor, " v"]) -> Float[Tensor, " f"]:
    """The values as sines and cosines of growing frequency."""
    turns = values[:, None] * (math.pi * 2.0 ** torch.arange(OCTAVES, device=values.device))
    return torch.cat([turns.sin(), turns.cos()], 1).flatten()
