"""What of a picture is head, torso and background: the person, divided at the jaw."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from pipelines.talking_head.landmarks.points import CHIN, FOREHEAD

BAND = 0.12
"""Heights of the face over which head passes into neck."""
_JAW = (172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397)
"""From one angle of the jaw over the chin to the other. What hangs lower at the sides (hair) goes with the torso."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Shares of each pixel; with the background they add up to 1. Hair is head; the neck is both."""

    head: Float32[np.ndarray, "s s"]
    torso: Float32[np.ndarray, "s s"]

    @property
    def background(self) -> Float32[np.ndarray, "s s"]:
        """What is no person."""
        return np.asarray(1.0 - self.head - self.torso, dtype=np.float32)


def divided(person: Float32[np.ndarray, "s s"], surface: Float64[np.ndarray, "v 2"]) -> Split:
    """The split of a person whose face is there. surface: from the middle of the picture, in its sides."""
    above = above_jaw(surface, person.shape[0])
    whole = np.clip(person, 0.0, 1.0)
    return Split(head=whole * above, torso=whole * (1.0 - above))


def above_jaw(surface: Float64[np.ndarray, "v 2"], side: int) -> Float32[np.ndarray, "s s"]:
    """How much each pixel belongs to the head by its place: 1 above the jaw, 0 from a band under it on.

    Above and under as the head is tilted; beside the face the border goes on level from the angles of the jaw.
    """
    across, down = axes(surface)
    height = float((surface[CHIN] - surface[FOREHEAD]) @ down)
    jaw = surface[list(_JAW)]
    order = np.argsort(jaw @ across)
    centres = (np.arange(side) + 0.5) / side - 0.5
    x, y = np.meshgrid(centres, centres)
    border = np.interp(x * across[0] + y * across[1], (jaw @ across)[order], (jaw @ down)[order])
    under = (x * down[0] + y * down[1] - border) / (BAND * height)
    share = np.clip(1.0 - under, 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share), dtype=np.float32)


def axes(surface: Float64[np.ndarray, "v 2"]) -> tuple[Float64[np.ndarray, 2], Float64[np.ndarray, 2]]:
    """The head's right and down in the picture, of length 1."""
    down = surface[CHIN] - surface[FOREHEAD]
    down = down / np.linalg.norm(down)
    return np.array([down[1], -down[0]]), down
