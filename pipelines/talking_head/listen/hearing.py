"""A sound as a mouth hears it: its features, and where somebody speaks in it. Where nobody does, the mouth is shut."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32

from pipelines.talking_head import HOP
from pipelines.talking_head.ingest.speech import Voice, speaking
from pipelines.talking_head.listen.front import Features, FrontEnd, Sound

EDGE = 3
"""Frames by which a mouth opens before a word and is still open after it, and as many in which it does either."""
LOUD = 0.1
"""Of what is usual where a sound is loud: from there on it is."""
HEEDED = 0.5
"""Least share of what is loud that has to be speech. Of a song, a network that knows speech hears pieces."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What is heard of a sound, a row a frame. speech: 1 where somebody speaks, 0 in silence, between at the edges."""

    features: Features
    speech: Float32[np.ndarray, " t"]

    def __len__(self) -> int:
        return len(self.features)


@dataclass(frozen=True, slots=True, eq=False)
class Ear:
    """A front end, and what tells speech from silence."""

    front: FrontEnd
    activity: Callable[[Sound], Float32[np.ndarray, " t"]]

    def __call__(self, sound: Sound) -> Heard:
        """What is heard of len(sound) // HOP frames."""
        return Heard(self.front(sound), self.activity(sound))


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """Where somebody speaks, by a network that belongs to one thread at a time."""

    voice: Voice

    def __call__(self, sound: Sound) -> Float32[np.ndarray, " t"]:
        """As ``Heard.speech``."""
        return eased(speaking(self.voice(sound), len(sound) // HOP))


def eased(speech: Bool[np.ndarray, " t"]) -> Float32[np.ndarray, " t"]:
    """1 in speech and EDGE frames around it, and as evenly down to 0 from there."""
    width = 2 * EDGE + 1
    wider = np.lib.stride_tricks.sliding_window_view(np.pad(speech, 2 * EDGE, mode="edge"), width).any(axis=1)
    return np.convolve(wider, np.full(width, 1 / width), mode="valid").astype(np.float32)


def heeded(speech: Float32[np.ndarray, " t"], sound: Sound) -> bool:
    """Whether most of what is loud in a sound is speech, so that the rest of it is silence, and not a song."""
    level = np.sqrt(np.square(sound[: len(speech) * HOP].reshape(-1, HOP)).mean(axis=1))
    loud = level >= LOUD * np.percentile(level, 95)
    return bool(speech[loud].mean() >= HEEDED)
