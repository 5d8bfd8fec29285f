"""What an engine is, and the model that it makes: all that the course, the stages and the film know of either."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from pipelines.talking_head.scene import Scene, View
from pipelines.talking_head.track.bundle import Head

Drive = Literal["audio", "motion"]
AUDIO: Drive = "audio"
MOTION: Drive = "motion"
HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One iteration. done: the share of the course before it. rows: the frames to learn from. chance: the run's own.

    drive: whether the model's net finds codes in the sound, or the scene's are all there are.
    """

    iteration: int
    done: float
    rows: Int[Tensor, " n"]
    chance: torch.Generator
    drive: Drive

    @property
    def late(self) -> bool:
        """From half-way on the mouth counts more."""
        return self.done >= HALF


@dataclass(frozen=True, slots=True)
class Lost:
    """What an iteration came to. total: what is made less. square: mean squared error of what was drawn, 0 to 1."""

    total: Float[Tensor, ""]
    square: Float[Tensor, ""]


class Model(nn.Module):
    """Somebody as an engine has learned them."""

    @property
    @abstractmethod
    def make(self) -> dict[str, Any]:
        """What JSON can hold and ``Engine.revived`` needs: the numbers of parts, never what was learned."""

    @property
    @abstractmethod
    def counted(self) -> dict[str, int]:
        """What the receipt says of its size."""

    @abstractmethod
    def said(self, heard: Float[Tensor, "b 8 w c"], eyes: Float[Tensor, "b 2"]) -> Float[Tensor, "b k"]:
        """The codes that the sound and the eyes give (``drive = "audio"``)."""

    @abstractmethod
    def shown(self, codes: Float[Tensor, " k"], view: View) -> Float[Tensor, "s s 3"]:
        """The picture, 0 to 1, head, torso and ground."""

    def shown_together(self, codes: Float[Tensor, "b k"], views: Sequence[View]) -> list[Float[Tensor, "s s 3"]]:
        """Several pictures, each as ``shown`` has it: what keeps a GPU busy, where an engine can."""
        return [self.shown(one, view) for one, view in zip(codes, views, strict=True)]

    def moved(self, device: torch.device, raster: str) -> Self:
        """The same, on that device from now on. raster: what draws Gaussians, for engines that have any."""
        del raster
        self.to(device)
        return self

    def beside(self, other: Self) -> Self:
        """The same, from now on where the other is, and drawn as that is: a checkpoint says neither."""
        self.to(other.device)
        return self

    @property
    def device(self) -> torch.device:
        """What it computes on."""
        found: torch.device = next(self.parameters()).device
        return found


class Engine(Protocol):
    """One way to learn a head. It keeps no state of its own: a model and a turn are all it has."""

    @property
    def name(self) -> str:
        """The word in options and receipts."""

    def begun(self, scene: Scene, head: Head, triangles: Int[Tensor, "f 3"], drive: Drive) -> Model:
        """A model at its start. scene: the frames to learn from, no others. Chance is torch's own, seeded before."""

    def revived(self, make: Mapping[str, Any]) -> Model:
        """A model of that make, its numbers to be loaded."""

    def groups(self, model: Any) -> list[dict[str, Any]]:
        """The optimiser's groups: ``params``, ``lr`` at the beginning, and what else AdamW takes."""

    def loss(self, model: Any, scene: Scene, turn: Turn) -> Lost:
        """What that turn draws, and how far it is off."""

    def after(self, model: Any, optimiser: torch.optim.Optimizer, turn: Turn) -> None:
        """What is done when the optimiser has stepped: growth, occupancy. Parameters may change their counts."""


def rendered(model: Model, scene: Scene, row: int, codes: Float[Tensor, " k"] | None = None) -> Float[Tensor, "s s 3"]:
    """The frame as the model has it, 0 to 1, where the model is. codes: in place of those that its sound gives."""
    if codes is None:
        heard, eyes = (values[row : row + 1].to(model.device) for values in (scene.heard, scene.eyes))
        codes = model.said(heard, eyes)[0]
    return model.shown(codes.to(model.device), scene.view(row).on(model.device))
