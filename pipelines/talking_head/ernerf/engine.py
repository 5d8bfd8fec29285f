"""The engine: a radiance field of the head and a flat torso, learned ray by ray.

The paper learns the head, then its lips, then the torso. Here the torso is learned beside both: it shares nothing with
the head, so neither knows of the other, and a turn of it costs a tenth.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from pipelines.talking_head.ernerf import occupancy, turns
from pipelines.talking_head.ernerf.box import around
from pipelines.talking_head.ernerf.planes import Layout
from pipelines.talking_head.ernerf.portrait import Make, Portrait
from pipelines.talking_head.ernerf.resting import widest
from pipelines.talking_head.ernerf.sizes import Sizes, sized
from pipelines.talking_head.learning.engine import Drive, Lost, Turn
from pipelines.talking_head.scene import Scene
from pipelines.talking_head.track.bundle import Head

GRID, ATTENDS = 1e-2, 5.0
"""Rates: of grids; of what weighs a sound's neighbours, in those of other nets."""
TINY = 1e-15
"""Added to a gradient's size in a grid, where most are small."""


class Stage(StrEnum):
    """What of a head is learned: all of it, or one part where the rest has been learned before."""

    WHOLE = "whole"
    HEAD = "head"
    LIPS = "lips"
    TORSO = "torso"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErNerf:
    """An ``Engine``. sizes: None: as the pictures' size has it. torso: whether one is learned and drawn."""

    sizes: Sizes | None = None
    stage: Stage = Stage.WHOLE
    torso: bool = True
    name: str = "ernerf"

    def begun(self, scene: Scene, head: Head, triangles: Int[Tensor, "f 3"], drive: Drive) -> Portrait:
        """An even fog in the box of the head, where masks and surface allow it."""
        del triangles, drive
        make = Make(
            sizes=self.sizes or sized(scene.side),
            codes=scene.codes.shape[1],
            surface=len(head.shape),
            frames=len(scene),
            steps=scene.heard.shape[2],
            channels=scene.heard.shape[3],
            torso=self.torso,
        )
        portrait = Portrait(make)
        parts, shape = portrait.parts, torch.from_numpy(head.shape).float()
        box = around(scene, shape)
        parts.head.put(box)
        parts.head.rest.put(head, widest(scene), box)
        parts.head.occupancy.confined(occupancy.allowed(scene, shape, box, make.sizes.cells))
        parts.torso.accustomed(scene.turns, scene.moves)
        portrait.begin()
        return portrait

    def revived(self, make: Mapping[str, Any]) -> Portrait:
        """A portrait of those sizes and counts."""
        sizes = {**make["sizes"], **{name: Layout(**make["sizes"][name]) for name in ("planes", "torso")}}
        return Portrait(Make(**{**make, "sizes": Sizes(**sizes)}))

    def groups(self, model: Portrait) -> list[dict[str, Any]]:
        """Rates for grids, for what weighs the neighbours of a sound, and for all other nets."""
        parts, rate = model.parts, model.made.sizes.rate
        grids, weighs = [parts.head.tables, parts.torso.table], list(parts.ear.attends.parameters())
        known = {id(one) for one in grids + weighs}
        nets = [one for one in parts.parameters() if id(one) not in known]
        return [
            {"params": grids, "lr": GRID, "eps": TINY},
            {"params": nets, "lr": rate, "weight_decay": 0.0},
            {"params": weighs, "lr": ATTENDS * rate, "weight_decay": 1e-4},
        ]

    def loss(self, model: Portrait, scene: Scene, turn: Turn) -> Lost:
        """How a frame's head, or its lips, and some of the torso look."""
        found = []
        if self.stage != Stage.TORSO:
            drawn = turns.of_lips if self.lips(turn, model.made.sizes.lips) else turns.of_head
            found.append(drawn(model, scene, turn))
        if self.stage == Stage.TORSO or (self.torso and self.stage == Stage.WHOLE):
            found.append(turns.of_torso(model, scene, turn))
        return Lost(torch.stack([one.total for one in found]).sum(), found[0].square)

    def after(self, model: Portrait, optimiser: torch.optim.Optimizer, turn: Turn) -> None:
        """The steady numbers follow, and now and then is looked where the head is."""
        del optimiser
        if turn.iteration % occupancy.EVERY == occupancy.EVERY - 1 and model.last is not None:
            head, last = model.parts.head, model.last
            head.occupancy.refresh(lambda points: head.dense(points, last), turn.chance)
        model.steadied()

    def lips(self, turn: Turn, begin: float) -> bool:
        """Whether that turn is one of lips: from that share of the course on every other."""
        return bool(turn.iteration % 2) and (
            self.stage == Stage.LIPS or (self.stage == Stage.WHOLE and turn.done >= begin)
        )
