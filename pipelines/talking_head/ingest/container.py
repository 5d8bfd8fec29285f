"""Opens video and sound files, and says in plain words why one cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.error

from pipelines.contract import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """What a file says of itself; what is decoded may be less.

    form: the container's name, as FFmpeg has it. video, sound: the codecs' names; empty: there is none.
    seconds: how long it is; 0: it does not say. shape: width and height as stored. rate: samples a second.
    """

    form: str
    video: str
    sound: str
    seconds: float
    shape: tuple[int, int] = (0, 0)
    rate: int = 0
    channels: int = 0


@contextmanager
def opened(path: Path) -> Iterator[av.container.InputContainer]:
    """The file, open for reading. Raises BadInput where FFmpeg cannot open it."""
    try:
        container = av.open(str(path), metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError) as why:
        raise BadInput(unreadable(path)) from why
    with container:
        yield container


def unreadable(path: Path) -> str:
    """Why a file that FFmpeg refuses is no use."""
    if not path.stat().st_size:
        return f"{path.name} is empty. Copy it again."
    return (
        f"{path.name} cannot be opened: it is no video or sound, or its index is missing because the copy or the "
        "recording stopped before its end. Copy it again, or save it anew from the program that made it."
    )


def streams(container: av.container.InputContainer) -> Streams:
    """What is in the file. A still picture inside a sound file (its cover) is no video."""
    video = next((s for s in container.streams.video if not s.disposition & _COVER), None)
    sound = next(iter(container.streams.audio), None)
    longest = [float(s.duration * s.time_base) for s in (video, sound) if s is not None and s.duration and s.time_base]
    seconds = float(Fraction(container.duration, av.time_base)) if container.duration else max(longest, default=0.0)
    return Streams(
        form=container.format.name,
        video=video.codec_context.name if video else "",
        sound=sound.codec_context.name if sound else "",
        seconds=seconds,
        shape=(video.width, video.height) if video else (0, 0),
        rate=sound.rate or 0 if sound else 0,
        channels=sound.channels if sound else 0,
    )


_COVER = av.stream.Disposition.attached_pic
