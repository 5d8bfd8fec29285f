"""The sound of a file: one channel, 16,000 samples a second, each at its place in time. Read in pieces: hours fit."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path

import av
import av.error
import numpy as np
from jaxtyping import Float32

from pipelines.contract import BadInput
from pipelines.talking_head import RATE
from pipelines.talking_head.ingest.container import opened, streams
from pipelines.talking_head.ingest.mixing import Mix, added, mixed

Samples = Float32[np.ndarray, " n"]
GAP = 0.05
"""Seconds that sound may come early or late before it counts as a hole: less is how containers round."""
AHEAD = 1.0
"""Seconds of sound that are decoded before the first that is asked for."""
HELD = 1 << 24
"""Samples of all channels that are held while the channels are weighed; longer sound is decoded once more."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when to when a sound is wanted, in seconds of its own clock; begin None: from where it starts.

    most: seconds above which it is refused.
    """

    begin: float | None = None
    end: float = inf
    most: float = inf


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some sound, all its channels: at samples after the start, in seconds, of a run without holes."""

    start: float
    channels: Float32[np.ndarray, "c n"]
    at: int = 0

    def place(self, begin: float) -> int:
        """The sample that it begins with on a line that starts at begin seconds."""
        return round((self.start - begin) * RATE) + self.at


EVERYTHING = Span()


def read(path: Path, span: Span = EVERYTHING) -> Sound:
    """The sound of path in that span, where none is silence. Its memory is that of one channel, and a little.

    Raises BadInput where there is no sound, where it cannot be decoded, or where it is longer than it may be.
    """
    with opened(path) as container:
        told = streams(container)
    if not told.sound:
        raise BadInput(f"{path.name} has no sound. Record it with a microphone, or drop a video that has sound.")
    held: list[Piece] = []
    products, count, length, begin = np.zeros((1, 1)), 0, 0, span.begin
    for piece in pieces(path, span):
        begin = piece.start if begin is None else begin
        length = max(length, piece.place(begin) + piece.channels.shape[1])
        products = added(products, piece.channels)
        count += piece.channels.size
        held = [] if count > HELD else held
        held.append(piece)
    if not count and not _decodes(path):
        raise BadInput(f"{path.name} has sound ({told.sound}) that cannot be decoded. Save it anew, as WAV or AAC.")
    mix = mixed(products)
    again = held if count <= HELD else pieces(path, span)
    samples = placed(again, begin or 0.0, length, mix)
    notes = [mix.note] if mix.note else []
    if 0 < told.rate < RATE:
        notes.append(
            f"{path.name} has {told.rate} samples a second, as a telephone: what makes an s or an f is not in it, so "
            "lips follow less well."
        )
    return Sound(samples=samples, notes=tuple(notes), rate=told.rate)


def pieces(path: Path, span: Span) -> Iterator[Piece]:
    """The sound of that span, at 16 kHz, as it is decoded. What is not finite is silence."""
    start = due = 0.0
    at = 0
    origin: float | None = None
    resampler: av.AudioResampler | None = None
    with opened(path) as container:
        for frame in _decoded(container):
            time = float(frame.time) if frame.time is not None else due
            length = frame.samples / frame.sample_rate
            if span.begin is not None and time + length < span.begin - AHEAD:
                due = time + length
                continue
            if time >= span.end:
                break
            origin = time if origin is None else origin
            if time + length - origin > span.most:
                raise BadInput(f"{path.name} is longer than {span.most / 60:g} minutes. Cut it into parts.")
            if resampler is not None and abs(time - due) > GAP:
                yield from _pieces(start, at, resampler.resample(None))
                resampler = None
            if resampler is None:
                resampler, start, due, at = _resampler(frame), time, time, 0
            for piece in _pieces(start, at, resampler.resample(frame)):
                at += piece.channels.shape[1]
                yield piece
            due += length
    if resampler is not None:
        yield from _pieces(start, at, resampler.resample(None))


def placed(found: Iterable[Piece], begin: float, length: int, mix: Mix) -> Samples:
    """The pieces, mixed, on one line of so many samples that starts at begin; of two at once the later counts."""
    line = np.zeros(length, dtype=np.float32)
    for piece in found:
        at = piece.place(begin)
        samples = mix.of(piece.channels[:, max(0, -at) :])
        line[max(0, at) : max(0, at) + len(samples)] = samples
    return line


def _decodes(path: Path) -> bool:
    with opened(path) as container:
        return any(True for _ in _decoded(container))


def _decoded(container: av.container.InputContainer) -> Iterator[av.AudioFrame]:
    try:
        yield from container.decode(audio=0)
    except av.error.FFmpegError:  # a broken end: how much is missing is judged by whoever knows how long it should be
        return


def _resampler(frame: av.AudioFrame) -> av.AudioResampler:
    return av.AudioResampler(format="fltp", layout=frame.layout, rate=RATE)


def _pieces(start: float, at: int, parts: list[av.AudioFrame]) -> Iterator[Piece]:
    for part in parts:
        channels = np.nan_to_num(part.to_ndarray().astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        yield Piece(start, channels, at)
        at += channels.shape[1]
