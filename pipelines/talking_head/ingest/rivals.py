"""Other faces in the picture: how large they are, and whether they are people or pictures on a wall."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from pipelines.talking_head.ingest.frames import Picture
from pipelines.talking_head.landmarks.detector import Faces

SURE = 0.75
"""Certainty from which a second face counts: folded hands and patterned shirts come near .7."""
SAME = 0.5
"""Share of two faces' common place in all of theirs, from which they are one face."""
DETAIL = 24
"""Pixels a side at which a face is compared with itself a second later."""
HEIGHT, MOVED = range(2)
"""Columns of what is told of a look: the second face's height as a share of the first's (0: there is none), and how
much it differs from the look before, of 1 (no number: it was not there then)."""

NOBODY = (0.0, float("nan"))


class Rivals:
    """The second face from one look to the next. Belongs to one stretch of one video."""

    def __init__(self) -> None:
        self._place: Float64[np.ndarray, 4] | None = None
        self._shown: Float32[np.ndarray, "d d"] | None = None

    def look(self, picture: Picture, faces: Faces, own: Float64[np.ndarray, 4]) -> tuple[float, float]:
        """HEIGHT and MOVED of the largest face but the one at own (x0 y0 x1 y1)."""
        other = largest_beside(faces, own)
        if other is None:
            self._place = None
            return NOBODY
        height = float((other[3] - other[1]) / max(own[3] - own[1], 1.0))
        if self._place is None or self._shown is None or common(self._place, other) < SAME:
            self._place, self._shown = other, patch(picture, other)
            return height, float("nan")
        before, self._shown = self._shown, patch(picture, self._place)
        return height, float(np.abs(self._shown - before).mean())


def largest_beside(faces: Faces, own: Float64[np.ndarray, 4]) -> Float64[np.ndarray, 4] | None:
    """The box of the largest face whose middle is not in that one."""
    middles = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2
    other = np.any((middles < own[:2]) | (middles > own[2:]), axis=1) & (faces.scores >= SURE)
    return faces.boxes[other][int(np.argmax(faces.heights[other]))] if other.any() else None


def common(one: Float64[np.ndarray, 4], other: Float64[np.ndarray, 4]) -> float:
    """The share of what two boxes have in common in what they cover."""
    shared = np.prod(np.maximum(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0.0))
    return float(shared / max(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - shared, 1e-9))


def patch(picture: Picture, place: Float64[np.ndarray, 4]) -> Float32[np.ndarray, "d d"]:
    """What is to be seen there, small, grey, from 0 to 1, whatever the light: its own mean is taken away."""
    x0, y0, x1, y1 = (max(0, round(float(value))) for value in place)
    part = picture[y0 : max(y1, y0 + 2), x0 : max(x1, x0 + 2)]
    if not part.size:
        return np.zeros((DETAIL, DETAIL), dtype=np.float32)
    small = cv2.resize(part, (DETAIL, DETAIL), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    return np.asarray(grey - grey.mean(), dtype=np.float32)
