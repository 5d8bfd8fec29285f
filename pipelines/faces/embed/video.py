"""A video as pictures: a frame every so many seconds, upright, with its time code."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from jaxtyping import UInt8

from pipelines.faces.embed.pictures import Unreadable

_MEGA = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A picture out of a video. time: seconds from its beginning."""

    time: float
    pixels: UInt8[np.ndarray, "h w 3"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Which frames are wanted. interval: seconds between two. after: seconds; only later ones, for a resumed work."""

    interval: float
    after: float = -1.0
    max_pixels: int = 200_000_000


def frames(path: Path, wanted: Sampling) -> Iterator[Frame]:
    """The first frame at or after each multiple of the interval, until the video ends or breaks off.

    The same frames come whatever ``after`` was. Raises Unreadable where there is not one, or it is too large.
    """
    some = False
    try:
        with av.open(str(path).encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")) as container:
            stream = _stream(container, wanted.max_pixels)
            for frame in _sampled(container, stream, wanted):
                some = True
                yield frame
    except (av.FFmpegError, OSError, ValueError) as why:
        if not some and wanted.after < 0:
            raise Unreadable(f"It is damaged or no video ({_words(why)}). Copy it again.") from why
    if not some and wanted.after < 0:
        raise Unreadable("Not one picture of this video could be decoded. Copy it again.")


def _stream(container: InputContainer, max_pixels: int) -> VideoStream:
    if not container.streams.video:
        raise Unreadable("It is a video without pictures: it has sound only.")
    stream = container.streams.video[0]
    size = stream.codec_context.width * stream.codec_context.height
    if size > max_pixels:
        raise Unreadable(
            f"Its pictures have {size / _MEGA:,.0f} million pixels, more than max_pixels ({max_pixels / _MEGA:,.0f} "
            "million). Make it smaller, or raise max_pixels."
        )
    stream.codec_context.skip_frame = "NONREF"  # what no other frame needs is passed over: twice as fast
    return stream


def _sampled(container: InputContainer, stream: VideoStream, wanted: Sampling) -> Iterator[Frame]:
    start = float((stream.start_time or 0) * stream.time_base) if stream.time_base else 0.0
    if wanted.after > 0 and stream.time_base:
        with suppress(av.FFmpegError):  # not every container can seek; then all is decoded again
            container.seek(int((start + wanted.after) / stream.time_base), stream=stream)
    due = 0 if wanted.after < 0 else int(wanted.after / wanted.interval + 1e-6) + 1
    for frame in container.decode(stream):
        time = (frame.time or 0.0) - start
        if time + 1e-6 < due * wanted.interval:
            continue
        pixels = frame.to_ndarray(format="rgb24")
        turns = round(frame.rotation / 90) % 4
        yield Frame(time=time, pixels=np.ascontiguousarray(np.rot90(pixels, turns)))
        due = int(time / wanted.interval + 1e-6) + 1


def _words(why: Exception) -> str:
    said = getattr(why, "strerror", None) or str(why) or type(why).__name__
    return " ".join(said.split())[:120].rstrip(". ")
