"""A sound as a mouth hears it: its features, and where somebody speaks in it."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32

from pipelines.talking_head import HOP
from pipelines.talking_head.ingest.speech import Voice, speaking
from pipelines.talking_head.listen.front import Features, FrontEnd, Sound

LOUD = 0.1
"""Of what is usual where a sound is loud: from there on it is."""
SUNG = 0.3
"""Of what is usual in speech: what else is as loud is no silence."""
MOSTLY = 0.5
"""Least share of what is loud that has to be speech. Of a song, a network that knows speech hears pieces."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What is heard of a whole sound, a row a frame. speech: where the mouth follows it; elsewhere it is silence."""

    features: Features
    speech: Bool[np.ndarray, " t"]

    def __len__(self) -> int:
        return len(self.features)


@dataclass(frozen=True, slots=True, eq=False)
class Ear:
    """A front end, and what finds speech."""

    front: FrontEnd
    activity: Callable[[Sound], Bool[np.ndarray, " t"]]

    def __call__(self, sound: Sound) -> Heard:
        """What is heard of len(sound) // HOP frames."""
        return Heard(self.front(sound), followed(self.activity(sound), sound))


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """Where somebody speaks, by a network that belongs to one thread at a time."""

    voice: Voice

    def __call__(self, sound: Sound) -> Bool[np.ndarray, " t"]:
        """Whether somebody speaks in each frame."""
        return speaking(self.voice(sound), len(sound) // HOP)


def followed(speech: Bool[np.ndarray, " t"], sound: Sound) -> Bool[np.ndarray, " t"]:
    """Where a mouth follows that sound: in its speech; in all of it where most that is loud is none, as in songs."""
    level = levels(sound)[: len(speech)]
    usual = SUNG * np.median(level[speech]) if speech.any() else 0.0
    others = np.count_nonzero(level[~speech] > usual)
    song = others > (1 - MOSTLY) * (others + np.count_nonzero(speech))
    return np.ones_like(speech) if song else speech


def loud(sound: Sound) -> Bool[np.ndarray, " t"]:
    """The frames that are loud, as this sound goes."""
    level = levels(sound)
    return np.asarray(level >= LOUD * np.percentile(level, 95))


def levels(sound: Sound) -> Float32[np.ndarray, " t"]:
    """The length of each frame's samples as one vector: how loud it is."""
    frames = sound[: len(sound) // HOP * HOP].reshape(-1, HOP)
    return np.asarray(np.sqrt(np.einsum("ts,ts->t", frames, frames)))  # squares of two hours are not held
