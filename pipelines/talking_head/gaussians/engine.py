"""The engine: Gaussians on the tracked head, moved by codes, drawn tile by tile, learned a frame at a time."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from pipelines.talking_head.gaussians.cloud import Cloud, Counts, Start, in_mask, on_face, on_surface
from pipelines.talking_head.gaussians.mouth import between_lips, inside
from pipelines.talking_head.gaussians.moving import Talker
from pipelines.talking_head.learning.engine import MOTION, Drive, Lost, Turn, rendered
from pipelines.talking_head.learning.looks import looks, squared
from pipelines.talking_head.learning.picking import picked
from pipelines.talking_head.scene import Scene
from pipelines.talking_head.track.bundle import Head

RATES = {
    "at": 0.01,
    "sizes": 0.01,
    "quaternions": 0.004,
    "opacity": 0.02,
    "colour": 0.02,
    "effects": 0.004,
    "leans": 0.004,
}
"""Adam's rates of what belongs to Gaussians; all others are nets'."""
NETS, DECAY = 1e-3, 0.05
CODES = 0.01
"""Weight in the loss of codes unlike the tracked ones."""


@dataclass(frozen=True, slots=True)
class Gaussians:
    """An ``Engine``. counts: how many there are where."""

    counts: Counts = field(default_factory=Counts)
    name: str = "gaussians"

    def begun(self, scene: Scene, head: Head, triangles: Int[Tensor, "f 3"], drive: Drive) -> Talker:
        """On the tracked surface, in the reference frame's masks and colours."""
        generator = torch.Generator().manual_seed(int(torch.randint(1 << 31, (1,))))
        counts = self.counts
        shape, bases = (torch.from_numpy(values).float() for values in (head.shape, head.bases))
        chosen, shares = on_surface(shape, triangles, counts.face, generator)
        corners = triangles[chosen]
        moved = (bases[:, corners] * shares[None, ..., None]).sum(2).transpose(0, 1)
        middle = scene.reference
        face = on_face(scene, (shape[corners] * shares[..., None]).sum(1))
        hair = in_mask(scene, scene.head[middle] / 255.0, counts.hair, generator, of_head=True)
        torso = in_mask(scene, scene.torso[middle] / 255.0, counts.torso, generator, of_head=False)
        starts, ways = [face, hair], [moved, moved.new_zeros(counts.hair, *moved.shape[1:])]
        if drive == MOTION and len(between_lips(triangles)):
            teeth, way = inside(scene, (shape, bases), triangles, counts.mouth, generator)
            starts, ways = [*starts, teeth], [*ways, way]
        return Talker(Cloud(starts), Cloud([torso]), torch.cat(ways), (scene.heard.shape[2], scene.heard.shape[3]))

    def revived(self, make: Mapping[str, Any]) -> Talker:
        """So many Gaussians, moved by so many codes."""

        def cloud(count: int) -> Cloud:
            return Cloud([Start(at=torch.zeros(count, 3), colour=torch.zeros(count, 3), size=1.0)])

        bases = torch.zeros(make["head"], make["codes"], 3)
        return Talker(cloud(make["head"]), cloud(make["torso"]), bases, (make["steps"], make["channels"]))

    def groups(self, model: Talker) -> list[dict[str, Any]]:
        """A rate for each kind of number."""
        found = []
        for name, parameter in model.named_parameters():
            rate = RATES.get(name.rsplit(".", 1)[-1], NETS)
            found.append({"params": [parameter], "lr": rate, "weight_decay": DECAY if rate == NETS else 0.0})
        return found

    def loss(self, model: Talker, scene: Scene, turn: Turn) -> Lost:
        """How a frame looks; where sound drives, codes near the tracked ones too.

        Every other pair of turns is drawn with the tracked codes, so that these keep their meaning, and sound has
        something to aim at.
        """
        row = picked(scene.opening, turn)
        if turn.drive == MOTION:
            shown = rendered(model, scene, row, scene.codes[row])
            return Lost(looks(shown, scene, row, late=turn.late), squared(shown, scene, row))
        codes = model.said(scene.heard[row : row + 1], scene.eyes[row : row + 1])[0]
        taught = turn.iteration % 4 in {2, 3}
        shown = rendered(model, scene, row, scene.codes[row] if taught else codes)
        aimed = CODES * (codes - scene.codes[row]).square().mean()
        return Lost(looks(shown, scene, row, late=turn.late) + aimed, squared(shown, scene, row))

    def after(self, model: Talker, optimiser: torch.optim.Optimizer, turn: Turn) -> None:
        """Nothing grows."""
