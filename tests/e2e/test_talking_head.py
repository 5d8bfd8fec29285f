"""A raw video and another sound through a running daemon: an MP4 of the person saying it, in miniature."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed (visaged[talking_head])")

import av
import cv2
import numpy as np

from daemon.model import Status
from daemon.store import AttemptStatus
from pipelines.talking_head import PIPELINE
from pipelines.talking_head.ingest import sound
from pipelines.talking_head.marks import SOURCE
from tests.unit.talking_world import decoded, film, tone, wav

pytestmark = pytest.mark.data

FRAMES, SIDE, ITERATIONS = 105, 96, 80
SAID = 1.5
"""Seconds of the sound that is said."""


@pytest.fixture(scope="session")
def take(data, tmp_path_factory):
    """The first seconds of LatentSync's demo1, a third as large: enough to learn a little, and quick to look at."""
    source = data / "talking" / "LatentSync" / "demo1_video.mp4"
    pictures = [cv2.resize(p, (360, 640), interpolation=cv2.INTER_AREA) for p in decoded(source, FRAMES)]
    spoken = sound.read(source).samples[: FRAMES * 640]
    return film(tmp_path_factory.mktemp("take") / "take.mp4", pictures, sound=spoken).read_bytes()


@pytest.fixture(scope="session")
def hello(data, tmp_path_factory):
    """A little of what somebody else says, in stereo."""
    samples = sound.read(data / "talking" / "video-retalking" / "1.wav").samples[: round(SAID * 16_000)]
    return wav(tmp_path_factory.mktemp("hello") / "hello.wav", np.stack([samples, samples])).read_bytes()


@pytest.fixture
def studio(place, talking_models):
    wishes = f"resolution = {SIDE}\niterations = {ITERATIONS}\n"
    place.configure(
        daemon=f'models = "{talking_models}"\nfetch_models = false', rest=f"[pipelines.talking_head]\n{wishes}"
    )
    return place


def steps(place, stage):
    """What was told of a stage, of all jobs, in order."""
    lines = [line for path in place.root.glob("work/*/progress.jsonl") for line in path.read_text().splitlines()]
    return [told["done"] for told in map(json.loads, lines) if told["stage"] == stage]


def killed(place, stage):
    """Whether that stage ran and is killed now."""
    found = subprocess.run(
        ["pgrep", "-f", f"pipelines.talking_head {stage} {place.root}"], capture_output=True, check=False
    )
    for pid in found.stdout.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    return bool(found.stdout)


def kill(place, stage, told=0):
    """Afterwards that stage was killed once it had told so often how far it is."""
    place.wait_for(lambda: len(steps(place, stage)) >= told and killed(place, stage), seconds=600)


def test_a_raw_video_becomes_a_film_of_another_sound_although_every_stage_is_killed(studio, take, hello):
    studio.drop("talking_head/anna/hello.wav", hello)  # first: it waits for the video, and says so
    studio.start()
    studio.wait_for(lambda: "video of the person talking" in (studio.inbox / "STATUS.txt").read_text(), seconds=60)
    studio.drop("talking_head/anna/take.mp4", take)
    kill(studio, "ingest", 2)
    kill(studio, "track", 2)
    kill(studio, "listen")
    studio.wait_for(lambda: max(steps(studio, "train"), default=0) >= 60, seconds=600)
    assert killed(studio, "train")
    before = len(steps(studio, "render"))  # the drop of a video alone has nothing to render
    kill(studio, "render", before + 1)
    kill(studio, "mux")
    studio.wait_for(lambda: [j.status for j in studio.jobs()] == [Status.DONE, Status.DONE], seconds=600)
    learned, said = studio.jobs()
    assert (learned.name, said.name) == ("take", "hello")
    told = steps(studio, "train")
    assert min(told[told.index(60) + 1 :]) == 60, "it went on at its checkpoint of iteration 50"
    for job in (learned, said):
        done = [a.stage for a in studio.attempts(job) if a.status is AttemptStatus.DONE]
        assert done == [stage.name for stage in PIPELINE.stages], "no stage twice"
    results = studio.root / "results" / "talking_head" / "anna"
    assert sorted(path.name for path in results.iterdir()) == ["hello.mp4", "hello.receipt.json", "take"]
    check_film(results / "hello.mp4")
    check_receipts(results)


