"""An image of any mode as upright red, green and blue of 8 bits."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from math import isfinite

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageChops

LARGEST = 50_000_000
"""Pixels above which an image is made smaller while it is converted, so that it is in memory only once."""
_ORIENTATION = 0x0112
_DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
_CLEAR = ("LA", "La", "PA", "RGBA", "RGBa")
_ROWS = 512
"""Rows that are converted at a time; divisible by every reduction."""


def upright(image: Image.Image) -> UInt8[np.ndarray, "h w 3"]:
    """The image's pixels, turned as its EXIF data say; over LARGEST it comes out an even part of its size.

    Transparent is white, for portraits are cut out to stand on paper; but where nothing is visible, transparency is
    not believed. Grey of more than 8 bits is taken to use as many as its brightest pixel needs.
    """
    image.load()
    reduction = _reduction(image.width * image.height)
    convert = _Converter(image)
    if image.height <= _ROWS or reduction == 1:
        pixels = np.asarray(convert.part(image))
    else:
        strips = (
            image.crop((0, top, image.width, min(top + _ROWS, image.height))) for top in range(0, image.height, _ROWS)
        )
        pixels = np.concatenate([np.asarray(convert.part(strip).reduce(reduction)) for strip in strips])
    return turned(pixels, orientation(image))


def orientation(image: Image.Image) -> int:
    """How the image is to be turned, 1 to 8, as its EXIF data say; 1: as it is, or they are damaged."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001  damaged EXIF data raise whatever they like, and cost nobody the picture
        return 1


def _reduction(pixels: int) -> int:
    reduction = 1
    while pixels / reduction**2 > LARGEST:
        reduction *= 2
    return reduction


class _Converter:
    """What is known of a whole image before its parts are converted."""

    def __init__(self, image: Image.Image) -> None:
        self._deep = image.mode in _DEEP
        self._clear = image.mode in _CLEAR or "transparency" in image.info
        self._negative = image.mode == "CMYK" and image.format == "JPEG" and "adobe" not in image.info
        self._low, self._range = _span(image) if self._deep else (0.0, 255.0)
        if "A" in image.getbands():
            self._clear = image.getchannel("A").getextrema()[1] != 0

    def part(self, image: Image.Image) -> Image.Image:
        """A part of it in red, green and blue."""
        if self._deep:
            grey = (np.asarray(image).astype(np.float32) - self._low) * (255 / self._range)
            return Image.fromarray(np.clip(np.nan_to_num(grey), 0, 255).astype(np.uint8)).convert("RGB")
        if self._negative:
            image = ImageChops.invert(image)  # Pillow takes every CMYK JPEG for Adobe's, which are stored inverted
        if self._clear:
            layer = image.convert("RGBA")
            return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
        return image if image.mode == "RGB" else image.convert("RGB")


def _span(image: Image.Image) -> tuple[float, float]:
    """The value that becomes black and how far above it white is."""
    low, high = (float(end) for end in image.getextrema())  # type: ignore[arg-type]
    if low < 0 or not isfinite(high):
        return (low, max(high - low, 1e-9)) if isfinite(high - low) else (0.0, 1.0)
    if image.mode == "F" and high <= 1:
        return 0.0, 1.0
    return 0.0, float(max(255, 2 ** int(high).bit_length() - 1))


def turned(pixels: UInt8[np.ndarray, "h w 3"], orientation: int) -> UInt8[np.ndarray, "h2 w2 3"]:
    """The pixels as an EXIF orientation (1 to 8) says that they are to be seen."""
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
