"""Which pixels of a picture are the person: MediaPipe's selfie segmentation."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from pipelines.talking_head.landmarks.lite import Network

_SIDE = 256
LIKELY = 0.5


class Person:
    """The network, open. Belongs to one thread at a time."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._network = Network(path.read_bytes(), threads)

    def __call__(self, picture: UInt8[np.ndarray, "s s 3"]) -> Float32[np.ndarray, "s s"]:
        """How likely each pixel is the person, 0 to 1; only the largest connected part of what is likely."""
        side = picture.shape[0]
        how = cv2.INTER_AREA if side > _SIDE else cv2.INTER_LINEAR
        shown = cv2.resize(picture, (_SIDE, _SIDE), interpolation=how)
        (likely,) = self._network(shown.astype(np.float32) / 255.0)
        one = largest(likely.reshape(_SIDE, _SIDE))
        how = cv2.INTER_AREA if side < _SIDE else cv2.INTER_LINEAR
        found: Float32[np.ndarray, "s s"] = cv2.resize(one, (side, side), interpolation=how)
        return found


def largest(likely: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """The same with only the largest connected part of what is likely, and its unsure edge."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((likely > LIKELY).astype(np.uint8))
    if count <= 1:
        return likely
    part = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    near = cv2.dilate(part.astype(np.uint8), np.ones((5, 5), dtype=np.uint8)) > 0
    return np.where(near, likely, np.minimum(likely, np.float32(0.0))).astype(np.float32)
