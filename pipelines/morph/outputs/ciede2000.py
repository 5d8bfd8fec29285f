"""The difference that an eye sees between two colours: CIEDE2000."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

Lab = Float[np.ndarray, "*n 3"]
Values = Float[np.ndarray, "*n"]

_HALF, _FULL = 180, 360
_25_TO_7 = 25.0**7


def ciede2000(one: Lab, two: Lab) -> Values:
    """The colour differences, in the precision of the arguments; 1 is about what an eye just sees.

    Source: Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula" (2005), equations 2 to 22, all weights 1.
    """
    plain = (np.hypot(one[..., 1], one[..., 2]) + np.hypot(two[..., 1], two[..., 2])) / 2
    stretch = 1 + 0.5 * (1 - _seventh(plain))
    chroma_1, hue_1 = _polar(stretch * one[..., 1], one[..., 2])
    chroma_2, hue_2 = _polar(stretch * two[..., 1], two[..., 2])
    grey = chroma_1 * chroma_2 == 0
    turn = np.where(grey, 0, _turn(hue_1, hue_2))
    across = 2 * np.sqrt(chroma_1 * chroma_2) * np.sin(np.deg2rad(turn / 2))
    hue = np.where(grey, hue_1 + hue_2, _mean_hue(hue_1, hue_2))
    chroma = (chroma_1 + chroma_2) / 2
    light = ((one[..., 0] + two[..., 0]) / 2 - 50) ** 2
    by_lightness = (two[..., 0] - one[..., 0]) / (1 + 0.015 * light / np.sqrt(20 + light))
    by_chroma = (chroma_2 - chroma_1) / (1 + 0.045 * chroma)
    by_hue = across / (1 + 0.015 * chroma * _hue_weight(hue))
    rotation = -2 * _seventh(chroma) * np.sin(np.deg2rad(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    squared = by_lightness**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue
    return np.asarray(np.sqrt(np.maximum(squared, 0)))


def _seventh(chroma: Values) -> Values:
    """sqrt(C^7 / (C^7 + 25^7)); the power by products, because the general one takes twenty times as long."""
    cube = chroma * chroma * chroma
    power = cube * cube * chroma
    return np.asarray(np.sqrt(power / (power + _25_TO_7)))


def _polar(a: Values, b: Values) -> tuple[Values, Values]:
    """The length and the angle in degrees from 0 to 360."""
    angle = np.rad2deg(np.arctan2(b, a))
    return np.hypot(a, b), np.where(angle < 0, angle + _FULL, angle)


def _turn(one: Values, two: Values) -> Values:
    """From one hue to the other the short way."""
    turn = two - one
    return np.asarray(turn - _FULL * np.sign(turn) * (np.abs(turn) > _HALF))


def _mean_hue(one: Values, two: Values) -> Values:
    total = one + two
    apart = np.abs(one - two) > _HALF
    return np.asarray((total + np.where(apart, np.where(total < _FULL, _FULL, -_FULL), 0)) / 2)


def _hue_weight(hue: Values) -> Values:
    """The T of equation 15."""
    radians = np.deg2rad(hue)
    one = 0.17 * np.cos(radians - np.deg2rad(30)) - 0.24 * np.cos(2 * radians)
    return np.asarray(
        1 - one + 0.32 * np.cos(3 * radians + np.deg2rad(6)) - 0.20 * np.cos(4 * radians - np.deg2rad(63))
    )
