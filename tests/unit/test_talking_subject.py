"""What is remembered of somebody makes the same film, whole and in parts, and never shows a mouth that was not seen."""

import os
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")

import torch

from pipelines.contract import BadInput, Input
from pipelines.talking_head import HOP
from pipelines.talking_head.about import ABOUT, read_about
from pipelines.talking_head.judge.blocks import GUARD, ending
from pipelines.talking_head.learning.drivers import ByEar
from pipelines.talking_head.listen.hearing import Heard
from pipelines.talking_head.playing import BLEND
from pipelines.talking_head.scene import mouth_boxes
from pipelines.talking_head.stages import listening
from pipelines.talking_head.stages.examining import lag
from pipelines.talking_head.stages.files import load_sights, load_track, named, save_sights, save_track
from pipelines.talking_head.subject import Made, keep, remembered, spoken
from tests.unit.talking_world import a_talking_ball, begun, made_up_track, wandering

COUNT = 70
FEATURES = np.random.default_rng(3).normal(0, 1, (130, 1, 4)).astype(np.float32)
HEARD, MUTE = (Heard(loud * FEATURES, np.ones(130, dtype=bool)) for loud in (1, 0))


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    """A talking ball that is remembered: 70 frames of it."""
    world = a_talking_ball()
    scene = world[0]
    rows = torch.arange(COUNT) % len(scene)
    cycled = {
        name: getattr(scene, name)[rows]
        for name in ("pictures", "head", "torso", "turns", "moves", "heard", "eyes", "sway", "codes", "opening", "lips")
    }
    scene = replace(scene, **{**cycled, "heard": scene.heard[rows][:, :, :1]})
    folder = tmp_path_factory.mktemp("subject")
    talker = begun((scene, *world[1:]))
    with torch.no_grad():
        talker.head.colour.uniform_(-1, 1)
        talker.effects.normal_(0, 0.3)
        talker.speaks[-1].weight.normal_(0, 1)
    by_ear = ByEar(talker, scene.codes.amin(0), scene.codes.amax(0), scene.codes.amin(0))
    keep(folder, Made(engine="egstalker", model=talker.eval(), driver=by_ear), scene, ("mel", "abc"))
    return folder


def test_a_model_knows_what_it_was_made_by(subject):
    about = read_about(subject)
    assert about.drive == "audio"
    assert (about.engine, about.front_end, about.digest, about.side) == ("egstalker", "mel", "abc", 32)
    assert about.loop[1] + 8 <= COUNT


def test_a_model_of_another_version_is_refused_with_what_to_do(tmp_path):
    (tmp_path / ABOUT).write_text('{"engine": "egstalker", "head": 1900, "loop": [1, 2, 0.5]}')
    with pytest.raises(BadInput, match="another version of visaged"):
        read_about(tmp_path)


def test_the_receipt_tells_by_how_many_frames_a_mouth_lags_where_there_is_enough_to_tell():
    truth = wandering(100, 1)
    late = np.roll(truth, 3) + np.random.default_rng(2).normal(0, 0.05, 100)
    assert (lag(truth, truth)["peak_frames"], lag(late, truth)["peak_frames"]) == (0, -3)
    assert lag(truth, truth)["margin"] > 0.15
    assert lag(truth[:30], truth[:30]) is None


def said_by(subject, heard, first, last):
    """Those frames of the film to that sound."""
    return spoken(subject, subject.driver.hearing(heard), first, last)


def test_a_film_longer_than_the_clip_is_the_same_in_parts(subject):
    one = remembered(subject)
    whole = np.stack([picture for picture, _ in said_by(one, HEARD, 0, 85)])
    other = remembered(subject)
    parts = [np.stack([p for p, _ in said_by(other, HEARD, a, b)]) for a, b in ((0, 50), (50, 85))]
    off = np.abs(whole.astype(int) - np.concatenate(parts))
    assert off.max() <= 1
    assert off.mean() < 1e-4  # sound is heard in batches, whose sums are rounded by their size


