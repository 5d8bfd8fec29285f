"""Where somebody speaks: speech is told from silence, and a song is not taken for silence."""

import os

import numpy as np
import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")

from pipelines.contract import Input, Request, Work
from pipelines.talking_head import HOP, RATE
from pipelines.talking_head.ingest import sound as sounds
from pipelines.talking_head.ingest.speech import Voice
from pipelines.talking_head.listen.hearing import Activity, followed
from pipelines.talking_head.stages.listening import SUNG, heard_of, listen
from pipelines.talking_head.weights import EMBEDDING, MELSPECTROGRAM, VOICE
from tests.unit.talking_world import tone, wav, weights

SECOND = 25


def noise(level, frames):
    """Noise so loud, so many frames of it."""
    return level * np.random.default_rng(1).normal(size=frames * HOP).astype(np.float32)


def talk(*stretches):
    """Speech and the rest in turns, so many frames each."""
    return np.repeat(np.arange(len(stretches)) % 2 == 0, stretches)


@pytest.mark.parametrize(
    ("speech", "sound"),
    [
        (talk(25, 25, 25, 25), np.concatenate([noise(1, 25), noise(0.01, 25)] * 2)),
        (talk(0, 300, 9), np.concatenate([noise(0, 300), noise(1, 9)])),
        (talk(60, 140), np.concatenate([noise(1, 60), noise(0.18, 140)])),
        (talk(0, 100), noise(0, 100)),
    ],
    ids=["pauses", "rarely", "in noise", "silence"],
)
def test_silence_is_silence(speech, sound):
    assert np.array_equal(followed(speech, sound), speech)


@pytest.mark.parametrize(
    ("speech", "sound"),
    [(talk(0, 100), noise(0.1, 100)), (talk(30, 70), noise(1, 100))],
    ids=["none", "pieces"],
)
def test_a_song_is_followed_throughout(speech, sound):
    assert followed(speech, sound).all()


def job(folder, data, monkeypatch, samples):
    """What the stage makes of a sound."""
    (folder / "models").mkdir()
    for name in (VOICE, MELSPECTROGRAM, EMBEDDING):
        (folder / "models" / name).symlink_to(weights(data, name))
    monkeypatch.setenv("VISAGED_MODELS", str(folder / "models"))
    (folder / "job" / "stages" / "listen").mkdir(parents=True)
    wav(folder / "job" / "a.wav", samples)
    inputs = (Input(role="audio", path="a.wav", size=0, sha256=""),)
    request = Request(job="1", pipeline="talking_head", name="a", key="anna", inputs=inputs, options={})
    work = Work(job=folder / "job", folder=folder / "job" / "stages" / "listen", request=request, stage="listen")
    return work, listen(work)


def voice_in_silence(data):
    """A second of silence, four of a voice, a second of silence."""
    voice = sounds.read(data / "talking" / "SadTalker" / "chinese_poem1.wav").samples[: 4 * RATE]
    return np.pad(voice, RATE)


@pytest.mark.data
def test_a_voice_is_heard_and_silence_around_it_shuts_the_mouth(data, tmp_path, monkeypatch):
    work, result = job(tmp_path, data, monkeypatch, voice_in_silence(data))
    (tmp_path / "job" / "stages" / "render").mkdir()
    heard = heard_of(Work(job=work.job, folder=work.job / "stages" / "render", request=work.request, stage="render"), 0)
    assert len(heard) == len(heard.speech) == 6 * SECOND
    assert not heard.speech[: SECOND // 2].any()
    assert not heard.speech[-SECOND // 2 :].any()
    assert heard.speech[SECOND : 5 * SECOND].mean() > 0.7
    assert 50 < result.figures["sounds"]["a"]["speech_percent"] < 80
    assert not result.warnings


@pytest.mark.data
def test_of_what_is_loud_but_no_speech_the_mouth_follows_all(data, tmp_path, monkeypatch):
    work, result = job(tmp_path, data, monkeypatch, tone(3))
    assert np.load(work.folder / "0.speech.npy").sum() == 3 * SECOND
    assert result.figures["sounds"]["a"]["speech_percent"] == 0
    assert result.warnings == (f"a.wav: {SUNG}",)


@pytest.mark.data
@pytest.mark.parametrize("gone", [("speech",), ("activity", "speech"), ("features", "activity", "speech")])
def test_a_stage_that_was_killed_between_two_files_finds_the_same(data, tmp_path, monkeypatch, gone):
    work, result = job(tmp_path, data, monkeypatch, voice_in_silence(data))
    before = {path.name: path.read_bytes() for path in work.folder.iterdir()}
    for part in gone:
        (work.folder / f"0.{part}.npy").unlink()
    assert listen(work) == result
    assert {path.name: path.read_bytes() for path in work.folder.iterdir()} == before


@pytest.mark.data
def test_speech_is_where_a_voice_is(data):
    activity = Activity(Voice(weights(data, VOICE)))
    found = activity(voice_in_silence(data).astype(np.float32))
    assert not found[: SECOND // 2].any()
    assert found[SECOND : 5 * SECOND].any()
