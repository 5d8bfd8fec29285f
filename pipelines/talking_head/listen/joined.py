"""The front end ``speech+mel``: the speech embedding and a coarse log-mel picture, side by side.

The embedding knows the sounds of speech, but hears 0.76 s at once; the bands know when.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import hashlib

import numpy as np
from jaxtyping import Float32

from pipelines.talking_head.listen import mel
from pipelines.talking_head.listen.front import Features, FrontEnd, Sound

STEPS, BANDS = 8, 20
"""Of the bands that are kept: steps of 40 ms, four bands to one. More are learned by heart."""
_VERSION = 1


class Joined:
    """What the embedding says of a frame, then the bands around it."""

    name, layer = "speech+mel", 0

    def __init__(self, speech: FrontEnd) -> None:
        self._speech, self._mel = speech, mel.Mel()

    @property
    def digest(self) -> str:
        """Of both, and of how the bands are made coarse."""
        told = f"{_VERSION} {STEPS} {BANDS} {self._speech.digest} {self._mel.digest}"
        return hashlib.sha256(told.encode()).hexdigest()

    def __call__(self, sound: Sound) -> Features:
        """1 step of 96 + 160 channels a frame."""
        embedded, bands = self._speech(sound), coarse(self._mel(sound))
        count, steps, channels = embedded.shape
        rows = (embedded.reshape(count, 1, steps * channels), bands.reshape(count, 1, STEPS * BANDS))
        return np.concatenate(rows, axis=2)


def coarse(bands: Features) -> Float32[np.ndarray, "t 8 20"]:
    """The log-mel bands, means of steps and bands that lie together."""
    steps, width = mel.STEPS // STEPS, mel.BANDS // BANDS
    grouped = bands.reshape(len(bands), STEPS, steps, BANDS, width)
    return np.asarray(grouped.mean(axis=(2, 4)), dtype=np.float32)
