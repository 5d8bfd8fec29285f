"""Colours as displays have them (sRGB), as light (linear) and as an eye orders them (CIE Lab under D65, 2 degrees)."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt8

Colours = Float[np.ndarray, "*n 3"]

_XYZ_OF_LINEAR = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
_RATIO_OF_LINEAR = _XYZ_OF_LINEAR / _WHITE[:, None]
_SRGB_KNEE, _LINEAR_KNEE = 0.04045, 0.0031308
_KNEE, _SLOPE, _OFFSET = (6 / 29) ** 3, (29 / 6) ** 2 / 3, 4 / 29


def linear(srgb: Colours) -> Colours:
    """The light of sRGB values from 0 to 1. Source: IEC 61966-2-1."""
    return np.asarray(np.where(srgb > _SRGB_KNEE, ((srgb + 0.055) / 1.055) ** 2.4, srgb / 12.92))


def encoded(light: Colours) -> Colours:
    """The sRGB values of light from 0 to 1, the inverse of ``linear``."""
    above = np.maximum(light, _LINEAR_KNEE)
    return np.asarray(np.where(light > _LINEAR_KNEE, 1.055 * above ** (1 / 2.4) - 0.055, 12.92 * light))


def lab(light: Colours) -> Colours:
    """CIE Lab of linear colours, in their precision: L from 0 to 100. Source: CIE 15:2004, section 8.2.1."""
    ratio = light @ _RATIO_OF_LINEAR.T.astype(light.dtype)
    x, y, z = np.moveaxis(np.where(ratio > _KNEE, np.cbrt(ratio), ratio * _SLOPE + _OFFSET), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def light_of(colours: Colours) -> Colours:
    """The linear colours of CIE Lab, the inverse of ``lab``; those that no display has are negative or over 1."""
    lightness, a, b = np.moveaxis(colours, -1, 0)
    y = (lightness + 16) / 116
    f = np.stack([y + a / 500, y, y - b / 200], axis=-1)
    ratio = np.where(f > _KNEE ** (1 / 3), f**3, (f - _OFFSET) / _SLOPE)
    return np.asarray(ratio @ np.linalg.inv(_RATIO_OF_LINEAR).T)


_LIGHT_OF_LEVEL = linear(np.arange(256) / 255).astype(np.float32)


def lab_of_pixels(rgb: UInt8[np.ndarray, "*n 3"]) -> Colours:
    """CIE Lab of pixels, float32."""
    return lab(_LIGHT_OF_LEVEL[rgb])
