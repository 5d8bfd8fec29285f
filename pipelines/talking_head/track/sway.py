"""How the torso moves in the picture: shifted, turned and scaled against one frame of the clip, by optical flow.

A head's pose says little of the shoulders under it. What they do of their own is played with the footage, as poses are.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float64, Int64, UInt8

from pipelines.talking_head.track.smoothing import smoothed

SIDE = 192
"""Pixels a side at which flow is looked for."""
SURELY = 0.8
"""Share of a pixel that the torso must have in the reference frame to be followed."""
LEAST = 0.02
"""Share of the picture that must be followed: less is a strip of shoulder that slides out of the frame."""
APART = 3
"""One of so many pixels is followed: neighbours' flow is the same."""
ROUNDS = 8
"""Rounds in which points that go elsewhere lose their say (iteratively reweighted least squares, Cauchy's weights)."""
TOLD = 0.9
"""Of the difference to the reference frame that may be left when sway is taken out; more, and it was none."""
_HAIR = 1e-3
"""Pixels that may be missed for nothing: where all points agree, their median is 0."""


def swayed(
    pictures: UInt8[np.ndarray, "t s s 3"],
    torso: UInt8[np.ndarray, "t s s"],
    starts: Int64[np.ndarray, " k"] | None = None,
) -> Float64[np.ndarray, "t 4"]:
    """The sway of each frame as ``moved`` takes it; all 0 where no torso can be followed, or flow explains nothing.

    torso: its share of each pixel, in 255ths. starts: the frame with which each take begins.
    """
    first = middle(pictures)
    share = cv2.resize(torso[first], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    points = np.argwhere(share > SURELY * 255)[::APART, ::-1]
    if len(points) * APART < LEAST * SIDE**2:
        return np.zeros((len(pictures), 4))
    looked = np.stack([_grey(picture) for picture in pictures])
    each = np.stack([_fitted(points, looked[first], one) for one in looked])
    found = np.concatenate([smoothed(take) for take in np.split(each, starts[1:] if starts is not None else [])])
    found -= found[first]
    before, after = (_off(looked, first, points, sway) for sway in (np.zeros_like(found), found))
    return found if after <= TOLD * before else np.zeros_like(found)


def moved(at: Float64[np.ndarray, "*n 2"], sway: Float64[np.ndarray, 4]) -> Float64[np.ndarray, "*n 2"]:
    """Where points of the reference frame are in a frame of that sway, both from the picture's middle, in its sides.

    sway: scale and angle as a complex number less 1 (what it stretches by, what it turns by), then the shift.
    """
    stretch, turn = 1.0 + sway[0], sway[1]
    x, y = at[..., 0], at[..., 1]
    return np.stack([stretch * x - turn * y + sway[2], turn * x + stretch * y + sway[3]], axis=-1)


def usual(sway: Float64[np.ndarray, "t 4"]) -> float:
    """How far the torso usually is from the reference frame, in sides of the picture; 0 where it is not followed."""
    return float(np.sqrt((sway[:, 2:] ** 2).sum(axis=1).mean()))


def middle(pictures: UInt8[np.ndarray, "t s s 3"]) -> int:
    """The frame that is most like the mean of all."""
    mean = pictures.mean(axis=0)
    return int(np.argmin([np.abs(picture - mean).mean() for picture in pictures]))


def fitted(source: Float64[np.ndarray, "n 2"], target: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, 4]:
    """The sway that brings most of the points to their targets; those that go elsewhere have little say."""
    x, y = source.T
    one, none = np.ones_like(x), np.zeros_like(x)
    rows = np.stack([np.stack([x, -y, one, none], 1), np.stack([y, x, none, one], 1)], axis=1)
    away = (target - source)[..., None]
    weight = np.ones(len(source))
    sway = np.zeros((4, 1))
    for _ in range(ROUNDS):
        heavy = (rows * weight[:, None, None]).reshape(-1, 4).T
        sway = np.linalg.lstsq(heavy @ rows.reshape(-1, 4), heavy @ away.reshape(-1, 1), rcond=None)[0]
        missed = np.linalg.norm((away - rows @ sway)[..., 0], axis=1)
        weight = 1.0 / (1.0 + (missed / (1.5 * np.median(missed) + _HAIR / SIDE)) ** 2)
    return sway[:, 0]


def _fitted(
    points: np.ndarray, first: UInt8[np.ndarray, "h h"], other: UInt8[np.ndarray, "h h"]
) -> Float64[np.ndarray, 4]:
    nothing = np.zeros((SIDE, SIDE, 2), dtype=np.float32)
    flow = np.asarray(cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(first, other, nothing))
    source = (points + 0.5) / SIDE - 0.5
    return fitted(source, source + flow[points[:, 1], points[:, 0]].astype(np.float64) / SIDE)


def _off(looked: UInt8[np.ndarray, "t h h"], first: int, points: np.ndarray, sway: Float64[np.ndarray, "t 4"]) -> float:
    """How far the frames are from the reference frame at the points, once sway is taken out."""
    source = (points + 0.5) / SIDE - 0.5
    total = 0.0
    for one, by in zip(looked, sway, strict=True):
        x, y = ((moved(source, by) + 0.5) * SIDE - 0.5).astype(np.float32).T
        shown = np.asarray(cv2.remap(one, x[None], y[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
        total += float(np.abs(shown[0].astype(np.float64) - looked[first][points[:, 1], points[:, 0]]).mean())
    return total / len(looked)


def _grey(picture: UInt8[np.ndarray, "s s 3"]) -> UInt8[np.ndarray, "h h"]:
    how = cv2.INTER_AREA if picture.shape[0] > SIDE else cv2.INTER_CUBIC
    shown = cv2.cvtColor(cv2.resize(picture, (SIDE, SIDE), interpolation=how), cv2.COLOR_RGB2GRAY)
    return np.asarray(shown)
