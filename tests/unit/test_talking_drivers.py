"""What gives a talker its codes: the choice holds from learning to the film, and a motion speaks tomorrow as today."""

import os

import numpy as np
import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed (visaged[talking_head])")

import torch

from pipelines.contract import Input, Request, Work
from pipelines.talking_head import HOP, Options
from pipelines.talking_head.drive import motion
from pipelines.talking_head.drive.kept import arrays
from pipelines.talking_head.drive.shaping import controls
from pipelines.talking_head.ingest.crop import Crop
from pipelines.talking_head.ingest.footage import Footage, Take
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.landmarks.points import LIPS, MESH
from pipelines.talking_head.learning.drivers import ByEar, ByMotion, keep_driver, kept_driver
from pipelines.talking_head.stages.files import STATE, save_footage, save_sights, save_track
from pipelines.talking_head.stages.fronts import front_of
from pipelines.talking_head.stages.listening import SOUND
from pipelines.talking_head.stages.training import lesson_of, train
from pipelines.talking_head.subject import remembered, spoken
from pipelines.talking_head.track.bundle import Head
from pipelines.talking_head.track.lips import opening_of
from pipelines.talking_head.track.sights import Sights
from pipelines.talking_head.track.tracked import Track
from pipelines.talking_head.track.turning import FACING, FOCAL, Poses
from pipelines.talking_head.weights import EMBEDDING, LANDMARKER, MELSPECTROGRAM, VOICE
from tests.unit.talking_world import Loud, heard_by, talking, weights

FRAMES, SIDE = 100, 32


def test_a_motion_that_was_kept_moves_the_mouth_as_before(tmp_path):
    clip, front = talking(150, seed=3), Loud()
    learned = motion.learned(motion.lesson(clip, front), [], front.digest)
    codes = learned.basis.codes(learned.subject, clip.mouths)
    driver = ByMotion(learned, controls(codes, np.full((150, 2), 0.2)))
    keep_driver(tmp_path, driver)
    again = kept_driver(tmp_path, "motion", None)
    heard, eyes = heard_by(front, talking(80, seed=4).sound), torch.rand(80, 2)
    one, other = (each.hearing(heard)(np.arange(80), eyes) for each in (driver, again))
    assert again.motion.digest == front.digest
    assert torch.equal(one.codes, other.codes)
    assert (one.held.numpy() == learned.seen.outside(learned.freely(heard))).all()
    assert torch.equal(one.codes, torch.from_numpy(driver.controls(learned(heard), eyes.numpy())).float())


def filmed(head, clip):
    """A track of that head straight before the camera, talking; and pictures whose mouth is as dark as it is open."""
    opening = opening_of(clip.mouths.lips)
    some = np.random.default_rng(1)
    away = np.tile([0.0, 0.0, 30.0 * FOCAL], (FRAMES, 1)) + some.normal(0, 0.1, (FRAMES, 3))
    track = Track(
        head=head,
        poses=Poses(turns=np.tile(FACING, (FRAMES, 1, 1)), moves=away),
        coefficients=(opening / opening.std())[:, None],
        at=some.normal(0, 0.1, (FRAMES, MESH, 2)),
        lips=clip.mouths.lips,
        mouth=np.tile(opening[:, None], (1, 4)),
        blink=some.uniform(0, 0.1, (FRAMES, 2)),
        there=np.arange(FRAMES) % 30 != 7,
        reprojection=np.zeros(FRAMES),
        learned=np.arange(FRAMES),
    )
    pictures = np.full((FRAMES, SIDE, SIDE, 3), 180, dtype=np.uint8)
    pictures[:, 18:25, 11:21] = (180 - 150 * opening / opening.max()).astype(np.uint8)[:, None, None, None]
    shares = np.zeros((FRAMES, SIDE, SIDE), dtype=np.uint8)
    shares[:, 4:28, 6:26] = 255
    return track, Sights(
        pictures=pictures, ground=pictures[0], head=shares, torso=np.zeros_like(shares), sway=np.zeros((FRAMES, 4))
    )


