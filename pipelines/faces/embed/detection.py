"""Where the faces of a picture are: found at several scales, joined, in pixels of the picture."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from jaxtyping import Float32, Int64, UInt8

from pipelines.faces.embed.sizes import Scale

OVERLAP = 0.4
"""Intersection over union from which two boxes are one face; insightface's."""
INSIDE = 0.85
"""Share of a box that lies in a larger one of a higher score from which it is a part of that face, not a face."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Faces. boxes: x0 y0 x1 y1. points: left eye, right eye, nose, corners of the mouth, as seen. scores: 0 to 1."""

    boxes: Float32[np.ndarray, "n 4"]
    points: Float32[np.ndarray, "n 5 2"]
    scores: Float32[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def sizes(self) -> Float32[np.ndarray, " n"]:
        """Pixels of the shorter side of each box."""
        shorter: Float32[np.ndarray, " n"] = (self.boxes[:, 2:] - self.boxes[:, :2]).min(axis=1, initial=np.inf)
        return shorter

    def chosen(self, rows: Int64[np.ndarray, " m"]) -> Found:
        """Those rows, in that order."""
        return Found(boxes=self.boxes[rows], points=self.points[rows], scores=self.scores[rows])

    def moved(self, scale: float, by: tuple[float, float] = (0.0, 0.0)) -> Found:
        """The faces where they are after (x - by) * scale."""
        at = np.asarray(by, dtype=np.float32)
        boxes = (self.boxes - np.tile(at, 2)) * np.float32(scale)
        return Found(boxes=boxes, points=(self.points - at) * np.float32(scale), scores=self.scores)


NOBODY = Found(
    boxes=np.zeros((0, 4), np.float32), points=np.zeros((0, 5, 2), np.float32), scores=np.zeros(0, np.float32)
)
"""No face."""


class Detector(Protocol):
    """A network that finds faces. fixed: the only width and height it takes; None: any multiple of 32."""

    @property
    def fixed(self) -> tuple[int, int] | None:
        """Width and height."""

    def candidates(self, canvas: UInt8[np.ndarray, "h w 3"]) -> Found:
        """All that looks like a face in red, green, blue, several times over where it is sure."""


def detected(detector: Detector, picture: UInt8[np.ndarray, "h w 3"], looks: Sequence[Scale]) -> Found:
    """The faces that are seen in any of the looks, the surest first."""
    shown = {look.factor: resized(picture, look.factor) for look in looks}
    return joined([_seen(detector, shown[look.factor], look, picture.shape[0]) for look in looks])


def _seen(detector: Detector, shown: UInt8[np.ndarray, "h w 3"], look: Scale, height: int) -> Found:
    """The faces of one look, in pixels of a picture of that height, shown smaller."""
    left, top = look.at
    part = shown[top : top + look.height, left : left + look.width]
    canvas = np.zeros((look.height, look.width, 3), dtype=np.uint8)
    canvas[: part.shape[0], : part.shape[1]] = part
    found = suppressed(detector.candidates(canvas))
    return found.moved(height / shown.shape[0], (float(-left), float(-top)))


def resized(picture: UInt8[np.ndarray, "h w 3"], factor: float) -> UInt8[np.ndarray, "h2 w2 3"]:
    """The picture so many times as large, at least a pixel."""
    height, width = picture.shape[:2]
    if factor == 1.0:
        return picture
    size = max(1, int(width * factor)), max(1, int(height * factor))
    # Area means are a third slower than bilinear, and only matter where bilinear would leave pixels out.
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 0.5 else cv2.INTER_LINEAR)  # noqa: PLR2004


def suppressed(found: Found) -> Found:
    """The faces without those that a surer one covers, the surest first: greedy non-maximum suppression.

    Areas count a pixel more along each side, as insightface's do.
    """
    order = np.argsort(-found.scores, kind="stable")
    boxes = found.boxes[order]
    areas = (boxes[:, 2] - boxes[:, 0] + 1) * (boxes[:, 3] - boxes[:, 1] + 1)
    kept: list[int] = []
    left = np.arange(len(order))
    while len(left):
        first, rest = left[0], left[1:]
        kept.append(int(first))
        shared = _shared(boxes[first], boxes[rest])
        left = rest[shared / (areas[first] + areas[rest] - shared) <= OVERLAP]
    return found.chosen(order[np.asarray(kept, dtype=np.int64)])


def joined(found: Sequence[Found]) -> Found:
    """The faces of several scales as one: each once, and no nose or mouth of a large face as a face of its own."""
    if len(found) == 1:
        return found[0]
    everything = Found(
        boxes=np.concatenate([f.boxes for f in found]),
        points=np.concatenate([f.points for f in found]),
        scores=np.concatenate([f.scores for f in found]),
    )
    one = suppressed(everything)
    boxes = one.boxes
    areas = (boxes[:, 2] - boxes[:, 0] + 1) * (boxes[:, 3] - boxes[:, 1] + 1)
    parts = [bool((_shared(boxes[i], boxes[:i]) / areas[i] > INSIDE).any()) for i in range(len(one))]
    return one.chosen(np.flatnonzero(~np.asarray(parts, dtype=bool)))


def _shared(box: Float32[np.ndarray, " 4"], boxes: Float32[np.ndarray, "n 4"]) -> Float32[np.ndarray, " n"]:
    """The area that box has in common with each."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    sides = np.maximum(0, high - low + 1)
    area: np.ndarray = sides[:, 0] * sides[:, 1]
    return area
