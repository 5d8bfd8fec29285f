"""The front end ``speech``: Google's speech embedding, 96 numbers of the 0.76 s around each frame."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
from jaxtyping import Float32

from pipelines.talking_head import HOP
from pipelines.talking_head.listen.front import Features, Sound, frames_of

STEP = 160
"""Samples from one row of the network's spectrogram to the next."""
ROWS, BANDS, CHANNELS = 76, 32, 96
_MIDDLE = 240
"""Samples from a row's place to what it hears in the middle: where a click shows."""
FULL = 32_767.0
"""The networks take samples as 16-bit numbers."""
SCALE = 0.05
"""Brings the numbers to a deviation of about 1."""
AT_ONCE = 256
"""Frames a call, which bounds the memory."""
_VERSION = 1


class Speech:
    """The networks, open. Belongs to one thread at a time."""

    name, layer = "speech", 0

    def __init__(self, melspectrogram: Path, embedding: Path, threads: int = 1) -> None:
        self._spectrogram = _opened(melspectrogram, threads)
        self._embedding = _opened(embedding, threads)
        self._digest = hashlib.sha256(f"speech {_VERSION} {STEP} {FULL} {SCALE} ".encode())
        for path in (melspectrogram, embedding):
            self._digest.update(path.read_bytes())

    @property
    def digest(self) -> str:
        """Of the numbers above and both files."""
        return self._digest.hexdigest()

    def __call__(self, sound: Sound) -> Features:
        """1 step of 96 channels a frame."""
        count = frames_of(len(sound))
        found = np.zeros((count, 1, CHANNELS), dtype=np.float32)
        if not count:
            return found
        rows = self._rows(sound, count)
        per_frame = HOP // STEP
        for first in range(0, count, AT_ONCE):
            starts = np.arange(first, min(first + AT_ONCE, count)) * per_frame
            windows = rows[starts[:, None] + np.arange(ROWS)][..., None]
            (answer,) = self._embedding.run(None, {"input_1": windows})
            found[first : first + len(starts), 0] = np.asarray(answer).reshape(len(starts), CHANNELS) * SCALE
        return found

    def _rows(self, sound: Sound, count: int) -> Float32[np.ndarray, "m 32"]:
        """The network's spectrogram, so padded that frame t sees the rows from 4 t on."""
        span = ((ROWS - 1) * STEP) // 2 + _MIDDLE
        before = span - HOP // 2
        needed = (count - 1) * HOP + (ROWS + 3) * STEP + 512
        padded = np.zeros(max(needed, before + count * HOP), dtype=np.float32)
        padded[before : before + count * HOP] = sound[: count * HOP] * FULL
        (answer,) = self._spectrogram.run(None, {"input": padded[None]})
        return np.asarray(answer, dtype=np.float32).reshape(-1, BANDS) / 10.0 + 2.0


def _opened(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are shared with others
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
