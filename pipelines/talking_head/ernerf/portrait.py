"""Somebody as this engine has learned them: head, torso, what hears, and each frame's own numbers."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pipelines.talking_head.ernerf.box import rays
from pipelines.talking_head.ernerf.field import Given
from pipelines.talking_head.ernerf.head import Head
from pipelines.talking_head.ernerf.sizes import FEW, Sizes
from pipelines.talking_head.ernerf.torso import Torso, still
from pipelines.talking_head.gaussians.moving import DROPPED, HEARD, Ear
from pipelines.talking_head.learning.engine import Model
from pipelines.talking_head.scene import View

STEADY = 0.95
"""Of the steady numbers that an iteration leaves: they are the mean of about the last twenty."""
CHUNK, CHUNK_GPU = 8192, 1 << 18
"""Rays and pixels that are drawn at a time: what bounds the memory. On a GPU a picture of 512 pixels is one chunk."""
OWN = 0.1
"""Spread of the frames' own numbers at the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """What a portrait is made of.

    codes: of a mouth. surface: points of what they move. frames: that it learns from. steps, channels: of what is
    heard. torso: whether one is drawn.
    """

    sizes: Sizes
    codes: int
    surface: int
    frames: int
    steps: int
    channels: int
    torso: bool = True


class Parts(nn.Module):
    """All that is learned."""

    def __init__(self, make: Make) -> None:
        super().__init__()
        sizes = make.sizes
        self.head, self.torso = Head(sizes, make.codes, make.surface), Torso(sizes)
        self.moves = nn.Sequential(nn.Linear(make.codes, 64), nn.LeakyReLU(0.02), nn.Linear(64, sizes.heard))
        self.own = nn.Parameter(OWN * torch.randn(make.frames, sizes.own))
        self.torso_own = nn.Parameter(OWN * torch.randn(make.frames, sizes.torso_own))
        self.ear = Ear(make.steps, make.channels)
        self.speaks = nn.Sequential(
            nn.Linear(HEARD + 2, 64), nn.LeakyReLU(0.02), nn.Dropout(DROPPED), nn.Linear(64, make.codes)
        )

    def given(self, codes: Float[Tensor, " k"], eyes: Float[Tensor, 2], place: int | None = None) -> Given:
        """What a frame gives to the head. place: whose own numbers it has; None: the mean of all."""
        heard, moves = self.moves(codes[None])[0], self.head.rest.moves(codes)
        own = self.own.mean(0) if place is None else self.own[place]
        return Given(heard=heard, shut=eyes.mean().clamp(0, 1), own=own, moves=moves)


class Portrait(Model):
    """What is learned, and the steady mean of its last iterations, which is what is shown.

    last: what the last frame gave to the head that was learned from.
    """

    def __init__(self, make: Make) -> None:
        super().__init__()
        self.made = make
        self.parts = Parts(make)
        self.steady = copy.deepcopy(self.parts).requires_grad_(requires_grad=False)
        self.last: Given | None = None

    @property
    def make(self) -> dict[str, Any]:
        """Sizes and counts."""
        return asdict(self.made)

    @property
    def counted(self) -> dict[str, int]:
        """How many numbers were learned, and in how many cells something is."""
        numbers = sum(one.numel() for one in self.parts.parameters())
        return {"numbers": numbers, "filled_cells": int(self.steady.head.occupancy.filled.sum())}

    @property
    def rays(self) -> int:
        """How many rays a turn has."""
        most = self.made.sizes.rays
        return most if self.device.type == "cuda" else min(most, FEW)

    def said(self, heard: Float[Tensor, "b 8 w c"], eyes: Float[Tensor, "b 2"]) -> Float[Tensor, "b k"]:
        """The codes that the sound and the eyes give."""
        parts = self._now
        codes: Tensor = parts.speaks(torch.cat([parts.ear(heard), eyes], 1))
        return codes

    @torch.no_grad()
    def shown(self, codes: Float[Tensor, " k"], view: View) -> Float[Tensor, "s s 3"]:
        """The picture: the head before the torso before the ground."""
        parts, side = self._now, view.ground.shape[0]
        given, pose = parts.given(codes, view.eyes), (view.turn, view.move)
        behind = self._torso(parts, view)
        found = []
        for pixels in torch.arange(side * side, device=view.ground.device).split(self._chunk):
            look = parts.head(rays(pose, parts.head.box, pixels, side), given)
            found.append(look.seen.over(behind[pixels]))
        return torch.cat(found).reshape(side, side, 3).clamp(0, 1)

    def begin(self) -> None:
        """Afterwards the steady numbers are those that learning begins with."""
        self.steady.load_state_dict(self.parts.state_dict())

    @torch.no_grad()
    def steadied(self) -> None:
        """Afterwards the steady numbers are one iteration further."""
        for steady, one in zip(self.steady.parameters(), self.parts.parameters(), strict=True):
            steady.lerp_(one, 1 - STEADY)
        for steady, one in zip(self.steady.buffers(), self.parts.buffers(), strict=True):
            steady.copy_(one)

    @property
    def _chunk(self) -> int:
        return CHUNK_GPU if self.device.type == "cuda" else CHUNK

    @property
    def _now(self) -> Parts:
        return self.parts if self.training else self.steady

    def _torso(self, parts: Parts, view: View) -> Float[Tensor, "n 3"]:
        """The torso on the ground, or the ground alone."""
        ground = view.ground.reshape(-1, 3)
        if not self.made.torso:
            return ground
        anchors, own = parts.torso.anchored(view.turn[None], view.move[None]), parts.torso_own.mean(0)
        found = []
        for at, behind in zip(places(view.ground).split(self._chunk), ground.split(self._chunk), strict=True):
            rows = len(at)
            told = parts.torso(still(at, view.sway.expand(rows, -1)), anchors.expand(rows, -1), own.expand(rows, -1))
            found.append(told[:, 3:] * told[:, :3] + (1 - told[:, 3:]) * behind)
        return torch.cat(found)


def places(ground: Float[Tensor, "s s 3"]) -> Float[Tensor, "n 2"]:
    """The middles of all pixels of such a picture, -1 to 1, x then y, row by row."""
    side = ground.shape[0]
    middles = (torch.arange(side, device=ground.device) + 0.5) * (2 / side) - 1
    y, x = torch.meshgrid(middles, middles, indexing="ij")
    return torch.stack([x, y], 2).reshape(-1, 2)
