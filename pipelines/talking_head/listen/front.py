"""What a front end is, and how it is asked so that nothing leaks."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from jaxtyping import Float32, Int64

from pipelines.talking_head import HOP

NEIGHBOURS = (4, 3)
"""Frames before and after a frame that are given to what smooths over time (ER-NeRF's eight)."""

Sound = Float32[np.ndarray, " n"]
Features = Float32[np.ndarray, "t w c"]


class FrontEnd(Protocol):
    """Sound to features. Same digest, same features: a model is only ever driven by the front end it learned from."""

    @property
    def name(self) -> str:
        """The word in options and receipts."""

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of what it computes: its numbers and its weights."""

    @property
    def layer(self) -> int:
        """Of its network, from the bottom, from which its numbers come; 0 where there is no choice."""

    def __call__(self, sound: Sound) -> Features:
        """The features of len(sound) // HOP frames: w steps of c channels around the middle of each.

        A frame sees at least 320 ms; before the sound begins and after it ends there is silence. Nothing else of the
        process, the clip or earlier calls has a say.
        """


def frames_of(samples: int) -> int:
    """How many frames a sound has; what is left over at its end is none."""
    return samples // HOP


def apart(front: FrontEnd, sound: Sound, ends: Sequence[int]) -> Features:
    """The features of a sound whose parts have not heard each other: each part by itself, in order.

    ends: the frame after the last of each part, ascending; the last is that of the sound.
    """
    starts = [0, *ends[:-1]]
    return np.concatenate([front(sound[s * HOP : e * HOP]) for s, e in zip(starts, ends, strict=True)])


def around(features: Features, rows: Int64[np.ndarray, " t"] | None = None) -> Float32[np.ndarray, "t k w c"]:
    """Those frames' features, all without rows, with those of the frames before and after: NEIGHBOURS.

    Beyond the ends there are the first and last again.
    """
    before, after = NEIGHBOURS
    rows = np.arange(len(features)) if rows is None else rows
    beside = rows[:, None] + np.arange(-before, after + 1)
    return np.asarray(features[np.clip(beside, 0, len(features) - 1)])
