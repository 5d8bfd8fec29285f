"""What gives a model its codes: its own ear, or a motion; and never a mouth that was not seen."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pipelines.talking_head.drive.kept import arrays, of_arrays
from pipelines.talking_head.drive.motion import Motion
from pipelines.talking_head.drive.shaping import Controls
from pipelines.talking_head.learning.engine import AUDIO, MOTION, Drive, Model

MOVED, SEEN = "motion.npz", ("low", "high", "shut")
"""What is remembered of a driver: the file of a motion, and the arrays of a net."""


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Codes for a model, a row a frame. held: the frames whose mouth was never seen, and was held at what was."""

    codes: Float[Tensor, "b k"]
    held: Bool[Tensor, " b"]


class Driver(Protocol):
    """Gives a model its codes."""

    @property
    def drive(self) -> Drive:
        """The word in options and receipts."""

    def __call__(
        self, heard: Float[Tensor, "b 8 w c"], eyes: Float[Tensor, "b 2"], speech: Float[Tensor, " b"]
    ) -> Given:
        """Codes for each frame. heard: its features and its neighbours'. eyes: how far shut. speech: see ``Heard``."""


@dataclass(frozen=True, slots=True, eq=False)
class ByEar:
    """The net of the model itself. low, high: the codes that were seen. shut: those of a mouth in silence."""

    model: Model
    low: Float[Tensor, " k"]
    high: Float[Tensor, " k"]
    shut: Float[Tensor, " k"]

    @property
    def drive(self) -> Drive:
        """Sound, without anything between."""
        return AUDIO

    @torch.no_grad()
    def __call__(
        self, heard: Float[Tensor, "b 8 w c"], eyes: Float[Tensor, "b 2"], speech: Float[Tensor, " b"]
    ) -> Given:
        """What the model says to it."""
        said = self.model.said(heard.to(self.model.device), eyes.to(self.model.device)).cpu()
        codes = self.shut + speech[:, None] * (said - self.shut)
        kept = torch.clamp(codes, self.low, self.high)
        return Given(kept, (kept != codes).any(1))


@dataclass(frozen=True, slots=True, eq=False)
class ByMotion:
    """A motion that was learned before the model, and the model's controls."""

    motion: Motion
    controls: Controls

    @property
    def drive(self) -> Drive:
        """A mouth's movements, which the sound gave."""
        return MOTION

    def __call__(
        self, heard: Float[Tensor, "b 8 w c"], eyes: Float[Tensor, "b 2"], speech: Float[Tensor, " b"]
    ) -> Given:
        """What the motion makes of it, with those eyes."""
        codes, seen = self.motion.told(heard.numpy(), speech.numpy()), self.motion.seen
        driven = self.controls(seen.clamped(codes), eyes.numpy())
        return Given(torch.from_numpy(driven).float(), torch.from_numpy(seen.outside(codes)))


def keep_driver(folder: Path, driver: ByEar | ByMotion) -> None:
    """Afterwards the folder holds the driver, but for its model."""
    if isinstance(driver, ByMotion):
        np.savez(folder / MOVED, allow_pickle=False, **arrays(driver.motion, driver.controls))
        return
    for name in SEEN:
        np.save(folder / f"{name}.npy", getattr(driver, name).numpy())


def kept_driver(folder: Path, drive: str, model: Model) -> ByEar | ByMotion:
    """The driver that was kept in the folder, with its model."""
    if drive == MOTION:
        with np.load(folder / MOVED, allow_pickle=False) as held:
            return ByMotion(*of_arrays(dict(held)))
    return ByEar(model, **{name: torch.from_numpy(np.load(folder / f"{name}.npy")) for name in SEEN})
