"""The films of a morph: H.264 in MP4 that plays everywhere, and WebP and GIF for pages and messages."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from PIL import Image

from pipelines.contract import cores
from pipelines.morph.png import loaded
from pipelines.morph.surface import Picture

QUALITY = 16
"""x264's constant rate factor: no difference to the pictures that an eye finds."""
WEBP_QUALITY = 85
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


def webp(frames: Sequence[Path], path: Path, fps: float) -> None:
    """Afterwards path is an animated WebP of these PNG files in that order, playing for ever."""
    rate = Fraction(fps).limit_denominator(1001)
    with av.open(str(path), "w", format="webp", options={"loop": "0"}) as container:
        stream = container.add_stream("libwebp_anim", rate=rate)
        stream.pix_fmt = "yuv420p"
        stream.options = {"quality": str(WEBP_QUALITY), "compression_level": "2"}
        stream.height, stream.width = loaded(frames[0]).shape[:2]
        for number, frame in enumerate(frames):
            shown = av.VideoFrame.from_ndarray(loaded(frame), format="rgb24").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.MPEG
            )
            shown.pts, shown.time_base = number, 1 / rate
            container.mux(stream.encode(shown))
        container.mux(stream.encode(None))


def gif(frames: Sequence[Path], path: Path, fps: float) -> None:
    """Afterwards path is a GIF of these PNG files in that order, playing for ever; times are hundredths of a second."""
    first, *others = frames
    with Image.open(first) as picture:
        following = (Image.fromarray(loaded(frame)) for frame in others)  # one at a time: a long film is large
        duration = max(20, round(100 / fps) * 10)  # players slow down what is shorter
        picture.save(path, "GIF", save_all=True, append_images=following, duration=duration, loop=0)
