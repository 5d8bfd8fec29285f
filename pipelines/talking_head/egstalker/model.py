"""A head of Gaussians as EGSTalker moves it: the tracked motion, and what a net over the places adds to it."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pipelines.talking_head.device import mixed
from pipelines.talking_head.egstalker.deform import Deformation, Still
from pipelines.talking_head.egstalker.harmonics import harmonics, terms
from pipelines.talking_head.egstalker.sizes import Sizes, written
from pipelines.talking_head.gaussians.camera import flattened
from pipelines.talking_head.gaussians.moving import COLOUR, Talker
from pipelines.talking_head.gaussians.raster import TILED, Raster
from pipelines.talking_head.gaussians.rasters import raster as chosen
from pipelines.talking_head.gaussians.rasters import together
from pipelines.talking_head.gaussians.starting import Body
from pipelines.talking_head.scene import View

ROOM = 1.2
"""Size of the tri-plane's box, in that of what it holds at the start."""


class Deformed(Talker):
    """A talker whose head a net moves beyond proportion.

    shades: how colours change with the side, a row for each harmonic. coarse: whether the net is silent. strain, drawn:
    the sum of what pulled at each Gaussian's place in the picture since it last grew, and in how many pictures.
    """

    strain: Tensor
    drawn: Tensor

    def __init__(self, body: Body, heard: tuple[int, int], sizes: Sizes) -> None:
        super().__init__(body.head, body.torso, body.bases, heard)
        self.sizes, self.coarse = sizes, False
        self.raster: Raster = TILED
        self.deformation = Deformation(body.bases.shape[1], sizes, _box(self.head.at.detach()))
        self.shades = nn.Parameter(torch.zeros(len(self.head), terms(sizes.degree), 3))
        for name in ("strain", "drawn"):
            self.register_buffer(name, torch.zeros(len(self.head) + len(self.torso)))
        self._looked: list[tuple[Tensor, int]] = []
        self._still: Still | None = None

    @property
    def make(self) -> dict[str, Any]:
        """As a talker's, and how large the nets are."""
        return {**super().make, "sizes": written(self.sizes)}

    def train(self, mode: bool = True) -> Deformed:  # noqa: FBT002  as PyTorch has it
        """As PyTorch's. What was looked up once for all frames is forgotten: it may change."""
        self._still = None
        super().train(mode)
        return self

    def shown(self, codes: Float[Tensor, " k"], view: View) -> Float[Tensor, "s s 3"]:
        """Head and torso, drawn over the ground, in whole precision whatever the nets have."""
        (picture,) = self.shown_together(codes[None], [view])
        return picture

    def shown_together(self, codes: Float[Tensor, "b k"], views: Sequence[View]) -> list[Float[Tensor, "s s 3"]]:
        """Each as ``shown`` has it; on a GPU all are drawn at once."""
        side = int(views[0].ground.shape[0])
        with torch.autocast(self.device.type, enabled=False):
            flats = [flattened(self(one, view), side) for one, view in zip(codes, views, strict=True)]
            for flat in flats:
                if flat.at.requires_grad:
                    flat.at.retain_grad()
                    self._looked.append((flat.at, side))
            drawn = together(self.raster, flats, side, side)
            return [one.over(view.ground) for one, view in zip(drawn, views, strict=True)]

    def moved(self, device: torch.device, raster: str) -> Deformed:
        """As any model's; from now on that draws."""
        self.raster = chosen(raster, device)
        return super().moved(device, raster)

    def beside(self, other: Deformed) -> Deformed:
        """As any model's; the same draws."""
        self.raster = other.raster
        return super().beside(other)

    def offsets(self, codes: Float[Tensor, " k"], view: View) -> Float[Tensor, "n 14"]:
        """Proportion, colours by side, and unless it is silent, what the net adds."""
        still = self._at_rest()
        found = super().offsets(codes, view) + self.deformation.resting(still)
        if not self.coarse:
            with mixed(self.device):
                found = found + self.deformation(still, codes, view).float()
        way = nn.functional.normalize(self.head.at + view.move @ view.turn, dim=1)
        shade = (harmonics(way, self.sizes.degree)[..., None] * self.shades).sum(1)
        return torch.cat([found[:, : COLOUR.start], found[:, COLOUR] + shade, found[:, COLOUR.stop :]], 1)

    @torch.no_grad()
    def strained(self) -> None:
        """Afterwards it is counted what the last gradients pulled at, as if each picture's loss were the whole one."""
        for at, side in self._looked:
            if at.grad is not None:
                pull = at.grad.norm(dim=1) * side / 2 * len(self._looked)
                self.strain += pull
                self.drawn += pull > 0
        self._looked.clear()

    def unstrained(self) -> None:
        """Afterwards nothing has pulled at anything."""
        count = len(self.head) + len(self.torso)
        self.strain, self.drawn = self.strain.new_zeros(count), self.drawn.new_zeros(count)

    def _at_rest(self) -> Still:
        """What the places say, looked up once where nothing learns."""
        if torch.is_grad_enabled():
            return self.deformation.still(self.head.at)
        if self._still is None or self.training:
            self._still = self.deformation.still(self.head.at)
        return self._still


def _box(at: Float[Tensor, "n 3"]) -> tuple[Tensor, Tensor]:
    low, high = at.amin(0), at.amax(0)
    middle, half = (low + high) / 2, ROOM * (high - low).clamp_min(1e-3) / 2
    return middle - half, middle + half
