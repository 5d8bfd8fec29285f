"""A clip may be as long as what there is for it; and options that do nothing, or cannot be had, are told at once."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")

import torch

from pipelines.contract import Unready
from pipelines.talking_head import GIB, PIPELINE, Options
from pipelines.talking_head.about import About
from pipelines.talking_head.ernerf import drawing
from pipelines.talking_head.ingest.footage import Look
from pipelines.talking_head.ingest.part import Part
from pipelines.talking_head.learning.engine import MOTION, Turn
from pipelines.talking_head.stages.asked import drawable, unused
from pipelines.talking_head.stages.files import load_sights, save_sights
from pipelines.talking_head.stages.room import Room, crowded, granted, too_long
from pipelines.talking_head.track.sights import sighted
from tests.unit.talking_world import a_talking_ball, film, made_up_track
from tests.unit.test_talking_resumed import brightness, made_up_footage

ROOM = Room(side=512, heard=256, memory=4.0 * GIB)
ANNA = About(
    engine="egstalker",
    drive="motion",
    front_end="speech+mel",
    digest="",
    side=128,
    make={},
    loop=(0, 1, 0.0),
    iterations=2000,
)


def test_five_minutes_at_the_largest_size_fit_into_what_stages_ask_for():
    assert ROOM.seconds > 300
    assert replace(ROOM, heard=1024).seconds > 300


def test_a_video_that_memory_does_not_hold_is_refused_with_how_much_it_does_and_how_to_give_more(tmp_path):
    path = film(tmp_path / "long.mp4", [np.zeros((32, 32, 3), dtype=np.uint8)] * 2, times=[0.0, 700.0])
    little = replace(ROOM, side=128, memory=1.5 * GIB)
    assert 6 * 60 < little.seconds < 11 * 60
    told = too_long([path], little) or ""
    assert f"long.mp4 is 11.7 minutes long; at most {little.seconds / 60:.1f} minutes fit" in told
    assert "(1.5 GiB). Choose a part" in told
    assert "memory under [pipelines.talking_head]" in told
    assert too_long([path], replace(little, memory=3.0 * GIB)) is None, "more memory, longer videos"
    assert too_long([path], little, Part(begin=600.0)) is None
    assert "The 2 videos are 23.3 minutes long" in (too_long([path, path], little) or "")


def test_a_video_that_the_disk_does_not_hold_is_refused_with_what_it_would_take():
    told = crowded([Path("a.webm")], 60.0, replace(ROOM, disk=3e9)) or ""
    assert "a.webm is 60 s long; at 512 pixels that takes 4.1 GB of the disk, and 3.0 GB are free" in told
    assert crowded([Path("a.webm")], 60.0, replace(ROOM, disk=5e9)) is None


@pytest.mark.parametrize(("given", "has"), [("2147483648", 4 * GIB), ("8589934592", 8 * GIB), ("0", float("inf"))])
def test_what_learning_will_have_is_what_config_gives_to_all_stages_else_what_it_asks_for(monkeypatch, given, has):
    assert {stage.name: stage.memory for stage in PIPELINE.stages}["ingest"] == 2 * GIB
    monkeypatch.setenv("VISAGED_MEMORY", given)
    assert granted() == has


def test_frames_are_handed_on_in_their_files_and_read_as_they_are_asked_for(tmp_path):
    track, _ = made_up_track()
    sights = sighted(
        made_up_footage(tmp_path / "clip.mp4", track), track, brightness, 16, Look(folder=tmp_path / "rows")
    )
    seen = np.array(sights.pictures)
    save_sights(tmp_path, sights)
    assert [path.name for path in (tmp_path / "rows").iterdir()] == [], "they were moved, not copied"
    again = load_sights(tmp_path)
    assert isinstance(again.pictures, np.memmap)
    assert np.array_equal(again.pictures, seen)
    again.pictures[0] = 0
    assert np.array_equal(load_sights(tmp_path).pictures, seen), "who writes, writes into a copy"


def test_chosen_frames_are_not_copied_and_are_those_that_were_chosen():
    scene = a_talking_ball()[0]
    some = scene.chosen(torch.tensor([20, 3, 7])).chosen(torch.tensor([2, 0]))
    assert some.pictures.data_ptr() == scene.pictures.data_ptr()
    assert len(some) == 2
    for row, was in enumerate((7, 20)):
        assert torch.equal(some.picture(row), scene.pictures[was])
        assert torch.equal(some.head_share(row), scene.head[was])
        assert torch.equal(some.torso_share(row), scene.torso[was])
        assert torch.equal(some.codes[row], scene.codes[was])


def test_a_scene_elsewhere_leaves_its_frames_where_they_are_and_draws_them_to_there():
    scene = a_talking_ball()[0]
    there = scene.on(torch.device("meta"))
    assert there.moves.is_meta
    assert there.heard.is_meta
    assert there.pictures.data_ptr() == scene.pictures.data_ptr()
    assert there.picture(3).is_meta
    assert there.head_share(3).shape == (32, 32)


def test_places_of_the_torso_know_their_colours_also_among_chosen_frames():
    scene = a_talking_ball()[0]
    some = scene.chosen(torch.arange(24).flip(0))
    turn = Turn(iteration=0, done=0.0, rows=torch.arange(5), chance=torch.Generator().manual_seed(1), drive=MOTION)
    spots = drawing.of_torso(some, 200, turn)
    places = zip(spots.rows, spots.pixels, strict=True)
    truth = torch.stack([some.picture(int(row)).reshape(-1, 3)[pixel] for row, pixel in places])
    assert len(spots.rows) > 50
    assert torch.equal(spots.colours, truth)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"engine": "ernerf"}, 'engine = "ernerf" does nothing for this film: the person was learned with "egstalker"'),
        ({"drive": "audio"}, 'drive = "audio" does nothing for this film: the person was learned with "motion"'),
        (
            {"front_end": "mel"},
            'front_end = "mel" does nothing for this film: the person was learned with "speech+mel"',
        ),
        ({"resolution": 256}, "resolution = 256 does nothing for this film: the person was learned with 128"),
        ({"iterations": 50}, "iterations = 50 does nothing for this film: the person was learned with 2000"),
    ],
)
def test_what_was_settled_when_somebody_was_learned_is_told_to_do_nothing_for_a_sound(changes, words):
    (told,) = unused(Options(**changes), ANNA)
    assert told.startswith(words)
    assert unused(Options(**changes), None) == ()


def test_options_of_another_engine_or_front_end_are_told_to_do_nothing():
    assert unused(Options(), ANNA) == ()
    assert unused(Options(iterations=50), replace(ANNA, iterations=0)) == (), "what was not kept is not compared"
    (told,) = unused(Options(engine="ernerf", raster="gsplat"), None)
    assert told == 'raster = "gsplat" does nothing: engine = "ernerf" draws no Gaussians.'
    (told,) = unused(Options(front_end_folder="net"), None)
    assert 'front_end_folder = "net" does nothing: front_end = "speech+mel" has none' in told
    assert unused(Options(front_end="hubert", front_end_folder="net"), None) == ()


def test_gsplat_without_any_gpu_is_refused_before_anything_is_looked_at(tmp_path):
    with pytest.raises(Unready, match='raster = "gsplat" draws on GPUs alone, and this machine has none'):
        drawable(Options(raster="gsplat"), None, tmp_path)
    drawable(Options(engine="ernerf", raster="gsplat"), None, tmp_path)
    drawable(Options(), None, tmp_path)
    (tmp_path / "driver" / "nvidia").mkdir(parents=True)
    drawable(Options(raster="gsplat"), None, tmp_path)


def test_gsplat_is_not_refused_where_windows_has_the_driver(tmp_path):
    (tmp_path / "sys" / "kernel").mkdir(parents=True)
    (tmp_path / "sys" / "kernel" / "osrelease").write_text("6.6.87.2-microsoft-standard-WSL2\n")
    drawable(Options(raster="gsplat"), None, tmp_path)
