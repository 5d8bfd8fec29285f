"""The sound of a file: one channel, 16,000 samples a second, each at its place in time."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
import numpy as np
from jaxtyping import Float32

from pipelines.contract import BadInput
from pipelines.talking_head import RATE
from pipelines.talking_head.ingest.container import opened, streams

Samples = Float32[np.ndarray, " n"]
DEAD = 1e-3
"""A channel is dead that is so many times as loud as the loudest, or less (-60 dB)."""
CANCELS = 0.1
"""Channels cancel each other whose mean is so many times as loud as they are, or less: one is wired the wrong way."""
GAP = 0.05
"""Seconds that sound may come early or late before it counts as a hole: less is how containers round."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sound:
    """samples: -1 to 1. notes: what was done to it that the user should know, each a sentence. rate: the file's own."""

    samples: Samples
    notes: tuple[str, ...] = ()
    rate: int = RATE

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / RATE


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    start: float
    channels: Float32[np.ndarray, "c n"]


def read(path: Path, begin: float | None = None, most: float = float("inf")) -> Sound:
    """The sound of path from begin on, in seconds of its own clock (None: from where it starts).

    What comes before begin is cut off, what is missing is silence. Raises BadInput where there is no sound, where it
    cannot be decoded, or where it is longer than most seconds.
    """
    with opened(path) as container:
        told = streams(container)
    if not told.sound:
        raise BadInput(f"{path.name} has no sound. Record it with a microphone, or drop a video that has sound.")
    pieces = list(_pieces(path, most))
    if not pieces:
        raise BadInput(f"{path.name} has sound ({told.sound}) that cannot be decoded. Save it anew, as WAV or AAC.")
    laid = placed(pieces, pieces[0].start if begin is None else begin)
    samples, note = mixed(laid)
    notes = [note] if note else []
    if 0 < told.rate < RATE:
        notes.append(
            f"{path.name} has {told.rate} samples a second, as a telephone: what makes an s or an f is not in it, so "
            "lips follow less well."
        )
    return Sound(samples=samples, notes=tuple(notes), rate=told.rate)


def _pieces(path: Path, most: float) -> Iterator[_Piece]:
    """The sound in runs without holes, all channels, at 16 kHz."""
    run: list[Float32[np.ndarray, "c n"]] = []
    start = due = 0.0
    resampler: av.AudioResampler | None = None
    with opened(path) as container:
        for frame in _decoded(container):
            time = float(frame.time) if frame.time is not None else due
            if resampler is not None and abs(time - due) > GAP:
                yield _joined(start, run, resampler)
                resampler = None
            if resampler is None:
                resampler, run, start, due = _resampler(frame), [], time, time
            run += [part.to_ndarray() for part in resampler.resample(frame)]
            due += frame.samples / frame.sample_rate
            if due - start > most:
                raise BadInput(f"{path.name} is longer than {most / 60:g} minutes. Cut it into parts.")
    if resampler is not None:
        yield _joined(start, run, resampler)


def _decoded(container: av.container.InputContainer) -> Iterator[av.AudioFrame]:
    try:
        yield from container.decode(audio=0)
    except av.error.FFmpegError:  # a broken end: how much is missing is judged by whoever knows how long it should be
        return


def _resampler(frame: av.AudioFrame) -> av.AudioResampler:
    return av.AudioResampler(format="fltp", layout=frame.layout, rate=RATE)


def _joined(start: float, run: list[Float32[np.ndarray, "c n"]], resampler: av.AudioResampler) -> _Piece:
    run = [*run, *(part.to_ndarray() for part in resampler.resample(None))]
    channels = np.concatenate(run, axis=1) if run else np.zeros((1, 0), dtype=np.float32)
    return _Piece(start, channels.astype(np.float32))


def placed(pieces: list[_Piece], begin: float) -> Float32[np.ndarray, "c n"]:
    """The pieces on one line of time that starts at begin, silence in the holes; of two at once the later counts."""
    count = max(len(piece.channels) for piece in pieces)
    starts = [round((piece.start - begin) * RATE) for piece in pieces]
    length = max(0, *(start + piece.channels.shape[1] for start, piece in zip(starts, pieces, strict=True)))
    line = np.zeros((count, length), dtype=np.float32)
    for start, piece in zip(starts, pieces, strict=True):
        kept = piece.channels[:, max(0, -start) :]
        at = max(0, start)
        line[: len(kept), at : at + kept.shape[1]] = kept
    return line


def mixed(channels: Float32[np.ndarray, "c n"]) -> tuple[Samples, str]:
    """The mean of the channels that live, and a sentence where it is not all of them. Not finite becomes silence."""
    clean = np.nan_to_num(channels, nan=0.0, posinf=0.0, neginf=0.0)
    loudness = np.sqrt(np.mean(np.square(clean, dtype=np.float64), axis=1)) if clean.size else np.zeros(len(clean))
    loudest = float(loudness.max(initial=0.0))
    living = np.flatnonzero(loudness > DEAD * loudest)
    if not len(living):
        return clean.mean(axis=0, dtype=np.float32), ""
    mean = clean[living].mean(axis=0, dtype=np.float32)
    note = ""
    if len(living) < len(clean):
        note = f"{len(clean) - len(living)} of its {len(clean)} channels of sound is silent and was left out."
    if len(living) > 1 and np.sqrt(np.mean(np.square(mean, dtype=np.float64))) < CANCELS * loudest:
        mean = clean[int(loudness.argmax())]
        note = "Its channels of sound cancel each other (one is wired the wrong way), so only the louder one was taken."
    return np.clip(mean, -1.0, 1.0), note
