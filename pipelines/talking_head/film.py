"""Pictures become a film in parts, so that no more of it is lost to a kill than one; parts and sound become an MP4."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import av
import av.error
import numpy as np
from av.container import InputContainer, OutputContainer
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from jaxtyping import Float32, UInt8

from pipelines.contract import cores
from pipelines.talking_head import FPS
from pipelines.talking_head.ingest.container import opened

QUALITY = 16
"""x264's constant rate factor: no difference to the pictures that an eye finds."""
RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""Samples a second that are kept as they are; other sound becomes OTHERWISE."""
OTHERWISE = 48_000
BITS = 160_000
BLOCK = 1024
"""Samples that AAC takes at a time."""
GAP = 0.05
"""Seconds that sound may come late before it counts as a hole."""
Packet: TypeAlias = "av.Packet[Any]"
VERSION = f"{av.__version__}, FFmpeg {av.ffmpeg_version_info}"


def written(path: Path, pictures: Iterable[UInt8[np.ndarray, "s s 3"]]) -> int:
    """Afterwards path is a film of these pictures, without sound, whole; how many there were, one at least."""
    partial = path.with_name(f".{path.name}.partial")
    count = 0
    with av.open(str(partial), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(QUALITY), "preset": "veryfast", "bf": "0", "g": str(2 * FPS)}
        coder = stream.codec_context
        coder.thread_count = cores()
        coder.time_base = Fraction(1, FPS)
        coder.colorspace, coder.color_range = Colorspace.ITU709, ColorRange.MPEG
        coder.color_primaries, coder.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        for picture in pictures:
            if not count:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            frame.pts = count
            count += 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    partial.replace(path)
    return count


def joined(parts: Sequence[Path], sound: Path, into: Path, about: Mapping[str, str]) -> None:
    """Afterwards into is an MP4 of the parts, one after the other, with that sound. about: its metadata.

    The index is in front, so a browser starts before it has all. Nothing is held in memory but a few packets.
    """
    partial = into.with_name(".film.partial")  # names of files may have bytes that FFmpeg's protocols do not know
    with (
        opened(sound) as heard,
        av.open(str(partial), "w", format="mp4", options={"movflags": "+faststart"}) as container,
    ):
        container.metadata.update(about)
        packets = heapq.merge(_shown(container, parts), _heard(container, heard), key=lambda each: each[0])
        for _, packet in packets:
            container.mux(packet)
    partial.replace(into)


def _shown(container: OutputContainer, parts: Sequence[Path]) -> Iterator[tuple[float, Packet]]:
    """The packets of the parts as those of one stream, each with its second."""
    with av.open(str(parts[0])) as first:
        stream = container.add_stream_from_template(first.streams.video[0])
    tick = Fraction(1, FPS)

    def each() -> Iterator[tuple[float, Packet]]:
        count = 0
        for part in parts:
            with av.open(str(part)) as source:
                for packet in source.demux(video=0):
                    if packet.size:
                        packet.stream, packet.time_base = stream, tick
                        packet.pts = packet.dts = count
                        packet.duration = 1
                        yield count / FPS, packet
                        count += 1

    return each()


def _heard(container: OutputContainer, source: InputContainer) -> Iterator[tuple[float, Packet]]:
    """The sound from its beginning, as AAC, each packet with its second."""
    told = source.streams.audio[0]
    rate = told.rate if told.rate in RATES else OTHERWISE
    layout = "stereo" if told.channels > 1 else "mono"
    stream = container.add_stream("aac", rate=rate, layout=layout)
    stream.bit_rate = BITS

    def each() -> Iterator[tuple[float, Packet]]:
        at = 0
        for block in blocks(_laid(source, av.AudioResampler(format="fltp", layout=layout, rate=rate)), BLOCK):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), "fltp", layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            yield from ((at / rate, packet) for packet in stream.encode(frame))
            at += block.shape[1]
        yield from ((at / rate, packet) for packet in stream.encode(None))

    return each()


def _laid(source: InputContainer, resampler: av.AudioResampler) -> Iterator[Float32[np.ndarray, "c n"]]:
    """The sound as it is decoded, silence where its own clock has a hole. A broken end ends it."""
    first: float | None = None
    count = 0
    try:
        for frame in source.decode(audio=0):
            if frame.time is not None:
                first = frame.time if first is None else first
                late = frame.time - first - count / frame.sample_rate
                if late > GAP:
                    silent = round(late * frame.sample_rate)
                    count += silent
                    yield np.zeros((len(resampler.layout.channels), _of(silent, frame, resampler)), np.float32)
            count += frame.samples
            for part in resampler.resample(frame):
                yield part.to_ndarray()
        for part in resampler.resample(None):
            yield part.to_ndarray()
    except av.error.FFmpegError:
        return


def _of(samples: int, frame: av.AudioFrame, resampler: av.AudioResampler) -> int:
    return round(samples * resampler.rate / frame.sample_rate)


def blocks(parts: Iterable[Float32[np.ndarray, "c n"]], size: int) -> Iterator[Float32[np.ndarray, "c m"]]:
    """The same samples in blocks of that size; the last may be shorter."""
    rest: Float32[np.ndarray, "c n"] | None = None
    for part in parts:
        rest = part if rest is None else np.concatenate([rest, part], axis=1)
        whole = rest.shape[1] // size * size
        for start in range(0, whole, size):
            yield rest[:, start : start + size]
        rest = rest[:, whole:]
    if rest is not None and rest.shape[1]:
        yield rest
