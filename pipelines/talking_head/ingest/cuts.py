"""Where a video jumps from one scene to another."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt8

SIDE = 32
"""Pixels a side of the small pictures that are compared: smaller than any movement of a head between two frames."""
JUMP = 0.08
"""Mean difference of two small pictures, of 1, from which it may be a cut. A talking head stays under .04."""
STANDS_OUT = 5.0
"""How many times the usual difference of that part of the video a cut is."""
NEAR = 12
"""Frames on each side that say what is usual."""


def small(picture: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "s s 3"]:
    """The picture as cuts are looked for in it: 0 to 1."""
    shown = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(shown, dtype=np.float32) / 255.0


def cuts(smalls: Float32[np.ndarray, "t s s 3"]) -> Int64[np.ndarray, " k"]:
    """The frames with which another scene begins. A flash and a fade are none: what comes after is as before."""
    if len(smalls) < 2:  # noqa: PLR2004
        return np.zeros(0, dtype=np.int64)
    steps = _difference(smalls[1:], smalls[:-1])
    jumps = np.flatnonzero(steps > np.maximum(JUMP, STANDS_OUT * usual(steps)))
    before, after = np.maximum(0, jumps - 2), np.minimum(len(smalls) - 1, jumps + 3)
    return np.asarray(jumps[_difference(smalls[before], smalls[after]) > JUMP] + 1, dtype=np.int64)


def usual(steps: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """The median of the steps around each, itself left out."""
    padded = np.pad(steps, NEAR, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEAR + 1).copy()
    around[:, NEAR] = np.nan
    known = ~np.all(np.isnan(around), axis=1)
    medians = np.zeros(len(steps))
    medians[known] = np.nanmedian(around[known], axis=1)
    return medians


def _difference(a: Float32[np.ndarray, "... s s 3"], b: Float32[np.ndarray, "... s s 3"]) -> Float64[np.ndarray, ...]:
    return np.asarray(np.abs(a.astype(np.float64) - b).mean(axis=(-3, -2, -1)))
