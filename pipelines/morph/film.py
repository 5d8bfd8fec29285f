"""The film of a morph: H.264 in MP4 that plays everywhere, pictures in the order in which they are given."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from pipelines.contract import cores
from pipelines.morph.surface import Picture

QUALITY = 16
"""x264's constant rate factor: no difference to the pictures that an eye finds."""
VERSION = f"{av.__version__}, FFmpeg {av.ffmpeg_version_info}"


class Film:
    """An MP4 that is being written: ``add`` the pictures in play order, then leave the ``with``.

    No B-frames, so the first picture is the first that is shown in every player; constant rate; BT.709 said and meant;
    the index in front, so a browser starts before it has all. Belongs to one thread at a time.
    """

    def __init__(self, path: Path, size: int, fps: float) -> None:
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        rate = Fraction(fps).limit_denominator(1001)
        stream = self._container.add_stream("libx264", rate=rate)
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(QUALITY), "preset": "veryfast", "bf": "0", "g": str(max(1, round(fps)))}
        coder = stream.codec_context
        coder.thread_count = cores()
        coder.time_base = 1 / rate
        coder.colorspace, coder.color_range = Colorspace.ITU709, ColorRange.MPEG
        coder.color_primaries, coder.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        self._stream = stream
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    def add(self, picture: Picture) -> None:
        """Afterwards the picture is the film's last so far."""
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        frame.pts = self._count
        self._count += 1
        self._container.mux(self._stream.encode(frame))
