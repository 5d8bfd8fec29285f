"""The part of a chip that a network looks at, at the size that it wants."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from pipelines.faces.columns import CHIP, Chips

BOX = 111
"""Pixels of a chip from the hairline to the chin: the height of detectors' boxes (median on LFW)."""
CENTRE = (84, 92)
"""Where the middle of such a box lies in a chip, x and y."""


def unpacked(chips: Chips, rows: Iterable[int]) -> tuple[UInt8[np.ndarray, "n c c 3"], Bool[np.ndarray, " n"]]:
    """The chips in red, green and blue, and which of them could be read; the others are black."""
    pixels = [cv2.imdecode(np.frombuffer(chips[row], dtype=np.uint8), cv2.IMREAD_COLOR_RGB) for row in rows]
    good = [one is not None and one.shape == (CHIP, CHIP, 3) for one in pixels]
    black = np.zeros((CHIP, CHIP, 3), dtype=np.uint8)
    found = [one if fine else black for one, fine in zip(pixels, good, strict=True)]
    return np.array(found, dtype=np.uint8).reshape(-1, CHIP, CHIP, 3), np.array(good, dtype=bool)


def patches(chips: UInt8[np.ndarray, "n c c 3"], size: int, side: int = BOX) -> UInt8[np.ndarray, "n s s 3"]:
    """The square of side pixels about the face in each chip, as size x size pixels."""
    left, top = CENTRE[0] - side // 2, CENTRE[1] - side // 2
    squares = chips[:, max(top, 0) : top + side, max(left, 0) : left + side]
    how = cv2.INTER_AREA if size < side else cv2.INTER_LINEAR
    return np.array([cv2.resize(one, (size, size), interpolation=how) for one in squares]).reshape(-1, size, size, 3)
