"""Videos as pictures."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.faces.embed.pictures import Unreadable
from pipelines.faces.embed.video import Sampling, frames


def film(path: Path, seconds: float, rate: int = 10, start: int = 0) -> None:
    """A video whose pictures become brighter by 4 from one to the next, dark again after 60."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 64, 48, "yuv420p", 12
        stream.codec_context.time_base = Fraction(1, rate)
        for number in range(int(seconds * rate)):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 60 * 4, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number + start, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_a_frame_comes_for_every_interval_with_its_time(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", 5)

    found = list(frames(tmp_path / "a.mp4", Sampling(interval=1.0)))

    assert [frame.time for frame in found] == pytest.approx([0, 1, 2, 3, 4], abs=0.31)
    assert [int(frame.pixels.mean()) // 4 for frame in found] == pytest.approx([f.time * 10 for f in found], abs=2)
    assert found[0].pixels.shape == (48, 64, 3)


def test_times_are_from_the_beginning_of_the_video_wherever_its_clock_starts(tmp_path: Path) -> None:
    film(tmp_path / "a.mkv", 3, start=500)

    assert next(frames(tmp_path / "a.mkv", Sampling(interval=1.0))).time == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi"])
def test_a_resumed_video_goes_on_with_the_very_frames_that_were_left(tmp_path: Path, suffix: str) -> None:
    film(tmp_path / f"a.{suffix}", 8)
    everything = list(frames(tmp_path / f"a.{suffix}", Sampling(interval=0.7)))

    for at in range(len(everything)):
        rest = list(frames(tmp_path / f"a.{suffix}", Sampling(interval=0.7, after=everything[at].time)))

        assert [frame.time for frame in rest] == [frame.time for frame in everything[at + 1 :]]
        assert all((a.pixels == b.pixels).all() for a, b in zip(rest, everything[at + 1 :], strict=True))


def test_a_name_of_any_bytes_is_opened(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", 1)
    path = (tmp_path / "a.mp4").rename(tmp_path / "\udcfe'\n%d.mp4")

    assert len(list(frames(path, Sampling(interval=1.0)))) == 1


def test_a_video_that_breaks_off_gives_what_it_has(tmp_path: Path) -> None:
    film(tmp_path / "a.mkv", 30)
    data = (tmp_path / "a.mkv").read_bytes()
    (tmp_path / "a.mkv").write_bytes(data[: len(data) // 2])

    assert 5 < len(list(frames(tmp_path / "a.mkv", Sampling(interval=1.0)))) < 28


def test_what_is_no_video_is_said_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_bytes(b"Dear diary" * 100)
    (tmp_path / "empty.mp4").write_bytes(b"")
    sound(tmp_path / "sound.mp4")
    film(tmp_path / "large.mp4", 1)

    for name, why in (("text", "damaged or no video"), ("empty", "damaged or no video"), ("sound", "sound only")):
        with pytest.raises(Unreadable, match=why):
            list(frames(tmp_path / f"{name}.mp4", Sampling(interval=1.0)))
    with pytest.raises(Unreadable, match="max_pixels"):
        list(frames(tmp_path / "large.mp4", Sampling(interval=1.0, max_pixels=1000)))
