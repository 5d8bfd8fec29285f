"""What a YuNet network says: a class, an objectness, a box and landmarks at each cell.

Source: Wu et al., YuNet: A Tiny Millisecond-level Face Detector (2023); the layout of the outputs is that of the ONNX
file in OpenCV's model zoo, decoded as its documentation describes. Channels are blue, green, red, from 0 to 255.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from pipelines.faces.embed.detection import Found
from pipelines.faces.embed.sessions import Session

SCORE = 0.7
"""From which a candidate is a face."""
STRIDES = (8, 16, 32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Yunet:
    """A YuNet detector. score: from which a candidate is a face."""

    session: Session
    score: float = SCORE

    @property
    def fixed(self) -> tuple[int, int] | None:
        """The only width and height it takes, as its file says; None: any."""
        height, width = self.session.get_inputs()[0].shape[2:]
        return (width, height) if isinstance(width, int) and isinstance(height, int) else None

    def candidates(self, canvas: UInt8[np.ndarray, "h w 3"]) -> Found:
        """All cells that see a face, in pixels of the canvas."""
        blob = cv2.dnn.blobFromImage(canvas, 1.0, (canvas.shape[1], canvas.shape[0]), swapRB=True)
        names = [f"{what}_{stride}" for stride in STRIDES for what in ("cls", "obj", "bbox", "kps")]
        said = self.session.run(names, {self.session.get_inputs()[0].name: blob})
        found = [
            _read(stride, canvas.shape[1], said[4 * level : 4 * level + 4], self.score)
            for level, stride in enumerate(STRIDES)
        ]
        return Found(
            boxes=np.concatenate([f.boxes for f in found]),
            points=np.concatenate([f.points for f in found]),
            scores=np.concatenate([f.scores for f in found]),
        )


def _read(stride: int, width: int, said: list[Float32[np.ndarray, " ..."]], least: float) -> Found:
    """What one level says: the score is the geometric mean of class and objectness."""
    classes, objects = (np.clip(one.reshape(-1), 0.0, 1.0) for one in said[:2])
    scores = np.sqrt(classes * objects)
    rows = np.flatnonzero(scores >= least)
    across = width // stride
    at = np.stack([rows % across, rows // across], axis=1).astype(np.float32)
    box = said[2].reshape(-1, 4)[rows]
    centre, half = (at + box[:, :2]) * stride, np.exp(box[:, 2:]) * stride / 2
    points = (said[3].reshape(-1, 5, 2)[rows] + at[:, None]) * stride
    return Found(boxes=np.concatenate([centre - half, centre + half], axis=1), points=points, scores=scores[rows])
