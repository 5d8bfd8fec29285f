"""The front ends and the offset: each frame hears what is around it alone, and the lag of sound is found."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.talking_head import FPS, HOP, RATE, offset
from pipelines.talking_head.ingest.footage import Models, ingested
from pipelines.talking_head.ingest.sound import read
from pipelines.talking_head.ingest.speech import Voice
from pipelines.talking_head.judge import blocks, probe
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.listen import mel
from pipelines.talking_head.listen.front import apart, around
from pipelines.talking_head.listen.mel import Mel
from pipelines.talking_head.listen.speech import Speech
from pipelines.talking_head.track.tracked import tracked
from tests.unit.talking_world import weights


def noise(seconds, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)


def speech(data):
    return Speech(weights(data, "melspectrogram.onnx"), weights(data, "embedding_model.onnx"))


FRONTS = [pytest.param(lambda _data: Mel(), id="mel"), pytest.param(speech, id="speech", marks=pytest.mark.data)]


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("samples", [0, 1, HOP - 1, HOP, HOP + 1, 7 * HOP, 50 * HOP + 3])
def test_there_is_a_row_for_each_whole_frame(front, data, samples):
    features = front(data)(noise(4)[:samples])
    assert len(features) == samples // HOP
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


@pytest.mark.parametrize("front", FRONTS)
def test_a_click_is_heard_by_the_frames_around_it_alike_on_both_sides(front, data):
    frames = 61
    quiet = 1e-4 * noise(frames / FPS)
    click = quiet.copy()
    click[30 * HOP + HOP // 2] = 0.5
    heard = np.abs(front(data)(click) - front(data)(quiet)).mean(axis=(1, 2))
    reach = np.flatnonzero(heard > 0.2 * heard.max())
    assert reach[0] + reach[-1] == pytest.approx(60, abs=1)
    assert reach[-1] - reach[0] + 1 >= 0.32 * FPS


@pytest.mark.parametrize("front", FRONTS)
def test_the_same_sound_gives_the_same_features_and_the_same_digest(front, data):
    one, other = front(data), front(data)
    assert (one(noise(1)) == other(noise(1))).all()
    assert one.digest == other.digest
    assert len(one.digest) == 64


def test_front_ends_are_told_apart_by_their_digest(data):
    assert Mel().digest != "mel"
    assert Mel.name != Speech.name


def test_parts_that_are_heard_apart_know_nothing_of_each_other():
    sound, other = noise(4), noise(4, seed=1)
    first, second = slice(0, 50), slice(50, 100)
    for kept, changed in ((first, second), (second, first)):
        mixed = sound.copy()
        mixed[changed.start * HOP : changed.stop * HOP] = other[changed.start * HOP : changed.stop * HOP]
        assert len(apart(Mel(), mixed, [50, 100])) == 100
        assert (apart(Mel(), sound, [50, 100])[kept] == apart(Mel(), mixed, [50, 100])[kept]).all()
        assert (Mel()(sound)[kept] != Mel()(mixed)[kept]).any()


def test_loudness_and_the_microphones_colour_are_no_speech():
    sound = np.concatenate([noise(2), 0.2 * noise(2, seed=1)] * 3)
    near, far = Mel()(sound), Mel()(0.3 * sound)
    assert np.abs(near - far).mean() < 0.15 * np.abs(near).mean() + 0.3


def test_a_tone_lies_in_the_band_of_its_pitch():
    tone = np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE).astype(np.float32)
    band = mel.spectrogram(tone)[40].argmax()
    centre = (mel.filters()[band] * np.fft.rfftfreq(mel.WINDOW, 1 / RATE)).sum() / mel.filters()[band].sum()
    assert centre == pytest.approx(1000, abs=60)


def test_the_spectrogram_is_what_a_plain_loop_computes():
    sound = noise(0.4)
    fast = mel.spectrogram(sound)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(mel.WINDOW) / mel.WINDOW)
    for step in (0, 7, 20, len(fast) - 1):
        middle = HOP // 2 + (step - (mel.STEPS - 1) / 2) * mel.STEP
        first = int(middle) - mel.WINDOW // 2
        heard = [sound[k] if 0 <= k < len(sound) else 0.0 for k in range(first, first + mel.WINDOW)]
        energy = np.abs(np.fft.rfft(np.array(heard) * window)) ** 2 / mel.WINDOW
        assert fast[step] == pytest.approx(np.log(mel.filters() @ energy + mel.FLOOR), abs=1e-4)


def test_beyond_its_ends_a_sound_goes_on_as_its_first_and_last_frame():
    features = np.arange(6, dtype=np.float32).reshape(6, 1, 1)
    assert around(features)[0, :, 0, 0].tolist() == [0, 0, 0, 0, 0, 1, 2, 3]
    assert around(features)[5, :, 0, 0].tolist() == [1, 2, 3, 4, 5, 5, 5, 5]


# The offset.


def talking(frames=250, lag=0, seed=3):
    """Sound whose loudness a mouth follows, coming so many frames late; and that mouth."""
    generator = np.random.default_rng(seed)
    loud = np.convolve(generator.random(frames + 80), np.hanning(7) / 3, mode="same")
    loud = np.clip(loud - loud.mean() + 0.4, 0, None)
    sound = np.repeat(loud, HOP) * generator.normal(0, 0.1, len(loud) * HOP)
    mouth = loud[40 : 40 + frames, None] + 0.05 * generator.normal(size=(frames, 2))
    first = (40 - lag) * HOP
    return sound[first : first + frames * HOP].astype(np.float32), mouth


@pytest.mark.parametrize("lag", [-9, 4])
def test_the_lag_of_a_sound_is_found(lag):
    found = offset.found(*talking(120, lag))
    assert found.frames == lag
    assert found.clear


def test_a_sound_that_was_shifted_by_its_lag_has_none():
    sound, mouth = talking(120, 7)
    assert offset.found(offset.shifted(sound, 7), mouth).frames == 0


def test_shifting_moves_whole_frames_and_leaves_silence():
    sound = np.repeat(np.arange(1.0, 6.0, dtype=np.float32), HOP)
    assert offset.shifted(sound, 2)[::HOP].tolist() == [3, 4, 5, 0, 0]
    assert offset.shifted(sound, -2)[::HOP].tolist() == [0, 0, 1, 2, 3]
    assert offset.shifted(sound, 9)[::HOP].tolist() == [0, 0, 0, 0, 0]


def test_sound_of_another_film_is_refused_as_such():
    sound, _ = talking(seed=4)
    _, mouth = talking(seed=5)
    found = offset.found(sound, mouth)
    assert not found.clear
    assert found.believed == 0
    assert "its mouth does not move with its sound" in offset.refusal("dub.mp4", found)


def test_a_clip_that_is_too_short_to_be_sure_is_taken_with_a_question():
    short = offset.Offset(frames=5, length=offset.ENOUGH - 1, correlation=-0.1, margin=0.2, curve=np.zeros(25))
    assert offset.refusal("a.mp4", short) is None
    assert "Is it dubbed, or a voice-over? It is too short to be sure" in offset.advice("a.mp4", short)[0]
    assert offset.refusal("a.mp4", replace(short, length=offset.ENOUGH)) is not None


def test_takes_whose_lag_is_not_clear_have_that_of_the_others():
    clear = offset.Offset(frames=2, length=250, correlation=0.4, margin=0.3, curve=np.zeros(25))
    doubtful = replace(clear, frames=-7, correlation=0.1)
    assert offset.together([clear, doubtful, replace(clear, frames=3), clear]) == [2, 2, 3, 2]
    assert offset.together([doubtful, doubtful]) == [0, 0]


def test_the_user_is_told_of_a_lag_that_was_taken_out():
    clear = offset.Offset(frames=0, length=250, correlation=0.4, margin=0.3, curve=np.zeros(25))
    assert offset.advice("a.mp4", clear) == ()
    assert offset.refusal("a.mp4", clear) is None
    (note,) = offset.advice("a.mp4", replace(clear, frames=3))
    assert note == "a.mp4: its sound comes 0.12 s late; that was taken out."
    doubtful = offset.Offset(frames=5, length=250, correlation=0.12, margin=0.2, curve=np.zeros(25))
    assert "could not be told" in offset.advice("a.mp4", doubtful)[0]
    assert offset.refusal("a.mp4", doubtful) is None


# The handed-out clips.


@pytest.fixture(scope="module")
def track(data):
    models = Models(Landmarker(weights(data, "face_landmarker.task")), Voice(weights(data, "silero_vad_16k_op15.onnx")))
    footage = ingested(data / "talking" / "SadTalker" / "WDA_AlexandriaOcasioCortez_000.mp4", models)
    return footage.sound, tracked(footage, models.landmarker.face)


@pytest.fixture(scope="module")
def own(track):
    """The lag of the clip as it is."""
    sound, seen = track
    return offset.found(sound, seen.mouth)


@pytest.mark.data
@pytest.mark.parametrize("shift", [-5, 5])
def test_the_lag_of_a_real_clip_is_recovered_when_its_sound_is_shifted(track, own, shift):
    sound, seen = track
    assert own.clear
    assert 1 <= own.frames <= 3
    assert offset.found(offset.shifted(sound, -shift), seen.mouth).frames - own.frames == pytest.approx(shift, abs=1)


@pytest.mark.data
def test_another_persons_speech_moves_no_real_mouth(data, track):
    _, seen = track
    other = read(data / "talking" / "SadTalker" / "chinese_poem1.wav").samples
    assert not offset.found(np.resize(other, len(seen) * HOP), seen.mouth).clear


@pytest.mark.data
def test_speech_tells_of_a_real_mouth_what_wrong_speech_does_not(data, track, own):
    sound, seen = track
    right = offset.shifted(sound, own.frames)
    parts = blocks.folds(len(seen))
    ends = [int(part.held[-1]) + 1 for part in parts]
    told = [
        probe.correlation(probe.held_out(apart(speech(data), heard, ends), seen.mouth[:, 3], parts), seen.mouth[:, 3])
        for heard in (right, np.roll(right, 80 * HOP))
    ]
    assert told[0] > told[1] + 0.1
