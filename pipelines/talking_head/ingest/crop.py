"""The square of a video that shows the head all the time, and stays where it is."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

HEIGHTS = 2.4
"""The side of the square in heights of the face, brow to chin and a little: hair above, shoulders below."""
MARGIN = 1.25
"""At least so many times the box of all places where the face was."""
ABOVE = 0.46
"""Where the middle of the face lies in the square, from above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A square of the picture in whole pixels; it may reach beyond the picture, where it shows the edge."""

    left: int
    top: int
    side: int

    def of(self, picture: UInt8[np.ndarray, "h w 3"], side: int) -> UInt8[np.ndarray, "s s 3"]:
        """What the square shows, side by side pixels. The edge of the picture goes on beyond it."""
        height, width = picture.shape[:2]
        right, bottom = self.left + self.side, self.top + self.side
        part = picture[max(0, self.top) : min(height, bottom), max(0, self.left) : min(width, right)]
        beyond = (max(0, -self.top), max(0, bottom - height), max(0, -self.left), max(0, right - width))
        if any(beyond):
            part = cv2.copyMakeBorder(part, *beyond, cv2.BORDER_REPLICATE)
        if self.side == side:
            return np.ascontiguousarray(part)
        how = cv2.INTER_AREA if self.side > side else cv2.INTER_CUBIC
        shown: UInt8[np.ndarray, "s s 3"] = cv2.resize(part, (side, side), interpolation=how)
        return shown

    def inside(self, points: Float64[np.ndarray, "*n 2"], side: int) -> Float64[np.ndarray, "*n 2"]:
        """Points of the picture in pixels of what ``of`` shows."""
        return np.asarray((points - np.array([self.left, self.top])) * (side / self.side))


def around(boxes: Float64[np.ndarray, "t 4"], width: int, height: int) -> Crop:
    """The square for faces at those places (x0 y0 x1 y1), one a frame, in a picture of that size.

    2.4 heights of the usual face, larger where the head moves far; moved inside the picture where it fits, never
    larger than the picture's longer side.
    """
    heights = boxes[:, 3] - boxes[:, 1]
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    side = max(HEIGHTS * float(np.median(heights)), MARGIN * float((high - low).max()))
    side = min(side, float(max(width, height)))
    middle = np.median((boxes[:, :2] + boxes[:, 2:]) / 2, axis=0)
    whole = round(side)
    left = _moved_in(round(float(middle[0]) - side / 2), whole, width)
    top = _moved_in(round(float(middle[1]) - side * ABOVE), whole, height)
    return Crop(left=left, top=top, side=whole)


def _moved_in(start: int, length: int, room: int) -> int:
    if length > room:
        return (room - length) // 2
    return min(max(start, 0), room - length)
