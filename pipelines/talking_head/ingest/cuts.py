"""Where a video jumps from one scene to another."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float64, Int64, UInt8

SIDE = 32
"""Pixels a side of the small pictures that are compared: smaller than any movement of a head between two frames."""
JUMP = 0.08
"""Mean difference of two small pictures, of 1, from which it may be a cut. A talking head stays under .04."""
STANDS_OUT = 5.0
"""How many times the usual difference of that part of the video a cut is."""
NEAR = 12
"""Frames on each side that say what is usual."""
AT_ONCE = 1000
"""Differences that are taken at a time: a long video's would be gigabytes."""

Smalls = UInt8[np.ndarray, "t s s 3"]


def small(picture: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "s s 3"]:
    """The picture as cuts are looked for in it."""
    shown: UInt8[np.ndarray, "s s 3"] = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return shown


def cuts(smalls: Smalls) -> Int64[np.ndarray, " k"]:
    """The frames with which another scene begins. A flash and a fade are none: what comes after is as before."""
    if len(smalls) < 2:  # noqa: PLR2004
        return np.zeros(0, dtype=np.int64)
    rows = np.arange(len(smalls) - 1)
    steps = differences(smalls, rows, rows + 1)
    jumps = np.flatnonzero(steps > np.maximum(JUMP, STANDS_OUT * usual(steps)))
    before, after = np.maximum(0, jumps - 2), np.minimum(len(smalls) - 1, jumps + 3)
    return np.asarray(jumps[differences(smalls, before, after) > JUMP] + 1, dtype=np.int64)


def usual(steps: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """The median of the steps around each, itself left out."""
    padded = np.pad(steps, NEAR, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEAR + 1).copy()
    around[:, NEAR] = np.nan
    known = ~np.all(np.isnan(around), axis=1)
    medians = np.zeros(len(steps))
    medians[known] = np.nanmedian(around[known], axis=1)
    return medians


def differences(
    smalls: Smalls, first: Int64[np.ndarray, " n"], second: Int64[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """The mean difference, of 1, of each of the first from its second."""
    found = [np.zeros(0)]
    for start in range(0, len(first), AT_ONCE):
        one, other = (smalls[rows[start : start + AT_ONCE]].astype(np.int16) for rows in (first, second))
        found.append(np.abs(one - other).mean(axis=(1, 2, 3)) / 255.0)
    return np.concatenate(found)
