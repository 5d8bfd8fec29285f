"""The frames of a part of a video: upright, with square pixels, 25 a second, as the player shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from math import inf
from pathlib import Path

import av
import av.container
import av.error
import av.stream
import cv2
import numpy as np
from jaxtyping import UInt8

from pipelines.contract import BadInput, cores
from pipelines.talking_head import FPS
from pipelines.talking_head.ingest.container import opened, streams
from pipelines.talking_head.ingest.part import WHOLE, Part, Region
from pipelines.talking_head.ingest.ticks import ticked

Picture = UInt8[np.ndarray, "h w 3"]
FAR, BEFORE = 60.0, 10.0
"""Seconds from which on a part is jumped to, not waited for, and by how much before it decoding then begins."""
BROKEN = "{name} has a picture that cannot be decoded. Save it anew, as H.264."
_QUARTER = 90


@dataclass(frozen=True, slots=True)
class Shot:
    """A decoded frame, not yet a picture: most are dropped or repeated before anybody looks."""

    frame: av.VideoFrame
    aspect: float

    def picture(self) -> Picture:
        """The frame as it is meant to be seen."""
        return upright(self.frame.to_ndarray(format="rgb24"), self.frame.rotation, self.aspect)


def upright(stored: Picture, degrees: int, aspect: float = 1.0) -> Picture:
    """A stored picture turned anticlockwise to the nearest quarter. aspect: width of a stored pixel over its height."""
    if abs(aspect - 1.0) > 1e-3:  # noqa: PLR2004  less is rounding in the file
        height, width = stored.shape[:2]
        stored = cv2.resize(stored, (max(1, round(width * aspect)), height), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(np.rot90(stored, round(degrees / _QUARTER) % 4))


def frames(path: Path, part: Part = WHOLE, skip: int = 0) -> Iterator[Picture]:
    """The pictures of that part of a video at 25 a second, but for the first skip of them. Belongs to one thread.

    Raises BadInput where the file has no video or breaks off before a frame, and where the region is not in it.
    """
    first = first_tick(part) + skip
    most = None if part.end == inf else max(0, round(part.end * FPS) - first)
    drawn: tuple[Shot, Picture] | None = None
    for shot in islice(ticked(shots(path, part.begin), first), most):
        if drawn is None or drawn[0] is not shot:
            whole = shot.picture()
            drawn = shot, whole if part.region is None else shown_of(part.region, whole, path.name)
        yield drawn[1]


def first_tick(part: Part) -> int:
    """The number of the part's first frame, at 25 a second."""
    return round(part.begin * FPS)


def shown_of(region: Region, picture: Picture, name: str) -> Picture:
    """The region of the picture. Raises BadInput where it reaches beyond; name: of the file."""
    height, width = picture.shape[:2]
    if not region.lies_in(width, height):
        raise BadInput(
            f'{name} has pictures of {width} x {height} pixels, so crop = "{region}" (left, top, width, height) '
            "reaches beyond them. Count in pixels of the upright picture, from its upper left corner."
        )
    return np.ascontiguousarray(
        picture[region.top : region.top + region.height, region.left : region.left + region.width]
    )


def shots(path: Path, begin: float = 0.0) -> Iterator[tuple[float, Shot]]:
    """Each frame with its time in seconds after the first, ascending. A broken end is left to whoever counts.

    begin: frames up to there may be left out, but for the last of them.
    """
    with opened(path) as container:
        if not streams(container).video:
            raise BadInput(f"{path.name} has no picture, only sound. Drop a video of somebody talking.")
        stream = container.streams.video[0]
        stream.codec_context.thread_count = cores()
        stream.thread_type = "AUTO"
        aspect = float(stream.sample_aspect_ratio or 1)
        first: float | None = None
        last = -1.0
        try:
            for frame in _decoded(container, stream, begin):
                if frame.time is None:
                    continue
                first = frame.time if first is None else first
                if frame.time - first > last:  # time that stands still or goes back is a fault of the file
                    last = frame.time - first
                    yield last, Shot(frame, aspect)
        except av.error.FFmpegError:
            if first is None:
                raise BadInput(BROKEN.format(name=path.name)) from None


def _decoded(container: av.container.InputContainer, stream: av.VideoStream, begin: float) -> Iterator[av.VideoFrame]:
    """The first frame, then those around begin and after: all of them where the file cannot be jumped in."""
    decoding = container.decode(stream)
    one = next(decoding, None)
    if one is None:
        return
    yield one
    if begin < FAR:
        yield from decoding
        return
    first = _time(one)
    found = None if first is None else _jumped(container, stream, first + begin - BEFORE)
    if found is None or first is None or found.time > first + begin:
        container.seek(0)
        yield from container.decode(stream)
        return
    yield found
    yield from container.decode(stream)


def _jumped(container: av.container.InputContainer, stream: av.VideoStream, to: float) -> av.VideoFrame | None:
    """The first frame that can be decoded from about there on and says when it is shown."""
    try:
        container.seek(round(to * av.time_base))
        return next((frame for frame in container.decode(stream) if _time(frame) is not None), None)
    except av.error.FFmpegError:
        return None


def _time(frame: av.VideoFrame) -> float | None:
    """When it is shown; None where the file does not say it, of which PyAV's types do not know."""
    return frame.time


def first_time(path: Path) -> float:
    """When the first frame is shown, in seconds of the file's own clock: where the sound's time begins too.

    Raises BadInput where no frame can be decoded.
    """
    with opened(path) as container:
        try:
            for frame in container.decode(video=0):
                if frame.time is not None:
                    return float(frame.time)
        except av.error.FFmpegError:
            raise BadInput(BROKEN.format(name=path.name)) from None
    return 0.0
