"""Faces in a picture of any size, by MediaPipe's short-range detector."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from pipelines.talking_head.landmarks.lite import Network

LEAST_SCORE = 0.5
OVERLAP = 0.3
"""Intersection over union from which two boxes are one face; MediaPipe's."""
_SIDE = 128
_GRIDS = ((16, 2), (8, 6))
"""Cells a side and boxes a cell: the strides 8 and 3 x 16 of a 128-pixel picture."""
_CLIP = 100.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Faces:
    """Faces, the surest first. boxes: x0 y0 x1 y1. eyes: left and right as seen. Pixels. scores: 0 to 1."""

    boxes: Float64[np.ndarray, "n 4"]
    eyes: Float64[np.ndarray, "n 2 2"]
    scores: Float64[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def heights(self) -> Float64[np.ndarray, " n"]:
        """Pixels from the brows to the chin."""
        heights: Float64[np.ndarray, " n"] = self.boxes[:, 3] - self.boxes[:, 1]
        return heights


def detected(network: Network, picture: UInt8[np.ndarray, "h w 3"], *, close: bool = True) -> Faces:
    """The faces of the picture. close: also look at overlapping squares of it, in which small faces are larger."""
    parts = [_in_square(network, picture, square) for square in squares(*picture.shape[:2], close=close)]
    return suppressed(
        Faces(
            boxes=np.concatenate([part.boxes for part in parts]),
            eyes=np.concatenate([part.eyes for part in parts]),
            scores=np.concatenate([part.scores for part in parts]),
        )
    )


def squares(height: int, width: int, *, close: bool) -> list[tuple[float, float, float]]:
    """Left, top and side of the squares to look at: the whole, and those of three fifths of the shorter side."""
    whole = float(max(height, width))
    found = [((width - whole) / 2, (height - whole) / 2, whole)]
    if not close:
        return found
    side = 0.6 * min(height, width)
    return found + [(left, top, side) for top in _starts(height, side) for left in _starts(width, side)]


def _starts(length: float, side: float) -> list[float]:
    count = int(np.ceil((length - side) / (side / 2))) + 1
    return [float(start) for start in np.linspace(0, length - side, count)]


def _in_square(network: Network, picture: UInt8[np.ndarray, "h w 3"], square: tuple[float, float, float]) -> Faces:
    left, top, side = square
    scale = _SIDE / side
    # Pixel centres are half a pixel in, in both pictures.
    to = np.array([[scale, 0, (0.5 - left) * scale - 0.5], [0, scale, (0.5 - top) * scale - 0.5]])
    how = cv2.INTER_LINEAR if scale > 0.5 else cv2.INTER_AREA  # noqa: PLR2004  bilinear looks at two pixels only
    if how == cv2.INTER_AREA:
        canvas = _shrunk(picture, square)
    else:
        canvas = cv2.warpAffine(picture, to, (_SIDE, _SIDE), flags=how)
    regressors, scores = network(canvas.astype(np.float32) / 127.5 - 1.0)
    found = decoded(regressors[0], scores[0, :, 0])
    at = np.array([left, top])
    # A face that a square cuts is seen whole in another one, or in the whole picture.
    inside = np.all((found.boxes > 0) & (found.boxes < 1), axis=1) | (side >= max(picture.shape[:2]))
    return Faces(
        boxes=found.boxes[inside] * side + np.tile(at, 2),
        eyes=found.eyes[inside] * side + at,
        scores=found.scores[inside],
    )


def _shrunk(picture: UInt8[np.ndarray, "h w 3"], square: tuple[float, float, float]) -> UInt8[np.ndarray, "s s 3"]:
    left, top, side = (round(value) for value in square)
    part = picture[max(0, top) : top + side, max(0, left) : left + side]
    above, before = max(0, -top), max(0, -left)
    below, after = side - above - part.shape[0], side - before - part.shape[1]
    framed = cv2.copyMakeBorder(part, above, max(0, below), before, max(0, after), cv2.BORDER_CONSTANT)
    small: UInt8[np.ndarray, "s s 3"] = cv2.resize(framed, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return small


def decoded(regressors: Float32[np.ndarray, "a 16"], logits: Float32[np.ndarray, " a"]) -> Faces:
    """The faces that the network's answer holds, several times over, in shares of the square's side."""
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits.astype(np.float64), -_CLIP, _CLIP)))
    sure = np.flatnonzero(scores >= LEAST_SCORE)
    centres = anchors()[sure]
    answer = regressors[sure].astype(np.float64).reshape(-1, 8, 2) / _SIDE
    middle, size = answer[:, 0] + centres, answer[:, 1]
    return Faces(
        boxes=np.concatenate([middle - size / 2, middle + size / 2], axis=1),
        eyes=answer[:, 2:4] + centres[:, None],
        scores=scores[sure],
    )


def anchors() -> Float64[np.ndarray, "896 2"]:
    """The middles of the network's boxes: x, y in shares of the side."""
    found = []
    for cells, boxes in _GRIDS:
        y, x = (np.mgrid[:cells, :cells] + 0.5) / cells
        found.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), boxes, axis=0))
    return np.concatenate(found)


def suppressed(faces: Faces) -> Faces:
    """The faces once each: those that overlap become their mean, weighted by score."""
    left = np.argsort(-faces.scores, kind="stable")
    boxes, eyes, scores = [], [], []
    while len(left):
        one = left[_overlap(faces.boxes[left[0]], faces.boxes[left]) > OVERLAP]
        share = faces.scores[one] / faces.scores[one].sum()
        boxes.append(np.tensordot(share, faces.boxes[one], 1))
        eyes.append(np.tensordot(share, faces.eyes[one], 1))
        scores.append(faces.scores[one[0]])
        left = left[~np.isin(left, one)]
    return Faces(
        boxes=np.asarray(boxes, dtype=np.float64).reshape(-1, 4),
        eyes=np.asarray(eyes, dtype=np.float64).reshape(-1, 2, 2),
        scores=np.asarray(scores, dtype=np.float64),
    )


def _overlap(box: Float64[np.ndarray, 4], boxes: Float64[np.ndarray, "n 4"]) -> Float64[np.ndarray, " n"]:
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = np.prod(np.maximum(sides, 0.0), axis=1)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    whole = np.prod(box[2:] - box[:2])
    union: Float64[np.ndarray, " n"] = whole + area - shared
    return np.asarray(shared / np.maximum(union, 1e-12))
