"""Where the textures of A and B differ, pixel by pixel: in lightness, in chroma, and as an eye sees it."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image

from pipelines.contract import cores
from pipelines.morph.outputs.ciede2000 import ciede2000
from pipelines.morph.outputs.cielab import lab_of_pixels
from pipelines.morph.outputs.statistics import Statistics, statistics
from pipelines.morph.surface import Picture

_BACKGROUND = 0.05
"""A pixel whose mean of red, green and blue, 0 to 1, is below this in both textures belongs to no face."""
_CHUNK = 1 << 15
"""Pixels at a time: what they need stays in a core's own cache."""

PerPixel = Float[np.ndarray, "h w"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TextureDifferences:
    """One float32 a pixel, B against A, in units of CIE Lab; zero in the background.

    lightness: L of B less L of A. chroma: the distance of the two in a and b. delta_e: CIEDE2000. face: not background.
    """

    lightness: PerPixel
    chroma: PerPixel
    delta_e: PerPixel
    face: Bool[np.ndarray, "h w"]

    def figures(self) -> tuple[Statistics, ...]:
        """The rows of the three in ``statistics.csv``, over the pixels of the face; none where all is background."""
        if not self.face.any():
            return ()
        return (
            statistics("texture", "luminance_difference", self.lightness[self.face]),
            statistics("texture", "chrominance_difference", self.chroma[self.face]),
            statistics("texture", "perceptual_difference", self.delta_e[self.face]),
        )


def texture_differences(a: Picture, b: Picture) -> TextureDifferences:
    """The differences of two textures; of two sizes the one with more pixels is first reduced to the other's."""
    one, two = _same_size(a, b)
    face = (_means(one) >= _BACKGROUND) | (_means(two) >= _BACKGROUND)
    where = np.flatnonzero(face & (one != two).any(axis=2))
    flat_one, flat_two = one.reshape(-1, 3), two.reshape(-1, 3)
    found = np.zeros((3, face.size), dtype=np.float32)

    def measure(start: int) -> None:
        at = where[start : start + _CHUNK]
        found[:, at] = _measured(flat_one[at], flat_two[at])

    with ThreadPoolExecutor(cores()) as workers:
        list(workers.map(measure, range(0, len(where), _CHUNK)))
    lightness, chroma, delta_e = found.reshape(3, *face.shape)
    return TextureDifferences(lightness=lightness, chroma=chroma, delta_e=delta_e, face=face)


def _measured(one: Picture, two: Picture) -> Float[np.ndarray, "3 n"]:
    """Lightness, chroma and CIEDE2000 of rows of colours."""
    lab_one, lab_two = lab_of_pixels(one), lab_of_pixels(two)
    between = lab_two - lab_one
    return np.stack([between[:, 0], np.hypot(between[:, 1], between[:, 2]), ciede2000(lab_one, lab_two)])


def _means(picture: Picture) -> PerPixel:
    return np.asarray(picture.sum(axis=2, dtype=np.uint16) * np.float32(1 / 765))


def _same_size(a: Picture, b: Picture) -> tuple[Picture, Picture]:
    if a.shape == b.shape:
        return a, b
    if a.shape[0] * a.shape[1] > b.shape[0] * b.shape[1]:
        return _resized(a, b), b
    return a, _resized(b, a)


def _resized(picture: Picture, like: Picture) -> Picture:
    size = (like.shape[1], like.shape[0])
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))
