"""The frames of a clip as an endless loop: pose, eyes, torso and background are played together, and no jump shows."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float64, Int64, UInt8

from pipelines.talking_head import FPS
from pipelines.talking_head.track.turning import FACING, FOCAL, Poses, nearest, vector

LONGEST = 40 * FPS
"""Frames that are played before they come again."""
BLEND = 8
"""Frames over which the end of a loop becomes its beginning."""
LEAST = 2 * FPS
"""Frames that a loop has at least: a shorter one is seen to be one."""
SPEED = 99.5
"""Percentile of the head's speed in the clip that a join keeps to, where one can be found."""
TRIED = 2000
"""Joins that are looked at, the nearest first, before the nearest is taken although it is too quick."""
FACE = 8.0
"""Centimetres that a turn of one radian moves a face by: what weighs turns against moves."""
SMALL = 16
"""Pixels a side at which torsos are compared."""


@dataclass(frozen=True, slots=True)
class Loop:
    """From the frame end on the clip goes on at start, blended over BLEND frames. apart: how far those are apart."""

    start: int
    end: int
    apart: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What is on show, a row a frame: the frame now, the other one that it becomes, and how far it has."""

    now: Int64[np.ndarray, " n"]
    other: Int64[np.ndarray, " n"]
    share: Float64[np.ndarray, " n"]


def played(loop: Loop, first: int, last: int) -> Played:
    """What is on show from the frame first to before last of a film of any length."""
    at = np.arange(first, last)
    round_ = np.where(at < loop.end, -1, (at - loop.end) % (loop.end - loop.start))
    joins = (round_ >= 0) & (round_ < BLEND)
    other = np.where(round_ < 0, at, loop.start + round_)
    now = np.where(joins, loop.end + round_, other)
    share = np.where(joins, _eased((round_ + 1) / (BLEND + 1)), 0.0)
    return Played(now.astype(np.int64), other.astype(np.int64), share)


def looped(features: Float64[np.ndarray, "t d"], places: Float64[np.ndarray, "t 6"]) -> Loop:
    """The loop whose ends are nearest over the whole blend, so that they also move alike; half the clip at least.

    features: what is to be alike, a row a frame. places: of those the pose, which must not move too quickly. t: at
    least LEAST + BLEND + 1 frames.
    """
    count = len(features)
    apart = ((features**2).sum(axis=1)[:, None] + (features**2).sum(axis=1)) - 2 * features @ features.T
    valid = count - BLEND
    total = sum(np.maximum(apart[k : k + valid, k : k + valid], 0.0) for k in range(BLEND))
    least = min(max(LEAST, count // 2), valid - 1)
    starts, ends = np.triu_indices(valid, least)
    costs = np.asarray(total)[starts, ends]
    order = np.argsort(costs, kind="stable")[:TRIED]
    limit = float(np.percentile(speeds(places), SPEED))
    loops = [Loop(int(starts[k]), int(ends[k]), float(np.sqrt(max(costs[k], 0.0) / BLEND))) for k in order]
    return next((loop for loop in loops if _quickest(places, loop) <= limit), loops[0])


def speeds(places: Float64[np.ndarray, "t 6"]) -> Float64[np.ndarray, " t1"]:
    """How far the head goes from each frame to the next, in sides of the crop."""
    return np.asarray(np.linalg.norm(np.diff(places, axis=0), axis=1))


def placed(poses: Poses) -> Float64[np.ndarray, "t 6"]:
    """Poses as numbers whose differences are how far a face moves, in sides of the crop."""
    scale = FOCAL / float(np.median(poses.moves[:, 2]))
    depth = poses.moves[:, 2:]
    turns = FACE * scale * vector(poses.turns @ FACING)
    return np.concatenate([turns, FOCAL * poses.moves[:, :2] / depth, FACE * (FOCAL / depth - scale)], axis=1)


def torsos(pictures: UInt8[np.ndarray, "t s s 3"], head: UInt8[np.ndarray, "t s s"]) -> Float64[np.ndarray, "t d"]:
    """All but the head of each frame, small, so that the length of a difference is the mean one, from 0 to 1."""
    rows = []
    for picture, share in zip(pictures, head, strict=True):
        rest = picture * (1.0 - share[..., None] / 255.0)
        rows.append(cv2.resize(rest, (SMALL, SMALL), interpolation=cv2.INTER_AREA).reshape(-1))
    return np.asarray(rows, dtype=np.float64) / (255.0 * SMALL * 3**0.5)


def blended(poses: Poses, shown: Played) -> Poses:
    """The poses that are on show."""
    share = shown.share[:, None]
    turns = (1 - share[..., None]) * poses.turns[shown.now] + share[..., None] * poses.turns[shown.other]
    moves = (1 - share) * poses.moves[shown.now] + share * poses.moves[shown.other]
    return Poses(turns=nearest(turns), moves=moves)


def _quickest(places: Float64[np.ndarray, "t 6"], loop: Loop) -> float:
    shown = played(loop, loop.end - 1, loop.end + BLEND + 1)
    share = shown.share[:, None]
    return float(speeds((1 - share) * places[shown.now] + share * places[shown.other]).max())


def _eased(share: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    return np.asarray(share * share * (3 - 2 * share))
