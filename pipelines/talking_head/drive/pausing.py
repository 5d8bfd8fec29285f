"""What a mouth does where nobody speaks: it shuts after a word, is shut in silence, and opens before the next word.

Sound says nothing there, and a regression that was hardly taught silence goes on past what it knows. That mouths open
before they are heard, by a fifth of a second and more, is what people breathe in by.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int64

from pipelines.talking_head import FPS

BEFORE, OPENS, SHUTS = 5, 7, 5
"""Frames before a word in which a mouth is ready for it; in which it opens to be; and in which it shuts after one."""
EDGE = 2
"""Frames on either side of a word's edge in which what is heard comes to count."""
READY = 0.75
"""How far from shut to its usual code a mouth is that is ready to speak."""
NARROW = 0.1
"""Share of somebody's mouths, the narrowest, whose mean is a shut one."""
TAUGHT = FPS
"""Frames of silence from which on what was learned of it counts."""
OWN = 2 * FPS
"""Frames of speech from which on more than half is believed of how a voice differs from the one that was learned."""


def opened(speech: Bool[np.ndarray, " t"]) -> Float64[np.ndarray, " t"]:
    """How far a mouth is open, of what it would be: 1 in speech and before it, 0 in silence, evenly between."""
    until, since = _until(speech), _until(speech[::-1])[::-1]
    return np.clip(np.maximum(1 - (until - BEFORE) / OPENS, 1 - since / SHUTS), 0, 1)


def heeded(speech: Bool[np.ndarray, " t"]) -> Float64[np.ndarray, " t"]:
    """How much of what is heard counts: 1 in speech, 0 in silence, one half where either begins."""
    width = 2 * EDGE + 1
    found: Float64[np.ndarray, " t"] = np.convolve(
        np.pad(speech, EDGE, mode="edge"), np.full(width, 1 / width), "valid"
    )
    return found


def share_believed(speech: Bool[np.ndarray, " t"]) -> float:
    """How much of what sets a voice apart from the one that was learned is believed, by how long it speaks."""
    count = int(speech.sum())
    return count / (count + OWN)


def narrowest(opening: Float64[np.ndarray, " t"]) -> Int64[np.ndarray, " n"]:
    """The frames in which a mouth is shut, or as good as."""
    return np.argsort(opening, kind="stable")[: max(1, round(NARROW * len(opening)))]


def _until(speech: Bool[np.ndarray, " t"]) -> Float64[np.ndarray, " t"]:
    """Frames from each to the next in which there is speech; infinite behind the last."""
    on = np.append(np.flatnonzero(speech), len(speech))
    at = np.arange(len(speech))
    following = on[np.searchsorted(on, at)]
    return np.where(following < len(speech), following - at, np.inf)
