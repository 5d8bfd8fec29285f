"""The engine ``egstalker``: where its model begins, at which rates it learns, what it is held to, and when it grows."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pipelines.talking_head.egstalker.grafting import Grafting
from pipelines.talking_head.egstalker.growing import Rules
from pipelines.talking_head.egstalker.model import Deformed
from pipelines.talking_head.egstalker.planes import rough
from pipelines.talking_head.egstalker.sizes import MINIATURE, Sizes, read, sized
from pipelines.talking_head.gaussians.cloud import Counts
from pipelines.talking_head.gaussians.starting import started, unstarted
from pipelines.talking_head.learning.engine import MOTION, Drive, Lost, Turn
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
    "shades": 0.002,
    "effects": 0.001,
    "leans": 0.004,
    "grids": 0.004,
}
"""Adam's rates of what belongs to Gaussians and to planes; all others are nets'."""
NETS, DECAY = 1e-3, 0.05
LEANS = "leans"
SHY = 3.0
"""Decay of what a pose does to the torso: half a minute of it is learned by heart, and sway says the rest."""
CODES, SMOOTH = 0.01, 0.01
"""Weights in the loss: of codes unlike the tracked ones, of roughness of the planes."""
COARSE = 0.1
"""Share of the course in which the net is silent: EGSTalker's 100 of its 1,100 iterations."""
BATCH = 8
"""Frames of an iteration on a GPU; on a CPU it is one."""
FEW, MANY = Counts(), Counts(face=9_000, hair=4_500, torso=5_000, mouth=1_000)
"""Gaussians at the start of a miniature, and of larger pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Egstalker:
    """An ``Engine``. counts, sizes: Gaussians at the start, and nets; None: as suits the pictures. rules: of growth."""

    counts: Counts | None = None
    sizes: Sizes | None = None
    rules: Rules = field(default_factory=Rules)
    name: str = "egstalker"

    def begun(self, scene: Scene, head: Head, triangles: Int[Tensor, "f 3"], drive: Drive) -> Deformed:
        """On the tracked surface, in the reference frame's masks and colours; what the net adds is hardly anything."""
        sizes = self.sizes or sized(scene.side)
        counts = self.counts or (FEW if sizes == MINIATURE else MANY)
        if drive != MOTION:
            counts = replace(counts, mouth=0)
        heard = (scene.heard.shape[2], scene.heard.shape[3])
        return Deformed(started(scene, head, triangles, counts), heard, sizes)

    def revived(self, make: Mapping[str, Any]) -> Deformed:
        """So many Gaussians, moved by so many codes, and nets of those sizes."""
        body = unstarted(make["head"], make["torso"], make["codes"])
        return Deformed(body, (make["steps"], make["channels"]), read(make["sizes"]))

    def groups(self, model: Deformed) -> list[dict[str, Any]]:
        """A rate for each kind of number."""
        found = []
        for name, parameter in model.named_parameters():
            rate = next((RATES[part] for part in reversed(name.split(".")) if part in RATES), None)
            decay = SHY if name == LEANS else DECAY if rate is None else 0.0
            found.append({"params": [parameter], "lr": rate or NETS, "weight_decay": decay})
        return found

    def loss(self, model: Deformed, scene: Scene, turn: Turn) -> Lost:
        """How frames look, and how smooth the planes are; where sound drives, codes near the tracked ones too."""
        model.coarse = turn.done < COARSE
        count = BATCH if scene.moves.is_cuda else 1
        rows = [picked(scene.opening, turn) for _ in range(count)]
        codes, aimed = zip(*(_driven(model, scene, row, turn) for row in rows), strict=True)
        pictures = model.shown_together(torch.stack(codes), [scene.view(row) for row in rows])
        pairs = list(zip(pictures, rows, strict=True))
        total = torch.stack([_loss(shown, scene, row, turn) for shown, row in pairs]).mean()
        total = total + torch.stack(aimed).mean() + SMOOTH * rough(model.deformation.planes)
        return Lost(total, torch.stack([squared(shown, scene, row) for shown, row in pairs]).mean())

    def after(self, model: Deformed, optimiser: torch.optim.Optimizer, turn: Turn) -> None:
        """What strained is counted; in its time, it grows."""
        model.strained()
        if not self.rules.growing(turn.done):
            return
        number, grafting = turn.iteration + 1, Grafting(model, optimiser, turn.chance)
        if number % self.rules.every == 0:
            grafting.grow(self.rules)
        if self.rules.reset and number % self.rules.reset == 0:
            grafting.lower()


def _driven(model: Deformed, scene: Scene, row: int, turn: Turn) -> tuple[Tensor, Tensor]:
    """What drives a frame of a turn, and what is lost by that. Every other pair of turns the tracked codes do.

    So these keep their meaning, and sound has something to aim at.
    """
    codes, aimed = scene.codes[row], scene.ground.new_zeros((), dtype=torch.float32)
    if turn.drive != MOTION:
        said = model.said(scene.heard[row : row + 1], scene.eyes[row : row + 1])[0]
        aimed = CODES * (said - codes).square().mean()
        codes = codes if turn.iteration % 4 in {2, 3} else said
    return codes, aimed


def _loss(shown: Float[Tensor, "s s 3"], scene: Scene, row: int, turn: Turn) -> Float[Tensor, ""]:
    """How a frame looks, in whole precision: in half of it, structure is the difference of like numbers."""
    with torch.autocast(shown.device.type, enabled=False):
        return looks(shown, scene, row, late=turn.late)
