"""How near a rendered frame is to the true one: PSNR and SSIM, and the head over the true rest."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float32, Float64, UInt8

Picture = UInt8[np.ndarray, "h w 3"]
DEVIATION, RADIUS = 1.5, 5
"""Of SSIM's Gaussian, in pixels (Wang et al. 2004: 11 x 11)."""
_STEADY, _CONTRAST = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def psnr(picture: Picture, truth: Picture) -> float:
    """Peak signal to noise in decibels; infinite where they are equal."""
    error = float(np.mean((picture.astype(np.float64) - truth) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(255.0**2 / error))


def mean_psnr(pictures: Iterable[Picture], truth: Iterable[Picture]) -> float:
    """The mean of the frames' figures, as the papers have it; equal frames count as 100 dB."""
    return float(np.mean([min(100.0, psnr(one, true)) for one, true in zip(pictures, truth, strict=True)]))


def ssim(picture: Picture, truth: Picture) -> float:
    """Structural similarity, the mean over pixels and channels (Wang et al. 2004, equation 13).

    The border of five pixels is left out, where the window would not be whole.
    """
    first, second = picture.astype(np.float64), truth.astype(np.float64)
    mean_a, mean_b = blurred(first), blurred(second)
    square_a, square_b = blurred(first * first) - mean_a**2, blurred(second * second) - mean_b**2
    both = blurred(first * second) - mean_a * mean_b
    light = (2 * mean_a * mean_b + _STEADY) / (mean_a**2 + mean_b**2 + _STEADY)
    structure = (2 * both + _CONTRAST) / (square_a + square_b + _CONTRAST)
    return float((light * structure).mean())


def blurred(values: Float64[np.ndarray, "h w c"]) -> Float64[np.ndarray, "h2 w2 c"]:
    """The values under SSIM's Gaussian, where the window is whole."""
    weights = kernel()
    for axis in (0, 1):
        windows = np.lib.stride_tricks.sliding_window_view(values, len(weights), axis=axis)
        values = windows @ weights
    return values


def kernel() -> Float64[np.ndarray, " k"]:
    """SSIM's Gaussian along one axis, its sum 1."""
    at = np.arange(-RADIUS, RADIUS + 1)
    weights = np.exp(-(at**2) / (2 * DEVIATION**2))
    return np.asarray(weights / weights.sum())


def over(head: Picture, share: Float32[np.ndarray, "h w"], truth: Picture) -> Picture:
    """The rendered head on the true torso and background: what the papers' figure of the head is taken of."""
    mixed = head * share[..., None].astype(np.float64) + truth * (1.0 - share[..., None])
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
