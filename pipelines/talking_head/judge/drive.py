"""How an engine is made to speak so that only the audio can move its mouth: all else frozen, every frame held out."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from jaxtyping import Float64, UInt8

from pipelines.talking_head import HOP
from pipelines.talking_head.judge.blocks import Fold
from pipelines.talking_head.judge.following import REACH, lags
from pipelines.talking_head.listen.front import Sound
from pipelines.talking_head.listen.hearing import Ear, Heard

Watch = Callable[[Iterable[UInt8[np.ndarray, "s s 3"]]], Float64[np.ndarray, "t 40 2"]]
"""Finds the lips in rendered pictures: as in ``Track.lips``."""


class Speaker(Protocol):
    """An engine that has learned from the frames of one fold."""

    def __call__(self, heard: Heard) -> Iterable[UInt8[np.ndarray, "s s 3"]]:
        """A picture for each frame of it, with pose, eyes and background of one frame throughout."""


Way = Callable[[Sound], Sound]
"""What is made of the sound of a block before it drives."""


def right(sound: Sound) -> Sound:
    """The sound itself."""
    return sound


def wrong(sound: Sound) -> Sound:
    """The same speech half its length later, going round: same voice, same loudness, wrong words."""
    return np.roll(sound, len(sound) // HOP // 2 * HOP)


def silent(sound: Sound) -> Sound:
    """Nothing, as long."""
    return np.zeros_like(sound)


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """An ear and the sound of a clip: HOP samples a frame, its offset already taken out.

    way: ``right``, or what the right one is compared with. It is made of each block's own sound: another block's was
    learned from, and a mouth that knows it by heart is wrong with more conviction than one that hears it first.
    """

    ear: Ear
    sound: Sound
    way: Way = right

    def of(self, fold: Fold) -> Heard:
        """What is heard in the held-out frames, from their own sound alone."""
        first, last = int(fold.held[0]), int(fold.held[-1]) + 1
        return self.ear(self.way(self.sound[first * HOP : last * HOP]))


def spoken(
    speakers: Iterable[Speaker], parts: Sequence[Fold], audio: Audio, watch: Watch
) -> Float64[np.ndarray, "t 40 2"]:
    """The lips in every frame, each rendered by the speaker that has not seen its block. speakers: one a fold."""
    found = [watch(speaker(audio.of(fold))) for speaker, fold in zip(speakers, parts, strict=True)]
    return np.concatenate(found)


def slid(values: Float64[np.ndarray, " t"], parts: Sequence[Fold], reach: int = REACH) -> Float64[np.ndarray, "l t"]:
    """What the mouth would have done had the audio come so much later, a row for each of ``lags``.

    With everything else frozen, shifting the audio shifts the mouth; so nothing is rendered again. Each block goes
    round in itself: what leaves at one end comes in at the other, and no block hears another.
    """
    edges = [int(fold.held[0]) for fold in parts] + [len(values)]
    rows = [np.concatenate([np.roll(values[a:b], lag) for a, b in pairwise(edges)]) for lag in lags(reach)]
    return np.stack(rows)
