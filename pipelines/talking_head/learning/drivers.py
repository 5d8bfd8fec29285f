"""What gives a model its codes: its own ear, or a motion; and never a mouth that was not seen."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from pipelines.talking_head.drive.kept import arrays, of_arrays
from pipelines.talking_head.drive.motion import Motion
from pipelines.talking_head.drive.pausing import opened
from pipelines.talking_head.drive.shaping import Controls
from pipelines.talking_head.learning.engine import AUDIO, MOTION, Drive, Model
from pipelines.talking_head.listen.front import around
from pipelines.talking_head.listen.hearing import Heard

MOVED, SEEN = "motion.npz", ("low", "high", "shut")
"""What is remembered of a driver: the file of a motion, and the arrays of a net."""


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Codes for a model, a row a frame. held: the frames whose mouth was never seen, and was held at what was."""

    codes: Float[Tensor, "b k"]
    held: Bool[Tensor, " b"]


Saying = Callable[[Int64[np.ndarray, " b"], Float[Tensor, "b 2"]], Given]
"""The codes of those frames of a sound, with eyes so far shut."""


class Driver(Protocol):
    """Gives a model its codes."""

    @property
    def drive(self) -> Drive:
        """The word in options and receipts."""

    def hearing(self, heard: Heard) -> Saying:
        """What gives the codes of a sound, once all of it was heard: where its speech begins counts before it does."""


@dataclass(frozen=True, slots=True, eq=False)
class ByEar:
    """The net of the model itself. low, high: the codes that were seen. shut: those of a shut mouth."""

    model: Model
    low: Float[Tensor, " k"]
    high: Float[Tensor, " k"]
    shut: Float[Tensor, " k"]

    @property
    def drive(self) -> Drive:
        """Sound, without anything between."""
        return AUDIO

    def hearing(self, heard: Heard) -> Saying:
        """What the model says to it, led to the shut mouth in silence."""
        open_ = torch.from_numpy(opened(heard.speech)).float()[:, None]

        def saying(rows: Int64[np.ndarray, " b"], eyes: Float[Tensor, "b 2"]) -> Given:
            beside = torch.from_numpy(around(heard.features, rows)).to(self.model.device)
            with torch.no_grad():
                said = self.model.said(beside, eyes.to(self.model.device)).cpu()
            codes = self.shut + open_[rows] * (said - self.shut)
            kept = torch.clamp(codes, self.low, self.high)
            return Given(kept, (kept != codes).any(1))

        return saying


@dataclass(frozen=True, slots=True, eq=False)
class ByMotion:
    """A motion that was learned before the model, and the model's controls."""

    motion: Motion
    controls: Controls

    @property
    def drive(self) -> Drive:
        """A mouth's movements, which the sound gave."""
        return MOTION

    def hearing(self, heard: Heard) -> Saying:
        """What the motion makes of it."""
        codes, seen = self.motion.freely(heard), self.motion.seen

        def saying(rows: Int64[np.ndarray, " b"], eyes: Float[Tensor, "b 2"]) -> Given:
            driven = self.controls(seen.clamped(codes[rows]), eyes.numpy())
            return Given(torch.from_numpy(driven).float(), torch.from_numpy(seen.outside(codes[rows])))

        return saying


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
