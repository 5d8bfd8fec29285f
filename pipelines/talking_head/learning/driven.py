"""A model whose mouth codes drive: the scene as it learns it, and how it speaks with all else frozen."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float64, Int64, UInt8

from pipelines.talking_head.drive.codes import Mouths
from pipelines.talking_head.drive.motion import Motion
from pipelines.talking_head.drive.shaping import Controls, controls, shaped
from pipelines.talking_head.learning.engine import Model, rendered
from pipelines.talking_head.listen.hearing import Heard
from pipelines.talking_head.scene import Scene
from pipelines.talking_head.track.bundle import Head
from pipelines.talking_head.track.tracked import Track


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """What of a clip is learned by a model that a motion drives.

    scene: its codes are the controls. head: its bases are the controls'. codes: of the tracked mouth, a row a frame.
    """

    scene: Scene
    head: Head
    motion: Motion
    controls: Controls
    codes: Float64[np.ndarray, "t k"]


def prepared(scene: Scene, track: Track, mouths: Mouths, learned: tuple[Motion, Int64[np.ndarray, " l"]]) -> Part:
    """The clip as a model learns it. learned: the motion, and the frames that it learned from; no other has a say."""
    motion, rows = learned
    codes = motion.basis.codes(motion.subject, mouths)
    control = controls(codes[rows], track.blink[rows])
    driven = control(motion.seen.clamped(codes), track.blink)
    return Part(
        scene=replace(scene, codes=torch.from_numpy(driven).float()),
        head=shaped(track, driven, rows),
        motion=motion,
        controls=control,
        codes=codes,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Performer:
    """A model that stands in the pose of one frame, with its eyes as they usually are. row: that frame."""

    model: Model
    part: Part
    row: int

    def __call__(self, heard: Heard) -> Iterator[UInt8[np.ndarray, "s s 3"]]:
        """A picture for each frame, of what the motion hears in it."""
        return self.shown(self.part.motion.freely(heard))

    def shown(self, codes: Float64[np.ndarray, "t k"]) -> Iterator[UInt8[np.ndarray, "s s 3"]]:
        """A picture for each of these mouths, clamped to those that were seen."""
        eyes = np.tile(self.part.controls.eyes, (len(codes), 1))
        driven = torch.from_numpy(self.part.controls(self.part.motion.seen.clamped(codes), eyes)).float()
        for control in driven:
            yield picture(self.model, self.part.scene, self.row, control)


def calm(scene: Scene, rows: Int64[np.ndarray, " l"]) -> int:
    """The frame of those whose pose is in the middle of theirs: to stand in while only the mouth moves."""
    return int(rows[scene.chosen(torch.from_numpy(rows)).reference])


@torch.no_grad()
def picture(model: Model, scene: Scene, row: int, control: torch.Tensor) -> UInt8[np.ndarray, "s s 3"]:
    """The frame, its codes these."""
    shown = rendered(model, scene, row, control).clamp(0, 1) * 255
    return np.asarray(shown.round().byte().cpu().numpy())