def test_beside_the_head_the_film_is_the_clip_and_the_head_is_moved_by_the_sound(subject):
    one = remembered(subject)
    outside = one.head[0] == 0
    loud, quiet = (np.stack([p for p, _ in said_by(one, sound, 0, 20)]) for sound in (HEARD, MUTE))
    assert np.array_equal(loud[:, outside], one.pictures[:20][:, outside])
    assert np.abs(loud.astype(int) - quiet)[:, ~outside].max() > 5


class Watching:
    """A model that draws nothing and remembers how the torso was to sway."""

    device = torch.device("cpu")

    def __init__(self):
        self.sways = []

    def shown_together(self, codes, views):
        self.sways += [float(view.sway[2]) for view in views]
        return [view.ground for _, view in zip(codes, views, strict=True)]


def test_shoulders_sway_as_they_did_and_glide_where_the_end_of_the_clip_becomes_its_beginning(subject):
    one, watching = remembered(subject), Watching()
    ramp = torch.arange(COUNT, dtype=torch.float32)[:, None].repeat(1, 4)
    start, end = one.loop.start, one.loop.end
    list(said_by(replace(one, model=watching, sway=ramp), HEARD, 0, end + BLEND + 4))
    assert watching.sways[:end] == list(range(end))
    glide = [end, *watching.sways[end : end + BLEND], start + BLEND]
    assert all(later < earlier for earlier, later in pairwise(glide))
    assert max(earlier - later for earlier, later in pairwise(glide)) < (end - start) / 3
    assert watching.sways[end + BLEND :] == list(range(start + BLEND, start + BLEND + 4))


def test_a_mouth_that_was_never_seen_is_held_at_the_widest_that_was(subject):
    one = remembered(subject)
    low, high = one.driver.low, one.driver.high
    narrow = replace(one, driver=replace(one.driver, low=low * 0, high=high * 0))
    wide = replace(one, driver=replace(one.driver, low=low - 99, high=high + 99))
    shown = [seen for _, seen in said_by(narrow, HEARD, 0, 5)]
    still = np.stack([p for p, _ in said_by(narrow, HEARD, 0, 1)])
    mute = np.stack([p for p, _ in said_by(narrow, MUTE, 0, 1)])
    assert not any(shown)
    assert np.array_equal(still, mute)
    assert all(seen for _, seen in said_by(wide, HEARD, 0, 5))


def test_in_silence_the_mouth_is_shut_whatever_is_heard(subject):
    one = remembered(subject)
    deaf, mute = (replace(sound, speech=np.zeros(130, dtype=bool)) for sound in (HEARD, MUTE))
    first, second = (np.stack([p for p, _ in said_by(one, sound, 0, 1)]) for sound in (deaf, mute))
    given = one.driver.hearing(deaf)(np.arange(3), torch.zeros(3, 2))
    assert np.array_equal(first, second)
    assert torch.equal(given.codes, one.driver.shut.expand(3, -1))


def test_the_end_of_a_clip_is_held_out_behind_a_guard():
    fold = ending(250)
    assert fold.held.tolist() == list(range(200, 250))
    assert fold.learned.tolist() == list(range(200 - GUARD))
    assert len(ending(20_000).held) == 250


def test_nobody_learns_from_what_is_beside_a_join_and_none_is_held_out():
    fold = ending(1000, (0, 300, 700))
    assert fold.held.tolist() == list(range(800, 1000))
    near = {row for join in (300, 700) for row in range(join - GUARD, join + GUARD)}
    assert fold.learned.tolist() == [row for row in range(800 - GUARD) if row not in near]
    short = ending(1000, (0, 900))
    assert short.held.tolist() == list(range(900, 1000))
    assert short.learned.tolist() == list(range(900 - GUARD))


class Whole:
    """A front end of which each frame hears a second on either side."""

    name, digest = "whole", "0" * 64

    def __call__(self, sound):
        frames = np.pad(sound.reshape(-1, HOP).sum(axis=1), 25)
        heard = np.lib.stride_tricks.sliding_window_view(frames, 51)
        return np.stack([heard.sum(axis=1), heard.max(axis=1)], axis=1)[:, None].astype(np.float32)


