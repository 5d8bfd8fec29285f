"""How a rendered mouth compares with the true one: spread of its opening, distance of its lips, trembling."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from pipelines.talking_head.judge.probe import correlation
from pipelines.talking_head.track.smoothing import jitter

LIVELY = 0.6
"""Least spread of the opening, of the truth's."""
NEARER = 0.95
"""Most landmark distance with the right audio, of that with wrong audio and with silence."""
QUIET = 1.5
"""Least opening in speech, of that in silence, for a voice that the model never heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """Landmark distance of the mouth with the right audio, with another's and with silence. Inter-ocular distances."""

    right: float
    wrong: float
    silent: float

    @property
    def holds(self) -> bool:
        """Whether the right audio brings the lips nearer to the truth."""
        return self.right <= NEARER * self.wrong and self.right <= NEARER * self.silent


def distance(lips: Float64[np.ndarray, "t p 2"], truth: Float64[np.ndarray, "t p 2"]) -> float:
    """The mean distance of corresponding points, both mouths put on one middle first (LMD), in the points' unit."""
    first = lips - lips.mean(axis=1, keepdims=True)
    second = truth - truth.mean(axis=1, keepdims=True)
    return float(np.linalg.norm(first - second, axis=-1).mean())


def spread(opening: Float64[np.ndarray, " t"], truth: Float64[np.ndarray, " t"]) -> float:
    """The standard deviation of the opening over the truth's: 1 is as lively, 0 is a mouth that stays."""
    return float(opening.std() / max(float(truth.std()), 1e-9))


def speaking(opening: Float64[np.ndarray, " t"], speech: Bool[np.ndarray, " t"]) -> float:
    """The mean opening in speech over that in silence; infinite where there is no silence to compare with."""
    if not speech.any() or speech.all():
        return float("inf")
    return float(opening[speech].mean() / max(float(opening[~speech].mean()), 1e-9))


def trembles(lips: Float64[np.ndarray, "t p 2"], source: Float64[np.ndarray, "t p 2"]) -> bool:
    """Whether the usual jitter of the lips is above the 95th percentile of the source's."""
    return float(np.median(jitter(lips))) > float(np.percentile(jitter(source), 95))


def differs(one: Float64[np.ndarray, " t"], other: Float64[np.ndarray, " t"]) -> bool:
    """Whether the openings of two films are two films': not the same curve, up to scale."""
    return correlation(one, other) < 0.9  # noqa: PLR2004  noise alone leaves .95 and more