def learning(folder, options, landmarker):
    """The job of a clip, all done but the stage train."""
    ways = np.zeros((1, MESH, 3))
    ways[0, list(LIPS), 1] = 0.1
    shape = landmarker.face.points[:MESH].astype(np.float64)
    head = Head(shape=shape, bases=ways, mean=np.zeros(52), directions=np.zeros((52, 1)))
    clip = talking(FRAMES, seed=5)
    track, sights = filmed(head, clip)
    for stage in ("ingest", "track", "listen", "train"):
        (folder / "stages" / stage).mkdir(parents=True)
    footage = Footage(
        takes=(Take(path=folder / "a.mp4", first=0, count=FRAMES),),
        crop=Crop(left=0, top=0, side=SIDE),
        size=(SIDE, SIDE),
        usual=np.zeros((32, 32, 3), dtype=np.uint8),
        points=np.zeros((FRAMES, 478, 3)),
        blendshapes=clip.mouths.blendshapes,
        there=track.there,
        speech=track.there,
        sound=clip.sound,
        notes=(),
    )
    save_footage(folder / "stages" / "ingest", footage)
    save_track(folder / "stages" / "track", track)
    save_sights(folder / "stages" / "track", sights)
    np.save(folder / "stages" / "listen" / SOUND, clip.sound)
    video = Input(path="a.mp4", role="video", size=1, sha256="")
    request = Request(job="j", pipeline="talking_head", name="a", inputs=(video,), options=options, key="anna")
    return Work(job=folder, folder=folder / "stages" / "train", request=request, stage="train")


@pytest.fixture
def landmarker(data, tmp_path, monkeypatch):
    """The landmarker; stages find it too, and what hears speech."""
    models = tmp_path / "models"
    models.mkdir()
    for name in (LANDMARKER, MELSPECTROGRAM, EMBEDDING, VOICE):
        (models / name).symlink_to(weights(data, name))
    monkeypatch.setenv("VISAGED_MODELS", str(models))
    monkeypatch.setenv("VISAGED_CPUS", "1")
    return Landmarker(models / LANDMARKER)


def films(subject, front):
    """The beginning of two films, of a sound and of silence."""
    sounds = talking(40, seed=9).sound, np.zeros(40 * HOP, dtype=np.float32)
    return [
        np.stack([picture for picture, _ in spoken(subject, subject.driver.hearing(heard_by(front, sound)), 0, 20)])
        for sound in sounds
    ]


@pytest.mark.data
@pytest.mark.parametrize(("drive", "kind"), [("motion", ByMotion), ("audio", ByEar)])
def test_what_was_chosen_drives_the_mouth_from_learning_to_the_film(drive, kind, landmarker, tmp_path):
    work = learning(tmp_path / "job", {"drive": drive, "iterations": 30}, landmarker)
    figures = train(work).figures
    assert figures["drive"] == drive
    assert figures["learned_frames"] == 65, "the face is not seen in two of the 67 that are not held out"
    assert set(figures["held_out"]["lmd_percent"]) == {"right", "wrong", "silent"}
    assert {"opening_correlation", "oracle_spread", "mouths_never_seen_percent"} <= set(figures["held_out"])
    subject = remembered(work.folder / STATE)
    assert subject.about.drive == drive
    assert isinstance(subject.driver, kind)
    said, mute = films(subject, front_of(work, subject.about.front_end))
    assert len(said) == len(mute) == 20
    assert (said != mute).any()


@pytest.mark.data
def test_a_motion_knows_nothing_of_the_frames_that_are_held_out(landmarker, tmp_path):
    work = learning(tmp_path / "job", {"drive": "motion"}, landmarker)
    front, drivers = front_of(work, "speech+mel"), []
    for loud in (1.0, 5.0):
        sound = np.load(work.earlier("listen") / SOUND)
        sound[80 * HOP :] = loud * sound[80 * HOP :][::-1]
        drivers.append(lesson_of(work, Options(), sound, front).moved)
    one, other = (arrays(driver.motion, driver.controls) for driver in drivers)
    assert all(np.array_equal(one[name], other[name]) for name in one)
