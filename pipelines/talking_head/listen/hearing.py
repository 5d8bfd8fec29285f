"""A sound as a mouth hears it: its features, and where somebody speaks in it."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from pipelines.talking_head import HOP
from pipelines.talking_head.ingest.speech import Voice, speaking
from pipelines.talking_head.listen.front import Features, FrontEnd, Sound

LOUD = 0.1
"""Of what is usual where a sound is loud: from there on it is."""
MOSTLY = 0.5
"""Least share of what is loud that has to be speech. Of a song, a network that knows speech hears pieces."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What is heard of a whole sound, a row a frame. speech: whether somebody speaks there."""

    features: Features
    speech: Bool[np.ndarray, " t"]

    def __len__(self) -> int:
        return len(self.features)


@dataclass(frozen=True, slots=True, eq=False)
class Ear:
    """A front end, and what tells speech from silence."""

    front: FrontEnd
    activity: Callable[[Sound], Bool[np.ndarray, " t"]]

    def __call__(self, sound: Sound) -> Heard:
        """What is heard of len(sound) // HOP frames."""
        return Heard(self.front(sound), self.activity(sound))


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """Where somebody speaks, by a network that belongs to one thread at a time."""

    voice: Voice

    def __call__(self, sound: Sound) -> Bool[np.ndarray, " t"]:
        """As ``Heard.speech``."""
        return speaking(self.voice(sound), len(sound) // HOP)


def spoken(speech: Bool[np.ndarray, " t"], sound: Sound) -> bool:
    """Whether most of what is loud in a sound is speech, so that the rest of it is silence, and not a song."""
    return bool(speech[loud(sound)[: len(speech)]].mean() >= MOSTLY)


def loud(sound: Sound) -> Bool[np.ndarray, " t"]:
    """The frames that are loud, as this sound goes."""
    frames = sound[: len(sound) // HOP * HOP].reshape(-1, HOP)
    level = np.sqrt(np.einsum("ts,ts->t", frames, frames))  # squares of two hours are not held
    return np.asarray(level >= LOUD * np.percentile(level, 95))
