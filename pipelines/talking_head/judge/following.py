"""Whether a mouth follows the audio: how its opening agrees with the truth while the driving audio is shifted."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from pipelines.talking_head import FPS
from pipelines.talking_head.judge.probe import correlation

REACH = 15
"""Frames by which the driving audio is shifted on either side."""
BESIDE = 1
"""Frames by which the peak may miss 0."""
FAR, ABOVE = 6, 0.15
"""From so many frames on, every correlation must be so much lower than the peak."""
CHANCE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Following:
    """How the opening of a mouth follows the audio.

    curve: correlation of opening with the truth at shifts of -REACH to REACH frames. peak: the shift of its highest.
    margin: by which the peak exceeds every shift of FAR or more. chance: how often a circular shift of the same opening
    agrees as well.
    """

    curve: Float64[np.ndarray, " l"]
    peak: int
    margin: float
    chance: float

    @property
    def holds(self) -> bool:
        """Whether the mouth is driven by the audio."""
        return abs(self.peak) <= BESIDE and self.margin >= ABOVE and self.chance < CHANCE


def lags(reach: int = REACH) -> Int64[np.ndarray, " l"]:
    """The shifts of the curve."""
    return np.arange(-reach, reach + 1, dtype=np.int64)


def followed(openings: Float64[np.ndarray, "l t"], truth: Float64[np.ndarray, " t"]) -> Following:
    """How the openings follow. openings: one row for each of ``lags``: what was rendered with the audio so shifted."""
    curve = np.array([correlation(row, truth) for row in openings])
    shifts = lags(len(openings) // 2)
    best = int(curve.argmax())
    far = curve[np.abs(shifts) >= FAR]
    return Following(
        curve=curve,
        peak=int(shifts[best]),
        margin=float(curve[best] - far.max(initial=-1.0)),
        chance=chance(openings[len(openings) // 2], truth),
    )


def chance(opening: Float64[np.ndarray, " t"], truth: Float64[np.ndarray, " t"], least: int = FPS) -> float:
    """The share of circular shifts, by least frames or more, that agree with the truth as well as no shift does.

    The unshifted counts among them, so it is never 0 (Phipson and Smyth 2010). Computed by one Fourier transform.
    """
    first, second = opening - opening.mean(), truth - truth.mean()
    count = len(truth)
    agreements = np.fft.irfft(np.fft.rfft(second) * np.conj(np.fft.rfft(first)), count)
    tried = agreements[least : count - least + 1]
    slack = 1e-9 * max(1.0, float(np.abs(agreements).max()))
    return float((1 + (tried >= agreements[0] - slack).sum()) / (1 + len(tried)))