def test_the_other_engine_learns_and_speaks_in_one_drop(studio, take, hello):
    studio.drop("talking_head/eva/speech/manifest.toml", '[options]\nengine = "ernerf"\niterations = 40\n')
    studio.drop("talking_head/eva/speech/take.mp4", take)
    studio.drop("talking_head/eva/speech/hello.wav", hello)
    assert studio.visaged("run", "--once", timeout=600).returncode == 0
    results = studio.root / "results" / "talking_head" / "eva"
    found = ["hello.mp4", "hello.preview.png", "hello.receipt.json"]
    assert sorted(path.name for path in results.iterdir()) == found
    check_film(results / "hello.mp4")
    assert (results / "hello.preview.png").stat().st_size > 50_000
    receipt = json.loads(next(results.rglob("*receipt.json")).read_text("utf-8"))
    assert receipt["figures"]["engine"] == "ernerf"
    assert receipt["figures"]["held_out"]["head_over_true_rest"]["psnr"] > 22


def check_film(path: Path):
    with av.open(str(path)) as container:
        assert "the person shown did not say this" in container.metadata["comment"]
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert SOURCE.encode() in path.read_bytes().partition(b"DigitalSourceType>")[2][:200]
    with av.open(str(path)) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert abs(len(shown) - SAID * 25) <= 1
    assert heard.shape[1] / 16_000 == pytest.approx(SAID, abs=0.13)
    assert np.abs(heard).max() > 0.05
    assert {picture.shape for picture in shown} == {(SIDE, SIDE, 3)}
    assert np.mean([np.std(picture) for picture in shown]) > 30, "there is a picture"
    moved = [np.abs(a.astype(int) - b).mean() for a, b in itertools.pairwise(shown)]
    assert 0.1 < np.mean(moved) < 8


def check_receipts(results: Path):
    learned = json.loads((results / "take" / "receipt.json").read_text("utf-8"))["figures"]
    assert (results / "take" / "preview.png").stat().st_size > 50_000
    assert learned["engine"] == "egstalker"
    assert learned["front_end"]["name"] == "speech+mel"
    assert learned["drive"] == "motion"
    assert learned["reprojection_percent"] < 1.6
    assert learned["held_out"]["head_over_true_rest"]["psnr"] > 27
    assert learned["held_out"]["whole_frame"]["psnr"] > 20
    assert set(learned["held_out"]["lmd_percent"]) == {"right", "wrong", "silent"}
    said = json.loads((results / "hello.receipt.json").read_text("utf-8"))
    assert said["figures"]["synthetic"].startswith("Synthetic: the person shown did not say this.")
    assert said["figures"]["films"]["hello"]["frames"] == pytest.approx(SAID * 25, abs=1)
    assert said["figures"]["file_to_file_frames_a_second"] > 0
    assert said["figures"]["signed"] is False
    assert said["options"]["resolution"] == SIDE


def test_what_cannot_be_used_says_why_before_anything_is_learned(studio, tmp_path, hello, take):
    grey = [np.full((64, 64, 3), 90, dtype=np.uint8)] * 30
    studio.drop("talking_head/anna/hum.mp4", film(tmp_path / "hum.mp4", grey, sound=tone(1.2)).read_bytes())
    studio.drop("talking_head/anna/hello.wav", hello)
    studio.drop("talking_head/anna/hello.txt", "Hello!")
    studio.drop("talking_head/bob/mute.mp4", film(tmp_path / "mute.mp4", grey).read_bytes())
    studio.drop("talking_head/bob/tail.mp4", take[len(take) // 2 :])
    studio.drop("talking_head/bob/late.manifest.toml", '[options]\nbegin = "9:00"\n')
    studio.drop("talking_head/bob/late.mp4", take)
    assert studio.visaged("run", "--once", timeout=300).returncode == 1
    assert {j.name: j.status for j in studio.jobs()} == dict.fromkeys(
        ("hum", "hello", "mute", "tail", "late"), Status.FAILED
    )
    why = {path.parent.name: path.read_text("utf-8") for path in studio.root.glob("failed/talking_head/*/WHY.txt")}
    said = " ".join(why.values())
    assert "of speech in its sound; at least 1.5 s are needed" in said
    assert "Speech is not made from texts here" in said
    assert ", which came before it, failed: " in said, "the sound tells why its video could not be learned"
    assert "Nobody has learned anna yet" in said
    assert "mute.mp4 has no sound. Record it with a microphone" in said
    assert "tail.mp4 cannot be opened: it is no video or sound, or its index is missing" in said
    assert 'late.mp4 is 0:04.2 long, so begin = "9:00.0" is not in it.' in said
    assert all(a.stage == "ingest" for job in studio.jobs() for a in studio.attempts(job))
