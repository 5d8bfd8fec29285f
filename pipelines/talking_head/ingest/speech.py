"""Where somebody speaks: Silero's voice activity network, and the spans that follow from it."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
from jaxtyping import Bool, Float32

from pipelines.talking_head import FPS, HOP, RATE

CHUNK = 512
"""Samples that the network judges at a time (32 ms); it also sees the 64 before them."""
_CONTEXT = 64
SPEAKS, STOPS = 0.5, 0.35
"""From which probability on speech begins, and under which it ends; Silero's own."""
PAUSE = 0.1
"""Seconds of silence that are still part of speech."""


class Voice:
    """The network, open. Belongs to one thread at a time."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def __call__(self, sound: Float32[np.ndarray, " n"]) -> Float32[np.ndarray, " m"]:
        """The probability of speech in each chunk of the sound; the last is filled up with silence."""
        count = -(-len(sound) // CHUNK)
        padded = np.zeros(_CONTEXT + count * CHUNK, dtype=np.float32)
        padded[_CONTEXT : _CONTEXT + len(sound)] = sound
        state = np.zeros((2, 1, 128), dtype=np.float32)
        rate = np.array(RATE, dtype=np.int64)
        found = np.zeros(count, dtype=np.float32)
        for row in range(count):
            heard = padded[None, row * CHUNK : (row + 1) * CHUNK + _CONTEXT]
            found[row], state = self._step(heard, state, rate)
        return found

    def _step(self, heard: np.ndarray, state: np.ndarray, rate: np.ndarray) -> tuple[float, np.ndarray]:
        probability, following = self._session.run(None, {"input": heard, "state": state, "sr": rate})
        return float(np.asarray(probability)[0, 0]), np.asarray(following)


def speaking(probability: Float32[np.ndarray, " m"], frames: int) -> Bool[np.ndarray, " t"]:
    """Whether there is speech at each of so many frames: begun at SPEAKS, ended at STOPS, short pauses bridged."""
    chunks = np.zeros(len(probability), dtype=bool)
    on = False
    for row, value in enumerate(probability):
        on = value >= (STOPS if on else SPEAKS)
        chunks[row] = on
    chunks = _bridged(chunks, round(PAUSE * RATE / CHUNK))
    at = ((np.arange(frames) + 0.5) * HOP / CHUNK).astype(int)
    found = np.zeros(frames, dtype=bool)
    inside = at < len(chunks)
    found[inside] = chunks[at[inside]]
    return found


def seconds(speech: Bool[np.ndarray, " t"]) -> float:
    """How much of it is speech."""
    return float(speech.sum()) / FPS


def _bridged(on: Bool[np.ndarray, " m"], most: int) -> Bool[np.ndarray, " m"]:
    """The same with every pause of at most so many chunks between two stretches filled."""
    filled = on.copy()
    rows = np.flatnonzero(on)
    for before, after in pairwise(rows):
        if after - before - 1 <= most:
            filled[before:after] = True
    return filled
