"""Colour tables: 256 colours from the low end of a scale to its high end, sRGB, 0 to 1."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import functools
import math

import numpy as np
from jaxtyping import Float

from pipelines.morph.outputs.cielab import encoded, lab, light_of, linear

Table = Float[np.ndarray, "256 3"]

_VIRIDIS = np.array(
    [
        [0.2777273272234177, 0.005407344544966578, 0.3340998053353061],
        [0.1050930431085774, 1.404613529898575, 1.384590162594685],
        [-0.3308618287255563, 0.214847559468213, 0.09509516302823659],
        [-4.634230498983486, -5.799100973351585, -19.33244095627987],
        [6.228269936347081, 14.17993336680509, 56.69055260068105],
        [4.776384997670288, -13.74514537774601, -65.35303263337234],
        [-5.435455855934631, 4.645852612178535, 26.3124352495832],
    ]
)
"""Coefficients of t^0 to t^6. Matt Zucker's fit (2019, public domain) to viridis of van der Walt and Smith (2015)."""
_COOL, _WARM = (59, 76, 192), (180, 4, 38)
_MIDDLE = 88.0
"""Magnitude of the white in the middle; with the two colours the "cool to warm" of Moreland 2009, section 5.2."""


@functools.cache
def sequential() -> Table:
    """From dark violet over green to yellow; equal steps look equal, and it prints in grey in the right order."""
    t = np.linspace(0.0, 1.0, 256)[:, None]
    return _table((t ** np.arange(7)) @ _VIRIDIS)


@functools.cache
def diverging() -> Table:
    """From blue over white to red, without a false edge at the white.

    Source: Moreland, "Diverging Color Maps for Scientific Visualization" (2009), its figure 3: interpolation in Msh,
    the polar form of CIE Lab, each half towards a white whose hue is turned away so that steps stay even.
    """
    cool, warm = (_msh(np.array(rgb) / 255) for rgb in (_COOL, _WARM))
    halves = [
        np.linspace(cool, (_MIDDLE, 0.0, _turned(cool)), 128),
        np.linspace((_MIDDLE, 0.0, _turned(warm)), warm, 128),
    ]
    return _table(_rgb(np.vstack(halves)))


def _table(colours: Table) -> Table:
    """The colours, kept within the display's range; all callers share them, so nobody may change them."""
    table = np.asarray(np.clip(colours, 0.0, 1.0))
    table.flags.writeable = False
    return table


def _turned(msh: Float[np.ndarray, " 3"]) -> float:
    """The hue at the unsaturated end of a half."""
    magnitude, saturation, hue = (float(x) for x in msh)
    if magnitude >= _MIDDLE:
        return hue
    spin = saturation * math.sqrt(_MIDDLE**2 - magnitude**2) / (magnitude * math.sin(saturation))
    return hue + spin if hue > -math.pi / 3 else hue - spin


def _msh(rgb: Float[np.ndarray, " 3"]) -> Float[np.ndarray, " 3"]:
    colour = lab(linear(rgb))
    magnitude = float(np.linalg.norm(colour))
    return np.array([magnitude, math.acos(colour[0] / magnitude), math.atan2(colour[2], colour[1])])


def _rgb(msh: Float[np.ndarray, "n 3"]) -> Table:
    magnitude, saturation, hue = msh.T
    chroma = magnitude * np.sin(saturation)
    colours = np.stack([magnitude * np.cos(saturation), chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)
    light = np.clip(light_of(colours), 0.0, 1.0)
    return encoded(light)
