"""The crop of a face: what stands in a person's folder where not the picture itself is wanted there."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from pipelines.faces.embed.alignment import jpeg

AROUND = 1.8
"""Sides of the face's box that a crop shows: hair and chin belong to a face that a person looks at."""
LARGEST = 1024
_QUALITY = 92


def crop(picture: UInt8[np.ndarray, "h w 3"], box: Float32[np.ndarray, " 4"]) -> bytes:
    """The face in a square, as far as the picture goes, as a JPEG of at most LARGEST pixels a side."""
    height, width = picture.shape[:2]
    middle = (box[:2] + box[2:]) / 2
    half = max(float((box[2:] - box[:2]).max()) * AROUND / 2, 1.0)
    low = np.clip(np.floor(middle - half).astype(int), 0, (width - 1, height - 1))
    high = np.clip(np.ceil(middle + half).astype(int), low + 1, (width, height))
    part = picture[low[1] : high[1], low[0] : high[0]]
    times = LARGEST / max(part.shape[:2])
    if times < 1:
        size = max(1, round(part.shape[1] * times)), max(1, round(part.shape[0] * times))
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return jpeg(part, _QUALITY)