def test_a_long_sound_is_heard_in_stretches_as_in_one_go(tmp_path, monkeypatch):
    sound = np.random.default_rng(0).integers(-9, 9, 333 * HOP).astype(np.float32)
    monkeypatch.setattr(listening, "STRETCH", 100)
    listening.save_heard(tmp_path / "0.npy", Whole(), sound)
    assert np.array_equal(np.load(tmp_path / "0.npy"), Whole()(sound))
    assert len(listening.whole(sound[:-5])) == len(sound)


def test_a_long_sound_that_was_heard_in_part_is_heard_from_there_on(tmp_path, monkeypatch):
    sound = np.random.default_rng(0).integers(-9, 9, 333 * HOP).astype(np.float32)
    monkeypatch.setattr(listening, "STRETCH", 100)

    class Stopped(Whole):
        heard = 0

        def __call__(self, sound):
            self.heard += 1
            if self.heard == 3:
                raise InterruptedError
            return super().__call__(sound)

    front = Stopped()
    with pytest.raises(InterruptedError):
        listening.save_heard(tmp_path / "0.npy", front, sound)
    assert not (tmp_path / "0.npy").exists()
    listening.save_heard(tmp_path / "0.npy", front, sound)
    assert front.heard == 3 + 2, "two of four stretches were there"
    assert np.array_equal(np.load(tmp_path / "0.npy"), Whole()(sound))
    assert [path.name for path in tmp_path.iterdir()] == ["0.npy"]


def test_films_are_called_as_their_sounds_and_told_apart():
    files = [
        Input(path=path, role="audio", size=1, sha256="") for path in ("in/b.wav", "in/a.wav", "in/A.mp3", "in/a.ogg")
    ]
    assert {name: Path(file.path).suffix for name, file in named(files).items()} == {
        "b": ".wav",
        "a": ".wav",
        "A-2": ".mp3",
        "a-3": ".ogg",
    }


def test_what_stages_hand_on_comes_back_as_it_was(tmp_path):
    track, sights = made_up_track()
    save_track(tmp_path, track)
    save_sights(tmp_path, sights)
    again, seen = load_track(tmp_path), load_sights(tmp_path)
    for name in ("coefficients", "at", "lips", "mouth", "blink", "there", "reprojection"):
        assert np.array_equal(getattr(again, name), getattr(track, name))
    assert np.array_equal(again.poses.turns, track.poses.turns)
    assert np.array_equal(again.head.formed(again.coefficients), track.head.formed(track.coefficients))
    for name in ("pictures", "ground", "head", "torso", "sway"):
        assert np.array_equal(getattr(seen, name), getattr(sights, name))


def test_a_subject_that_another_version_wrote_is_to_be_dropped_again(subject, tmp_path):
    for number, lost in enumerate(("sway.npy", "low.npy", ABOUT)):
        folder = shutil.copytree(subject, tmp_path / str(number))
        (folder / lost).unlink()
        with pytest.raises(BadInput, match="written by another version of visaged"):
            remembered(folder)
    folder = shutil.copytree(subject, tmp_path / "model")
    torch.save({"other": torch.zeros(1)}, folder / "model.pt")
    with pytest.raises(BadInput, match="written by another version of visaged"):
        remembered(folder)


@pytest.mark.parametrize("far", [-90.0, 12.0, 90.0])
def test_lips_beyond_the_edge_of_a_picture_still_have_pixels_to_be_judged_by(far):
    track = made_up_track()[0]
    moves = np.tile([far, -far, 100.0], (len(track), 1))
    boxes = mouth_boxes(replace(track, poses=replace(track.poses, moves=moves)), 64)
    assert boxes.min() >= 0
    assert boxes.max() <= 64
    assert (boxes[:, 2:] - boxes[:, :2]).min() >= 2
