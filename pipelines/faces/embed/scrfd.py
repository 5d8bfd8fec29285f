"""What an SCRFD network says: scores, distances to the sides and landmarks at each of its anchors.

Source: Guo et al., Sample and Computation Redistribution for Efficient Face Detection (arXiv 2105.04714); the layout of
the outputs is that of insightface's ONNX files: scores, boxes, landmarks, each at strides 8, 16 and 32, two anchors.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from pipelines.faces.embed.detection import Found
from pipelines.faces.embed.sessions import Session

SCORE = 0.5
"""From which a candidate is a face; insightface's."""
STRIDES = (8, 16, 32)
ANCHORS = 2
_MEAN, _SCALE = 127.5, 128.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scrfd:
    """An SCRFD detector. score: from which a candidate is a face."""

    session: Session
    score: float = SCORE

    @property
    def fixed(self) -> tuple[int, int] | None:
        """The only width and height it takes, as its file says; None: any."""
        height, width = self.session.get_inputs()[0].shape[2:]
        return (width, height) if isinstance(width, int) and isinstance(height, int) else None

    def candidates(self, canvas: UInt8[np.ndarray, "h w 3"]) -> Found:
        """All anchors that see a face, in pixels of the canvas."""
        size = canvas.shape[1], canvas.shape[0]
        blob = cv2.dnn.blobFromImage(canvas, 1 / _SCALE, size, (_MEAN, _MEAN, _MEAN), swapRB=False)
        said = self.session.run(None, {self.session.get_inputs()[0].name: blob})
        levels = len(STRIDES)
        found = [
            _read(stride, canvas.shape[1], said[level::levels], self.score) for level, stride in enumerate(STRIDES)
        ]
        return Found(
            boxes=np.concatenate([f.boxes for f in found]),
            points=np.concatenate([f.points for f in found]),
            scores=np.concatenate([f.scores for f in found]),
        )


def _read(stride: int, width: int, said: list[Float32[np.ndarray, " ..."]], least: float) -> Found:
    """What one level says: scores, distances to left, top, right and bottom, and landmarks, both in strides."""
    scores = said[0].reshape(-1)
    rows = np.flatnonzero(scores >= least)
    at = _centres(stride, width, len(scores))[rows]
    sides = said[1].reshape(-1, 4)[rows] * stride
    points = said[2].reshape(-1, 5, 2)[rows] * stride
    boxes = np.concatenate([at - sides[:, :2], at + sides[:, 2:]], axis=1)
    return Found(boxes=boxes, points=at[:, None] + points, scores=scores[rows])


@lru_cache(maxsize=64)
def _centres(stride: int, width: int, count: int) -> Float32[np.ndarray, "n 2"]:
    """Where the anchors of a level are: x, y."""
    cells = np.arange(count) // ANCHORS
    across = width // stride
    return np.stack([cells % across, cells // across], axis=1).astype(np.float32) * stride
