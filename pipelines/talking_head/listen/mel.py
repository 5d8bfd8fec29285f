"""The front end ``mel``: the logarithm of the energy in 80 bands, 16 steps of 20 ms around each frame."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
from jaxtyping import Float32, Float64

from pipelines.talking_head import HOP, RATE
from pipelines.talking_head.listen.front import Features, Sound, frames_of

BANDS = 80
STEPS, STEP = 16, RATE // 50
"""Steps a frame sees, and samples from one to the next: 320 ms."""
WINDOW = 512
"""Samples of a step's spectrum, 32 ms."""
LOW, HIGH = 60.0, 7600.0
"""Hertz of the lowest and highest band's outer edges."""
FLOOR = 1e-5
"""Energy that counts as silence."""
CENTRE, SPREAD = -6.0, 3.0
"""About the mean and deviation of the logarithms in speech."""
PATIENCE = 2.0
"""Seconds of CENTRE that a sound's own mean is weighed against: a short sound says little about its microphone."""
_VERSION = 1


class Mel:
    """Log-mel bands, less the mean of each band over the sound: a microphone's colour and loudness are no speech."""

    name, layer = "mel", 0

    @property
    def digest(self) -> str:
        """Of the numbers above and the filters."""
        numbers = (_VERSION, BANDS, STEPS, STEP, WINDOW, LOW, HIGH, FLOOR, CENTRE, SPREAD, PATIENCE)
        return hashlib.sha256(repr(numbers).encode()).hexdigest()

    def __call__(self, sound: Sound) -> Features:
        """16 steps of 80 bands a frame."""
        count = frames_of(len(sound))
        logs = spectrogram(sound)
        per_frame = HOP // STEP
        first = per_frame * np.arange(count)[:, None] + np.arange(STEPS)
        return levelled(logs, count)[first] if count else np.zeros((0, STEPS, BANDS), dtype=np.float32)


def spectrogram(sound: Sound) -> Float32[np.ndarray, "m 80"]:
    """The logarithms of the bands of steps of 20 ms, from STEPS / 2 - 1 steps before the sound to as much after it.

    Frame k sees the steps 2k to 2k + 15, whose middle is its own.
    """
    count = frames_of(len(sound))
    steps = count * (HOP // STEP) + STEPS - HOP // STEP
    # Step s is centred so that the steps of a frame lie evenly about its middle.
    before = STEPS // 2 * STEP - STEP // 2 - HOP // 2 + WINDOW // 2
    padded = np.pad(sound, (before, WINDOW + STEPS * STEP))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: steps * STEP : STEP]
    energy = np.abs(np.fft.rfft(windows * np.hanning(WINDOW + 1)[:-1].astype(np.float32), axis=1)) ** 2 / WINDOW
    return np.asarray(np.log(energy.astype(np.float64) @ filters().T + FLOOR), dtype=np.float32)


def levelled(logs: Float32[np.ndarray, "m 80"], frames: int) -> Float32[np.ndarray, "m 80"]:
    """The logarithms about 0, with deviation about 1: less each band's mean over the sound itself."""
    beside = STEPS // 2 - 1
    own = logs[beside : len(logs) - beside].astype(np.float64) if frames else logs.astype(np.float64)
    weight = PATIENCE * RATE / STEP
    mean = (own.sum(axis=0) + weight * CENTRE) / (len(own) + weight)
    return np.asarray((logs - mean) / SPREAD, dtype=np.float32)


@cache
def filters() -> Float64[np.ndarray, "80 257"]:
    """The bands: triangles on the mel scale (O'Shaughnessy 1987), each of height 1."""
    mel = np.linspace(2595 * np.log10(1 + LOW / 700), 2595 * np.log10(1 + HIGH / 700), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.fft.rfftfreq(WINDOW, 1 / RATE)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0.0, np.minimum(rising, falling))
