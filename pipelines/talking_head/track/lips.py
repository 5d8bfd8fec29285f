"""What the lips do, apart from what the head does: the inner lips as a polygon, and how far the mouth is open."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from pipelines.talking_head.landmarks.points import CORNERS, GAPS, INNER_LIPS, JAW_OPEN, LIPS, MIDDLES
from pipelines.talking_head.track.bundle import Head
from pipelines.talking_head.track.turning import FOCAL, Poses

OPENING, WIDTH, OUTER, JAW = range(4)
"""Columns of ``mouths``: gap of the inner lips, corner to corner, gap of the outer lips (shares of the inter-ocular
distance), and the blendshape of the jaw."""


def flattened(at: Float64[np.ndarray, "t v 2"], poses: Poses, depth: float) -> Float64[np.ndarray, "t v 2"]:
    """The landmarks in the head's frame, in centimetres, on the plane that lies so deep in it: free of nods and turns.

    On a plane, because one camera does not see how deep each lip lies: a guess of it, seen from below, is an opening.
    """
    rays = np.concatenate([at / FOCAL, np.ones((*at.shape[:2], 1))], axis=-1) @ poses.turns
    eye = -np.einsum("tji,tj->ti", poses.turns, poses.moves)[:, None]
    along = (depth - eye[..., 2]) / rays[..., 2]
    return np.asarray(eye[..., :2] + along[..., None] * rays[..., :2])


def deep(head: Head) -> float:
    """How deep the lips lie in the head's frame."""
    return float(head.shape[list(LIPS), 2].mean())


def opening(points: Float64[np.ndarray, "t v 2"]) -> Float64[np.ndarray, " t"]:
    """How far the inner lips are apart, the mean of five places, in the unit of the points."""
    upper, lower = (list(side) for side in zip(*GAPS, strict=True))
    return np.asarray(np.linalg.norm(points[:, upper] - points[:, lower], axis=-1).mean(axis=1))


def opening_of(lips: Float64[np.ndarray, "t 40 2"]) -> Float64[np.ndarray, " t"]:
    """``opening`` where only the lips are known: the outer, then the inner ring, in the order of ``points.LIPS``."""
    upper, lower = ([LIPS.index(point) for point in side] for side in zip(*GAPS, strict=True))
    return np.asarray(np.linalg.norm(lips[:, upper] - lips[:, lower], axis=-1).mean(axis=1))


def mouths(
    flat: Float64[np.ndarray, "t v 2"], between_eyes: float, blendshapes: Float64[np.ndarray, "t 52"]
) -> Float64[np.ndarray, "t 4"]:
    """What the mouth does in each frame, in the columns above."""
    wide, outer = (np.linalg.norm(flat[:, one] - flat[:, other], axis=-1) for one, other in (CORNERS, MIDDLES))
    inner_gap = opening(flat)
    return np.column_stack(
        [inner_gap / between_eyes, wide / between_eyes, outer / between_eyes, blendshapes[:, JAW_OPEN]]
    )


def inner(points: Float64[np.ndarray, "t v d"]) -> Float64[np.ndarray, "t 20 d"]:
    """The ring of the inner lips."""
    return points[:, list(INNER_LIPS)]


def within(ring: Float64[np.ndarray, "n 2"], side: int) -> Bool[np.ndarray, "s s"]:
    """The pixels of a picture whose middles lie in the polygon. ring: from the middle of the picture, in its sides."""
    centres = (np.arange(side) + 0.5) / side - 0.5
    x, y = np.meshgrid(centres, centres)
    found = np.zeros((side, side), dtype=bool)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if y0 != y1:  # a level edge is crossed by no level ray
            crosses = ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
            found ^= crosses
    return found
