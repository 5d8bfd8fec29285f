"""What knows nothing of audio and is to be beaten: the learned frame of the nearest pose, and the mean frame."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64, UInt8

from pipelines.talking_head.track.turning import FACING, FOCAL, Poses, vector

Pictures = UInt8[np.ndarray, "t h w 3"]
TURN = 8.0
"""Centimetres that a turn of one radian moves a face by: what weighs turns against moves."""


def nearest(learned: Poses, wanted: Poses) -> Int64[np.ndarray, " w"]:
    """The row of the learned frame whose pose looks most like each wanted one, measured in the picture."""
    scale = FOCAL / float(np.median(learned.moves[:, 2]))
    first, second = _features(learned, scale), _features(wanted, scale)
    apart = (second**2).sum(axis=1)[:, None] - 2 * second @ first.T + (first**2).sum(axis=1)
    return np.asarray(np.argmin(apart, axis=1), dtype=np.int64)


def mean_frame(pictures: Pictures) -> UInt8[np.ndarray, "h w 3"]:
    """The mean of the pictures, pixel by pixel."""
    total = np.zeros(pictures.shape[1:])
    for picture in pictures:  # one at a time: the pictures may be a file that is larger than the memory
        total += picture
    return np.rint(total / len(pictures)).astype(np.uint8)


def _features(poses: Poses, scale: float) -> Float64[np.ndarray, "t 6"]:
    """Six numbers a pose, in sides of the crop: the turn by how far it moves a face, the place, and the size."""
    depth = poses.moves[:, 2:]
    place = FOCAL * poses.moves[:, :2] / depth
    return np.concatenate([TURN * scale * vector(poses.turns @ FACING), place, TURN * (FOCAL / depth - scale)], axis=1)
