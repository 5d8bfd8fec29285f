"""What each code does to a tracked head: the surface at rest, and the way every point of it goes with a code."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64, Int64

from pipelines.talking_head.landmarks.points import LIPS
from pipelines.talking_head.track.bundle import Head
from pipelines.talking_head.track.tracked import Track

FIRM = 1.0
"""Frames' worth of doubt in what a code does."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Controls:
    """The codes of a mouth and both eyes as an engine is driven by them: about 0, of deviation 1 where learned from."""

    mean: Float64[np.ndarray, " k"]
    spread: Float64[np.ndarray, " k"]
    eyes: Float64[np.ndarray, " 2"]

    def __call__(self, codes: Float64[np.ndarray, "t k"], blink: Float64[np.ndarray, "t 2"]) -> np.ndarray:
        """A row a frame: first the mouth, then the eyes, 0 as they usually are."""
        return np.concatenate([(codes - self.mean) / self.spread, blink - self.eyes], axis=1)


def controls(codes: Float64[np.ndarray, "t k"], blink: Float64[np.ndarray, "t 2"]) -> Controls:
    """The controls by frames to learn from."""
    return Controls(mean=codes.mean(axis=0), spread=codes.std(axis=0) + 1e-6, eyes=np.median(blink, axis=0))


def shaped(track: Track, control: Float64[np.ndarray, "t c"], rows: Int64[np.ndarray, " l"]) -> Head:
    """The head at rest and its bases, one a control, by least squares over those frames.

    Lips go where they were seen, not where the tracked bases, which smooth them, have put them.
    """
    formed = track.head.formed(track.coefficients[rows])
    lips = track.lips[rows] * track.head.between_eyes
    formed[:, list(LIPS), :2] += (lips - lips.mean(axis=0)) - (
        formed[:, list(LIPS), :2] - formed[:, list(LIPS), :2].mean(axis=0)
    )
    with_one = np.column_stack([np.ones(len(rows)), control[rows]])
    square = with_one.T @ with_one + FIRM * np.diag([0.0, *np.ones(control.shape[1])])
    found = np.linalg.solve(square, with_one.T @ formed.reshape(len(rows), -1)).reshape(-1, *formed.shape[1:])
    return replace(track.head, shape=found[0], bases=found[1:])
