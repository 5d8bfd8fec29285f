"""The lips in pictures whose head pose is known already: rendered ones, and true ones at the same size beside them."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from jaxtyping import Bool, Float64, UInt8

from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.landmarks.points import LIPS, MESH
from pipelines.talking_head.track.bundle import Head
from pipelines.talking_head.track.lips import deep, flattened
from pipelines.talking_head.track.turning import Poses

SHOWN = 384
"""Pixels a side that small pictures are brought to: the landmarker was made for faces of that size."""


def watched(
    pictures: Iterable[UInt8[np.ndarray, "s s 3"]], landmarker: Landmarker, head: Head, poses: Poses
) -> tuple[Float64[np.ndarray, "t 40 2"], Bool[np.ndarray, " t"]]:
    """The lips as ``Track.lips`` has them, and in which pictures a face is seen; where it is not, as in the one before.

    poses: one a picture. The landmarker follows the pictures as a video, so its own noise is that of tracking.
    """
    found = np.zeros((len(poses), MESH, 2))
    there = np.zeros(len(poses), dtype=bool)
    for row, picture in enumerate(pictures):
        scale = SHOWN / picture.shape[0]
        shown = cv2.resize(picture, (SHOWN, SHOWN), interpolation=cv2.INTER_CUBIC) if scale > 1 else picture
        seen = landmarker(shown)
        there[row] = seen is not None
        found[row] = seen.points[:MESH, :2] / shown.shape[0] - 0.5 if seen is not None else found[row - 1]
    flat = flattened(found, poses, deep(head))
    return flat[:, list(LIPS)] / head.between_eyes, there
