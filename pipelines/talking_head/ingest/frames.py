"""The frames of a video: upright, with square pixels, 25 a second, as the player shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
import cv2
import numpy as np
from jaxtyping import UInt8

from pipelines.contract import BadInput, cores
from pipelines.talking_head.ingest.container import opened, streams
from pipelines.talking_head.ingest.ticks import ticked

Picture = UInt8[np.ndarray, "h w 3"]
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


def frames(path: Path) -> Iterator[Picture]:
    """The pictures of a video at 25 a second, from its first frame on. Belongs to one thread.

    Raises BadInput where the file has no video or breaks off before a frame.
    """
    drawn: tuple[Shot, Picture] | None = None
    for shot in ticked(shots(path)):
        if drawn is None or drawn[0] is not shot:
            drawn = shot, shot.picture()
        yield drawn[1]


def shots(path: Path) -> Iterator[tuple[float, Shot]]:
    """Each frame with its time in seconds after the first, ascending. A broken end is left to whoever counts."""
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
            for frame in container.decode(stream):
                if frame.time is None:
                    continue
                first = frame.time if first is None else first
                if frame.time - first > last:  # time that stands still or goes back is a fault of the file
                    last = frame.time - first
                    yield last, Shot(frame, aspect)
        except av.error.FFmpegError:
            if first is None:
                raise BadInput(f"{path.name} has a picture that cannot be decoded. Save it anew, as H.264.") from None


def first_time(path: Path) -> float:
    """When the first frame is shown, in seconds of the file's own clock: where the sound's time begins too."""
    with opened(path) as container:
        for frame in container.decode(video=0):
            if frame.time is not None:
                return float(frame.time)
    return 0.0
