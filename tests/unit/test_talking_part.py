"""Which part of a video is meant: times as people write them, and regions of the picture."""

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.options import checked_options
from pipelines.contract import BadInput
from pipelines.talking_head import FPS, PIPELINE, Options
from pipelines.talking_head.ingest import frames as of_frames
from pipelines.talking_head.ingest import sound
from pipelines.talking_head.ingest.crop import Crop
from pipelines.talking_head.ingest.footage import squared
from pipelines.talking_head.ingest.frames import frames
from pipelines.talking_head.ingest.part import WHOLE, Part, Region, clock, moment, part_of
from tests.unit.talking_world import film, tone


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(0, 0), (80.5, 80.5), ("80.5", 80.5), ("1:20.5", 80.5), (" 0:03 ", 3), ("1:00:00", 3600), ("2:05", 125)],
)
def test_times_are_seconds_or_what_a_player_shows(written, seconds):
    assert moment("begin", written) == seconds


@given(st.integers(0, 5 * 36_000))
def test_a_time_that_is_shown_can_be_given_back(tenths):
    assert moment("begin", clock(tenths / 10)) == pytest.approx(tenths / 10)


@given(st.text(max_size=12))
def test_any_text_is_a_time_or_is_refused_by_name(text):
    try:
        assert moment("end", text) >= 0
    except ValueError as error:
        assert str(error).startswith("end = ")  # noqa: PT017  both are right


def test_a_manifest_may_say_times_as_numbers_or_as_text():
    said = checked_options(PIPELINE, {"begin": 12, "end": "1:20.5", "crop": "10, 20,300,400"})
    assert Options(**said).part == Part(begin=12, end=80.5, region=Region(left=10, top=20, width=300, height=400))
    assert Options().part == WHOLE
    assert "must be seconds, or a time as in" in checked_options(PIPELINE, {"begin": "soon"})


def test_what_is_left_out_goes_to_the_end_and_to_the_edges():
    assert part_of(2.0, "", "auto") == Part(begin=2.0, end=inf, region=None)
    assert part_of(2.0, "", "auto").seconds_of(10.0) == 8.0
    assert part_of(2.0, 5, "auto").seconds_of(10.0) == 3.0
    assert part_of(2.0, 5, "auto").seconds_of(0.0) == 0.0, "nobody knows how long the video is"


def counted(count, side=64):
    """Pictures that tell their number by how bright they are."""
    return [np.full((side, side, 3), 20 + k, dtype=np.uint8) for k in range(count)]


def numbers(pictures):
    return [round(float(picture.mean())) - 20 for picture in pictures]


@pytest.mark.parametrize(("begin", "length", "skip"), [(0, 10, 0), (7, 20, 0), (7, 20, 5), (30, 60, 0), (3, 2, 4)])
def test_a_part_is_those_frames_of_the_whole(tmp_path, begin, length, skip):
    path = film(tmp_path / "counted.mp4", counted(50), times=[k * 0.033 for k in range(50)])
    whole = numbers(frames(path))
    part = Part(begin=begin / FPS, end=(begin + length) / FPS)
    assert numbers(frames(path, part, skip)) == whole[begin + skip : begin + length]


def test_a_part_far_into_a_video_is_jumped_to(tmp_path, monkeypatch):
    path = film(tmp_path / "long.mp4", counted(200), options={"g": "25"})
    whole = numbers(frames(path))
    monkeypatch.setattr(of_frames, "FAR", 3.0)
    monkeypatch.setattr(of_frames, "BEFORE", 1.0)
    times = [time for time, _ in of_frames.shots(path, 6.0)]
    assert times[0] == 0.0
    assert 3.0 < times[1] <= 6.0
    assert numbers(frames(path, Part(begin=6.0, end=7.0))) == whole[150:175]


@pytest.mark.parametrize("lost", ["first", "found"])
def test_frames_that_do_not_say_when_they_are_shown_are_passed_over_in_a_jump(tmp_path, monkeypatch, lost):
    path = film(tmp_path / "a.mp4", counted(200), options={"g": "25"})
    monkeypatch.setattr(of_frames, "FAR", 3.0)
    monkeypatch.setattr(of_frames, "BEFORE", 1.0)
    told, seen = of_frames._time, []  # no file that is made here lacks a time

    def untold(frame):
        seen.append(frame)
        return None if len(seen) == (1 if lost == "first" else 2) else told(frame)

    monkeypatch.setattr(of_frames, "_time", untold)
    assert numbers(frames(path, Part(begin=6.0, end=7.0))) == numbers(frames(path))[150:175]
    assert len(seen) == (1 if lost == "first" else 3)


def test_a_video_that_cannot_be_jumped_in_is_gone_through(tmp_path, monkeypatch):
    path = film(tmp_path / "one.mp4", counted(100), options={"g": "1000"})
    monkeypatch.setattr(of_frames, "FAR", 1.0)
    monkeypatch.setattr(of_frames, "BEFORE", -1.0)  # it lands too late, as a bad index makes it
    assert numbers(frames(path, Part(begin=2.0, end=3.0))) == numbers(frames(path))[50:75]


def test_the_sound_of_a_part_is_that_of_its_frames(tmp_path):
    click = np.zeros(4 * 16_000)
    click[2 * 16_000 : 2 * 16_000 + 640] = tone(1)[:640]
    path = film(tmp_path / "clap.mp4", counted(100), sound=click)
    whole = sound.read(path, sound.Span(begin=0.0)).samples
    part = sound.read(path, sound.Span(begin=1.5, end=3.0)).samples
    assert np.allclose(part[:16_000], whole[24_000:40_000], atol=1e-4)
    assert len(part) < 1.6 * 16_000


def test_a_region_is_cut_out_of_the_upright_picture(tmp_path):
    picture = np.zeros((64, 96, 3), dtype=np.uint8)
    picture[16:48, 32:64] = 200
    path = film(tmp_path / "box.mp4", [picture] * 2)
    inside = Region(left=32, top=16, width=32, height=32)
    (shown, _) = frames(path, Part(region=inside))
    assert shown.shape == (32, 32, 3)
    assert shown.mean() > 190


def test_a_square_region_is_shown_as_it_is_and_of_another_the_square_around_the_head():
    boxes = np.tile([[40.0, 30.0, 80.0, 80.0]], (5, 1))
    chosen = Part(region=Region(left=7, top=9, width=300, height=300))
    assert squared(boxes, (300, 300), chosen) == Crop(left=0, top=0, side=300)
    wide = Part(region=Region(left=7, top=9, width=320, height=300))
    assert squared(boxes, (320, 300), wide).side == 120
    assert squared(boxes, (300, 300), WHOLE).side == 120


def test_a_region_that_is_not_in_the_picture_is_refused_with_how_large_that_is(tmp_path):
    path = film(tmp_path / "box.mp4", counted(2))
    beyond = Region(left=10, top=0, width=64, height=64)
    with pytest.raises(BadInput, match=r'box.mp4 has pictures of 64 x 64 pixels, so crop = "10,0,64,64"'):
        next(frames(path, Part(region=beyond)))
