"""The background alone: what is seen of it in some frame, and a smooth guess of what never is."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

LOOKS = 48
"""Frames that are looked at, evenly over the clip."""
SURELY = 0.1
"""How likely a pixel may be the person and still be background."""
CLEAR = 0.02
"""Sides of the picture by which background keeps away from the person: hair and shadows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plate:
    """The background. guessed: share of it that no frame showed."""

    picture: UInt8[np.ndarray, "s s 3"]
    guessed: float


def plated(frames: Iterable[tuple[UInt8[np.ndarray, "s s 3"], Float32[np.ndarray, "s s"]]]) -> Plate:
    """The median of what the frames show beside the person, the rest filled in. frames: at least one."""
    pictures, free = [], []
    for picture, person in frames:
        pictures.append(picture)
        free.append(beside(person))
    shown, known = median(np.asarray(pictures), np.asarray(free))
    return Plate(picture=filled(shown, known), guessed=float(1.0 - known.mean()))


def beside(person: Float32[np.ndarray, "s s"]) -> Bool[np.ndarray, "s s"]:
    """The pixels that are surely background."""
    reach = 2 * max(1, round(CLEAR * person.shape[0])) + 1
    near = cv2.dilate((person > SURELY).astype(np.uint8), np.ones((reach, reach), dtype=np.uint8))
    return np.asarray(near == 0)


def median(
    pictures: UInt8[np.ndarray, "n s s 3"], free: Bool[np.ndarray, "n s s"]
) -> tuple[UInt8[np.ndarray, "s s 3"], Bool[np.ndarray, "s s"]]:
    """The median of the pixels that are free, the lower of two, and where there are any."""
    unseen = np.where(free[..., None], pictures.astype(np.int16), np.int16(256))  # sorted behind all that is seen
    ordered = np.sort(unseen, axis=0)
    counts = free.sum(axis=0)
    middle = np.maximum(counts - 1, 0) // 2
    found = np.take_along_axis(ordered, np.broadcast_to(middle[None, ..., None], (1, *ordered.shape[1:])), axis=0)[0]
    known = counts > 0
    return np.where(known[..., None], found, 0).astype(np.uint8), known


def filled(picture: UInt8[np.ndarray, "h w 3"], known: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """The picture with what is not known filled in smoothly from around it; what is known stays to the bit.

    Pull and push over a pyramid (Gortler et al., The Lumigraph, 1996): coarse levels fill what finer ones do not know.
    """
    if known.all() or not known.any():
        return picture
    guess = _pulled(picture.astype(np.float32), known.astype(np.float32)[..., None])
    return np.where(known[..., None], picture, np.clip(np.rint(guess), 0, 255).astype(np.uint8))


def _pulled(colour: Float32[np.ndarray, "h w 3"], weight: Float32[np.ndarray, "h w 1"]) -> Float32[np.ndarray, "h w 3"]:
    height, width = weight.shape[:2]
    if min(height, width) <= 1 or (weight > 0).all():
        total = np.maximum(weight.sum(), 1e-9)
        return np.where(weight > 0, colour, (colour * weight).sum(axis=(0, 1)) / total)
    even = np.pad(weight, ((0, height % 2), (0, width % 2), (0, 0)))
    summed = np.pad(colour, ((0, height % 2), (0, width % 2), (0, 0))) * even
    weights = _quartered(even)
    coarse = _pulled(_quartered(summed) / np.maximum(weights, 1e-9), np.minimum(weights, 1.0))
    pushed = cv2.resize(coarse, (even.shape[1], even.shape[0]), interpolation=cv2.INTER_LINEAR)[:height, :width]
    pushed = pushed.reshape(height, width, 3)
    share = np.minimum(weight, 1.0)
    return np.asarray(colour * share + pushed * (1.0 - share), dtype=np.float32)


def _quartered(values: Float32[np.ndarray, "h w c"]) -> Float32[np.ndarray, "h2 w2 c"]:
    found: Float32[np.ndarray, "h2 w2 c"] = (
        values[::2, ::2] + values[1::2, ::2] + values[::2, 1::2] + values[1::2, 1::2]
    )
    return found
