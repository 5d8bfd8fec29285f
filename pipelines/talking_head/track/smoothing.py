"""Smoothing over time: a parabola through the neighbours of each frame (Savitzky and Golay 1964)."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from pipelines.talking_head.track.turning import Poses, rotation, vector

WINDOW = 7
"""Frames of a parabola, .28 s: a nod is kept, the landmarks' tremble is halved."""


def smoothed(values: Float64[np.ndarray, "t ..."], window: int = WINDOW) -> Float64[np.ndarray, "t ..."]:
    """The values with each row on the parabola of least squares through the rows around it.

    At the ends it is the parabola of the first and the last window, so nothing is flattened there. window: odd.
    """
    if len(values) < window:
        return values
    weights = parabola(window)
    rows = np.arange(len(values))
    starts = np.clip(rows - window // 2, 0, len(values) - window)
    around = values[starts[:, None] + np.arange(window)]
    return np.asarray(np.einsum("tw,tw...->t...", weights[rows - starts], around))


def parabola(window: int) -> Float64[np.ndarray, "w w"]:
    """The weights of a window's rows in the value of its parabola at each row."""
    at = np.linspace(-1, 1, window)
    powers = np.stack([np.ones(window), at, at**2], axis=1)
    return np.asarray(powers @ np.linalg.pinv(powers))


def steadied(poses: Poses, window: int = WINDOW) -> Poses:
    """The poses, smoothed: turns as small turns from the middle one, moves as they are."""
    middle = poses.turns[len(poses) // 2]
    small = smoothed(vector(poses.turns @ middle.T), window)
    return Poses(turns=rotation(small) @ middle, moves=smoothed(poses.moves, window))


def jitter(values: Float64[np.ndarray, "t ..."]) -> Float64[np.ndarray, " t2"]:
    """How much each row leaves the line between its neighbours: the length of the second difference, a row a frame."""
    second = np.diff(values.reshape(len(values), -1), 2, axis=0)
    return np.asarray(np.linalg.norm(second, axis=1))
