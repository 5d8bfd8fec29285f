"""Ingest: whatever is dropped comes out at 25 frames and 16,000 samples a second, or is refused plainly."""

import wave
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract import BadInput
from pipelines.talking_head import FPS, HOP, RATE
from pipelines.talking_head.ingest import crop, cuts, riff, sound, spoken, survey, verdict
from pipelines.talking_head.ingest.container import opened, streams
from pipelines.talking_head.ingest.footage import Look, Models, bridged, cut, ingested
from pipelines.talking_head.ingest.frames import first_time, frames, upright
from pipelines.talking_head.ingest.mixing import Mix
from pipelines.talking_head.ingest.part import Part, Region
from pipelines.talking_head.ingest.rivals import Rivals
from pipelines.talking_head.ingest.sound import Piece, Span
from pipelines.talking_head.ingest.speech import CHUNK, Voice, seconds, speaking
from pipelines.talking_head.ingest.ticks import on_show, ticked
from pipelines.talking_head.landmarks.landmarker import Following, Landmarker
from tests.unit.talking_world import decoded, film, tone, turned, wav, weights

moments = st.lists(st.integers(0, 3000), min_size=1, max_size=60, unique=True).map(
    lambda ms: sorted(m / 1000 for m in ms)
)


def numbered(number, side=64):
    """A picture from which its number can be read back after any codec: its brightness."""
    return np.full((side, side, 3), 20 + number, dtype=np.uint8)


def read_back(picture):
    return round(float(picture.mean())) - 20


# Time.


@given(moments)
def test_every_tick_shows_the_frame_that_is_nearest_in_time(times):
    until = (round(times[-1] * FPS) + 1) / FPS
    chosen = on_show(np.array(times), until)
    for tick, row in enumerate(chosen):
        assert abs(times[row] - tick / FPS) <= min(abs(time - tick / FPS) for time in times) + 1e-9


@given(moments)
def test_choosing_while_frames_come_in_is_choosing_with_all_of_them_known(times):
    times = [time - times[0] for time in times]
    live = list(ticked((time, row) for row, time in enumerate(times)))
    known = on_show(np.array(times), len(live) / FPS)
    for tick, (one, other) in enumerate(zip(live, known, strict=True)):
        assert abs(times[one] - tick / FPS) == pytest.approx(abs(times[other] - tick / FPS))
    assert abs(len(live) / FPS - times[-1]) <= 1.5 / FPS + 1e-9


def test_thirty_frames_a_second_become_twenty_five():
    times = np.arange(90) / 30
    assert list(on_show(times, 3.0)[:7]) == [0, 1, 2, 4, 5, 6, 7]
    assert len(list(ticked((float(time), None) for time in times))) == 75


def test_a_variable_frame_rate_becomes_constant_and_stays_in_step(tmp_path):
    times = [0.0, 0.2, 0.24, 0.28, 0.6, 0.9]
    path = film(tmp_path / "vfr.mp4", [numbered(20 * k) for k in range(6)], times=times)
    shown = [round(read_back(picture) / 20) for picture in frames(path)]
    assert shown == [0, 0, 0, 1, 1, 1, 2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5]


# Pictures.


@pytest.mark.parametrize(("quarters", "corner"), [(1, (0, -1)), (2, (-1, -1)), (3, (-1, 0))])
def test_a_film_that_was_filmed_sideways_stands_upright(tmp_path, quarters, corner):
    picture = np.zeros((64, 96, 3), dtype=np.uint8)
    picture[:16, :16] = 255
    path = turned(
        film(tmp_path / "phone.mp4", [picture] * 3, codec="libx265", options={"x265-params": "log-level=none"}),
        quarters,
    )
    shown = next(frames(path))
    assert shown.shape[:2] == ((96, 64) if quarters % 2 else (64, 96))
    assert shown[corner].min() > 200
    assert (shown.mean(axis=2) > 128).sum() == pytest.approx(256, abs=20)


def test_pixels_that_are_not_square_are_made_square():
    assert upright(np.zeros((576, 720, 3), dtype=np.uint8), 0, 16 / 15).shape == (576, 768, 3)


def test_sound_alone_is_no_video(tmp_path):
    path = wav(tmp_path / "voice.wav", tone(1))
    with pytest.raises(BadInput, match="has no picture, only sound"):
        next(frames(path))


def test_what_is_no_film_at_all_is_refused_by_name(tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_bytes(b"Dear all, " * 500)
    with pytest.raises(BadInput, match=r"notes.mp4 cannot be opened: .* Copy it again"):
        list(frames(path))
    path.write_bytes(b"")
    with pytest.raises(BadInput, match=r"notes.mp4 is empty"):
        list(frames(path))


@given(
    st.lists(st.tuples(st.floats(50, 300), st.floats(50, 200), st.floats(40, 120)), min_size=1, max_size=20),
    st.integers(200, 700),
    st.integers(200, 500),
)
def test_the_square_holds_every_face_and_stays_inside_where_it_fits(faces, width, height):
    boxes = np.array([(x, y, x + s, y + s) for x, y, s in faces])
    found = crop.around(boxes, width, height)
    assert found.side <= max(width, height)
    if found.side <= width:
        assert found.left >= 0
        assert found.left + found.side <= width
    if found.side <= height:
        assert found.top >= 0
        assert found.top + found.side <= height
    assert found.of(np.zeros((height, width, 3), dtype=np.uint8), 32).shape == (32, 32, 3)


def test_the_square_is_two_point_four_faces_high_with_the_face_a_little_above_its_middle():
    found = crop.around(np.tile([[400.0, 300.0, 480.0, 400.0]], (9, 1)), 1280, 720)
    assert found.side == 240
    middle = found.inside(np.array([440.0, 350.0]), 100)
    assert middle == pytest.approx([50, 46], abs=0.5)


def test_a_square_beyond_the_picture_shows_its_edge():
    picture = np.zeros((10, 20, 3), dtype=np.uint8)
    picture[:, -1] = 200
    shown = crop.Crop(left=15, top=-5, side=20).of(picture, 20)
    assert (shown[:, 5:] == 200).all()
    assert (shown[:, :4] == 0).all()


# Cuts.


def scene(seed, count, wobble=1.0):
    generator = np.random.default_rng(seed)
    base = cv2.GaussianBlur(generator.uniform(0, 255, (64, 64, 3)), (0, 0), 8)
    base = (base - base.min()) / np.ptp(base) * 200
    return [np.roll(base, round(wobble * np.sin(k / 3)), axis=1).astype(np.uint8) for k in range(count)]


def smalls(pictures):
    return np.array([cuts.small(picture) for picture in pictures])


def test_a_cut_is_found_at_its_frame():
    assert list(cuts.cuts(smalls(scene(1, 30) + scene(2, 25) + scene(3, 20)))) == [30, 55]


def test_movement_a_flash_and_a_fade_are_no_cuts():
    moving = scene(1, 60, wobble=3.0)
    flash = [*moving[:30], np.full((64, 64, 3), 255, dtype=np.uint8), *moving[30:]]
    fade = [(picture * min(1.0, k / 20)).astype(np.uint8) for k, picture in enumerate(moving)]
    for film_of in (moving, flash, fade):
        assert list(cuts.cuts(smalls(film_of))) == []


# Sound.


def test_sound_of_any_width_and_rate_becomes_sixteen_thousand_samples(tmp_path):
    for width, rate in ((2, 44_100), (3, 48_000), (4, 16_000), (2, 8_000)):
        heard = sound.read(wav(tmp_path / "a.wav", tone(1, rate=rate), rate=rate, width=width))
        assert len(heard.samples) == pytest.approx(RATE, abs=40)
        peak = np.abs(np.fft.rfft(heard.samples[:RATE])).argmax()
        assert peak == pytest.approx(220, abs=1)
        assert heard.samples.std() == pytest.approx(0.5 / np.sqrt(2), rel=0.03)


def test_telephone_sound_is_taken_with_a_word_about_it(tmp_path):
    (note,) = sound.read(wav(tmp_path / "call.wav", tone(1, rate=8000), rate=8000)).notes
    assert "8000 samples a second, as a telephone" in note


def test_a_dead_channel_does_not_halve_the_voice(tmp_path):
    heard = sound.read(wav(tmp_path / "lav.wav", np.stack([tone(1), 0 * tone(1)])))
    assert heard.samples.std() == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    assert heard.notes == ("1 of its 2 channels of sound is silent and left out.",)


def test_channels_that_cancel_each_other_are_not_mixed(tmp_path):
    heard = sound.read(wav(tmp_path / "wired.wav", np.stack([tone(1), -tone(1)])))
    assert heard.samples.std() == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    assert "cancel each other" in heard.notes[0]


def test_pieces_of_sound_lie_where_their_time_is_with_silence_between():
    one = np.ones((1, RATE), dtype=np.float32)
    alone = Mix(np.array([0]))
    line = sound.placed([Piece(0.5, one), Piece(2.0, one[:, 1:], 1)], 0.0, 3 * RATE, alone)
    assert line[: RATE // 2].max() == 0
    assert line[RATE // 2 : RATE * 3 // 2].min() == 1
    assert line[RATE * 3 // 2 : RATE * 2].max() == 0
    early = sound.placed([Piece(-0.25, one)], 0.0, RATE, alone)
    assert (early == 1).sum() == RATE * 3 // 4
    assert early[0] == 1


def test_sound_and_picture_of_a_film_keep_step(tmp_path):
    flash = [numbered(150 if 25 <= k < 28 else 0) for k in range(60)]
    click = np.zeros(60 * HOP)
    click[25 * HOP : 26 * HOP] = tone(1)[:HOP]
    path = film(tmp_path / "clap.mp4", flash, sound=click)
    lit = [read_back(picture) > 75 for picture in frames(path)]
    loud = np.abs(sound.read(path, Span(begin=0.0)).samples)
    assert lit.index(True) == 25
    assert int(np.argmax(loud > 0.2)) / HOP == pytest.approx(25, abs=1)


@given(st.binary(max_size=300), st.integers(0, 10_000))
def test_any_bytes_may_stand_where_a_wav_should(head, size):
    for start in (b"", b"RIFF1234WAVE"):
        assert 0.0 <= riff.missing(start + head, size) <= 1.0


def test_a_wav_that_was_cut_off_is_refused_with_how_much_is_missing(tmp_path):
    path = wav(tmp_path / "half.wav", tone(4))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(BadInput, match=r"half.wav breaks off: 50% of its sound is missing"):
        spoken.listened(path)


def test_a_wav_from_a_pipe_that_does_not_know_its_length_is_whole(tmp_path):
    path = wav(tmp_path / "pipe.wav", tone(2))
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert spoken.listened(path).seconds == pytest.approx(2, abs=0.01)


def test_an_aac_named_wav_is_read_as_what_it_is(tmp_path):
    clip = film(tmp_path / "clip.mp4", [numbered(0)] * 30, sound=tone(1.2))
    path = clip.rename(tmp_path / "voice.wav")
    heard = spoken.listened(path)
    assert heard.seconds == pytest.approx(1.2, abs=0.1)
    assert "voice.wav is named .wav but holds aac" in heard.notes[-1]


@pytest.mark.parametrize(
    ("samples", "words"),
    [(tone(0.2), r"has 0\.2 s of sound; at least 0\.5"), (0 * tone(2), "is silent from beginning to end")],
)
def test_sound_that_nobody_can_say_is_refused(tmp_path, samples, words):
    with pytest.raises(BadInput, match=words):
        spoken.listened(wav(tmp_path / "x.wav", samples))


def test_hours_of_sound_are_refused_before_they_are_read(tmp_path):
    path = tmp_path / "podcast.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        for _ in range(180):
            file.writeframes(bytes(8000 * 60))
    with pytest.raises(BadInput, match=r"podcast.wav is 180 minutes long; at most 120"):
        spoken.listened(path)


def test_a_film_without_sound_is_refused(tmp_path):
    path = film(tmp_path / "mute.mp4", [numbered(0)] * 10)
    with opened(path) as container:
        assert streams(container).sound == ""
    with pytest.raises(BadInput, match=r"mute.mp4 has no sound"):
        sound.read(path)


def test_short_pauses_are_speech_and_long_ones_are_not():
    probability = np.array([0.9] * 10 + [0.1] * 3 + [0.9] * 10 + [0.1] * 30, dtype=np.float32)
    speech = speaking(probability, len(probability) * CHUNK // HOP)
    assert seconds(speech) == pytest.approx(23 * CHUNK / RATE, abs=2 / FPS)
    assert speech[:17].all()


def test_frames_keep_their_sound_when_the_beginning_is_left_out():
    samples = np.repeat(np.arange(10, dtype=np.float32), HOP)
    assert list(cut(samples, 3, 6)[::HOP]) == [3, 4, 5]
    assert list(cut(samples, 8, 12)[::HOP]) == [8, 9, 0, 0]


def test_frames_without_a_face_lie_on_the_line_between_their_neighbours():
    values = np.array([[0.0], [np.nan], [np.nan], [3.0]])
    assert list(bridged(values, np.array([True, False, False, True]))[:, 0]) == [0, 1, 2, 3]


# The verdict.

GOOD = {
    "name": "me.mp4",
    "promised": 10.0,
    "sound": 10.0,
    "speech": 8.0,
    "there": np.ones(250, dtype=bool),
    "others": np.zeros((10, 2)),
    "flat": np.full(10, 0.05),
    "cuts": np.zeros(0, dtype=np.int64),
    "height": 180.0,
    "mouth": 0.02,
}


SIDE = Region(left=10, top=0, width=90, height=90)


def but(**changed):
    return verdict.Facts(**{**GOOD, **changed})


def beside(*heights, moved=0.05):
    """A second face of those heights, which changes so much from one second to the next."""
    return np.array([[height, moved if height else np.nan] for height in heights])


def hidden(first, last, frames=250):
    there = np.ones(frames, dtype=bool)
    there[first:last] = False
    return there


def test_good_footage_is_taken():
    assert verdict.refusal(but()) is None


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (but(promised=20.0), "breaks off after 10.0 of 20.0 s"),
        (but(there=hidden(0, 250)), "shows no face"),
        (but(others=beside(*[0.8] * 10)), "shows several faces"),
        (but(flat=np.full(10, 0.9)), "shows a drawn face"),
        (but(cuts=np.array([100, 200])), "is cut at 0:04.0, 0:08.0"),
        (but(there=hidden(100, 150)), "loses the face from 0:04.0 to 0:06.0"),
        (but(there=hidden(50, 250)), "shows a face for 2.0 s"),
        (but(height=30.0), "shows a face of 30 pixels"),
        (but(mouth=0.001), "shows a face whose mouth never moves"),
        (but(there=hidden(0, 250), part=Part(region=SIDE)), 'shows no face in crop = "10,0,90,90"'),
        (but(sound=6.0), "has 6.0 s of sound for 10.0 s of picture"),
        (but(speech=0.2), "has 0.2 s of speech"),
    ],
)
def test_bad_footage_is_refused_for_what_is_wrong(facts, words):
    why = verdict.refusal(facts)
    assert why is not None
    assert why.startswith(f"me.mp4 {words}")
    assert why.endswith(("again.", ".", "?"))


def test_what_happens_now_and_then_is_no_reason_to_refuse():
    assert verdict.refusal(but(others=beside(0.8, 0.7, *[0.0] * 8))) is None
    assert verdict.refusal(but(there=hidden(100, 108))) is None
    assert verdict.refusal(but(there=hidden(0, 20), cuts=np.array([20]))) is None


def test_a_picture_of_somebody_on_the_wall_is_nobody():
    poster = but(others=beside(*[0.8] * 10, moved=0.001))
    assert verdict.refusal(poster) is None
    assert "never moves, so it was taken for a picture on the wall" in verdict.advice(poster)[-1]
    assert verdict.still(np.array([[0.8, np.nan]])) is False, "seen once, nobody knows"


def test_a_cut_is_told_with_the_longest_take_and_how_to_use_it():
    why = verdict.refusal(but(cuts=np.array([33, 181])))
    assert 'The longest part of it is used by these options in a manifest: begin = "0:01.4", end = "0:07.2".' in why
    later = verdict.refusal(but(cuts=np.array([33, 181]), part=Part(begin=60.0)))
    assert "is cut at 1:01.3, 1:07.2" in later
    assert 'begin = "1:01.4", end = "1:07.2"' in later
    assert "Film again, in one go." in verdict.refusal(but(cuts=np.arange(40, 250, 40)))


@given(st.lists(st.booleans(), min_size=1, max_size=300), st.lists(st.integers(1, 299), max_size=4))
def test_the_longest_take_has_no_cut_and_never_loses_the_face(there, cuts_at):
    inside = sorted({row for row in cuts_at if row < len(there)})
    facts = but(there=np.array(there), cuts=np.array(inside, dtype=np.int64))
    begin, end = verdict.longest(facts)
    assert 0 <= begin <= end <= len(there)
    assert not [row for row in facts.cuts if begin < row < end]
    gone = "".join("x" if one else "." for one in there[begin:end])
    assert "." * (verdict.HOLE + 1) not in gone


def test_the_user_is_told_what_was_left_out():
    (note,) = verdict.advice(but(there=hidden(0, 25)))
    assert "1.0 s at its beginning show no face" in note


def test_the_user_is_told_that_more_footage_would_be_better():
    assert verdict.scarce(225) == (
        "9.0 s of talking is little. It works, but a mouth is learned well from one to five minutes.",
    )
    assert verdict.scarce(500) == ()


def test_drawings_have_flat_areas_and_skin_has_not():
    generator = np.random.default_rng(0)
    drawn = np.zeros((200, 200, 3), dtype=np.uint8)
    cv2.circle(drawn, (100, 100), 80, (240, 200, 170), -1)
    cv2.circle(drawn, (70, 80), 10, (0, 0, 0), -1)
    filmed = np.clip(drawn + generator.normal(0, 4, drawn.shape), 0, 255).astype(np.uint8)
    whole = np.array([0.0, 0.0, 200.0, 200.0])
    assert survey.flatness(drawn, whole) > verdict.DRAWN
    assert survey.flatness(filmed, whole) < 0.35


# The handed-out clips.


@pytest.fixture(scope="module")
def models(data):
    return Models(Landmarker(weights(data, "face_landmarker.task")), Voice(weights(data, "silero_vad_16k_op15.onnx")))


@pytest.fixture(scope="module")
def clip(data):
    """A real face, 40 frames of it, small."""
    path = data / "talking" / "video-retalking" / "1.mp4"
    return [cv2.resize(picture, (256, 256), interpolation=cv2.INTER_AREA) for picture in decoded(path, 40)]


@pytest.fixture(scope="module")
def voice(data):
    return sound.read(data / "talking" / "video-retalking" / "1.wav").samples


@pytest.mark.data
def test_a_real_clip_of_an_odd_frame_rate_is_ingested_whole(real_footage):
    footage = real_footage
    assert len(footage) == pytest.approx(6.13 * 25, abs=1)
    assert footage.there.all()
    assert len(footage.sound) == len(footage) * HOP
    assert not np.isnan(footage.points).any()
    first = next(footage.pictures(64))
    assert first.shape == (64, 64, 3)
    assert 0.3 < footage.speech.mean() < 0.9


def playing(pictures, count):
    """The pictures to and fro, so many."""
    there_and_back = [*pictures, *pictures[-2:0:-1]]
    return [there_and_back[k % len(there_and_back)] for k in range(count)]


@pytest.mark.data
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda shown: [np.concatenate([p, p], axis=1) for p in shown], "shows several faces"),
        (lambda shown: [np.zeros_like(p) + 90 for p in shown], "shows no face"),
        (lambda shown: shown[:60], "shows a face for 2.4 s"),
        (lambda shown: shown[:50] + [p[:, ::-1] // 3 + 160 for p in shown[50:]], "is cut at 0:02.0"),
    ],
)
def test_footage_of_the_wrong_kind_is_refused_in_plain_words(tmp_path, clip, voice, models, change, words):
    shown = change(playing(clip, 80))
    path = film(tmp_path / "drop.mp4", shown, sound=voice[: len(shown) * HOP], options={"preset": "ultrafast"})
    with pytest.raises(BadInput, match=f"drop.mp4 {words}"):
        ingested(path, models)


@pytest.mark.data
def test_a_poster_on_the_wall_stays_the_same_and_a_person_beside_does_not(clip, models):
    def moved(beside_now, beside_later):
        rivals, found = Rivals(), []
        for own, other in ((clip[0], beside_now), (clip[25], beside_later)):
            shown = np.concatenate([own, other], axis=1)
            face = np.array([0.0, 0.0, 256.0, 256.0])
            found.append(rivals.look(shown, models.landmarker.faces(shown), face))
        assert min(height for height, _ in found) > 0.3
        return found[1][1]

    assert moved(clip[10], clip[10]) < verdict.STILL / 2
    assert moved(clip[10], clip[35]) > verdict.STILL


@pytest.mark.data
def test_the_mouth_of_a_photograph_never_moves_and_that_of_somebody_who_speaks_does(clip, models):
    def varies(pictures):
        models.landmarker.following = Following()
        points = survey.surveyed(pictures, models.landmarker).points
        _, above, _, below = survey.boxed(points)[0]
        return survey.openings(points).std() / (below - above)

    trembling = np.random.default_rng(0)
    still = [np.clip(clip[0] + trembling.normal(0, 3, clip[0].shape), 0, 255).astype(np.uint8) for _ in range(12)]
    assert varies(still) < verdict.STIFF
    assert varies(clip[::3]) > 2 * verdict.STIFF


def portrait(number):
    """A cartoon of somebody who speaks."""
    shown = np.full((256, 256, 3), (200, 220, 240), dtype=np.uint8)
    cv2.ellipse(shown, (128, 228), (93, 60), 0, 0, 360, (60, 90, 160), -1, cv2.LINE_AA)
    cv2.ellipse(shown, (128, 121), (63, 83), 0, 0, 360, (240, 200, 170), -1, cv2.LINE_AA)
    cv2.ellipse(shown, (128, 71), (67, 43), 0, 180, 360, (70, 45, 30), -1, cv2.LINE_AA)
    for x in (103, 153):
        cv2.ellipse(shown, (x, 111), (13, 7), 0, 0, 360, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(shown, (x, 111), 6, (60, 40, 30), -1, cv2.LINE_AA)
        cv2.ellipse(shown, (x, 95), (16, 4), 0, 180, 360, (60, 40, 30), 3, cv2.LINE_AA)
    cv2.ellipse(shown, (128, 138), (8, 12), 0, 20, 160, (200, 150, 120), 3, cv2.LINE_AA)
    cv2.ellipse(
        shown, (128, 168), (21, round(4 + 7 * abs(np.sin(number / 4)))), 0, 0, 360, (150, 50, 50), -1, cv2.LINE_AA
    )
    return shown


@pytest.mark.data
def test_a_cartoon_is_refused_as_what_it_is(tmp_path, voice, models):
    path = film(tmp_path / "toon.mp4", [portrait(k) for k in range(80)], sound=voice[: 80 * HOP])
    with pytest.raises(BadInput, match=r"toon.mp4 shows a drawn face. Only filmed faces can be learned"):
        ingested(path, models)


@pytest.mark.data
def test_a_silent_film_is_refused_before_its_frames_are_looked_at(tmp_path, clip, models):
    path = film(tmp_path / "drop.mp4", playing(clip, 110), sound=tone(4.4), options={"preset": "ultrafast"})
    with pytest.raises(BadInput, match=r"drop.mp4 has 0\.\d s of speech"):
        ingested(path, models, Look(told=lambda _row, _rows: pytest.fail("nobody should look")))


@pytest.mark.data
def test_a_film_that_was_cut_off_is_refused(tmp_path, clip, voice, models):
    path = film(tmp_path / "drop.mp4", playing(clip, 150), sound=voice[: 150 * HOP])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(BadInput, match=r"drop.mp4 (breaks off|has .* s of speech|cannot be opened)"):
        ingested(path, models)


@pytest.mark.data
def test_a_film_without_a_face_is_refused(data, models):
    with pytest.raises(BadInput, match=r"lip.mp4 shows no face"):
        ingested(data / "talking" / "website" / "lip.mp4", models)


@pytest.mark.data
def test_speech_is_speech_and_a_tone_is_none(voice, models):
    assert seconds(speaking(models.voice(voice), 125)) > 3
    assert seconds(speaking(models.voice(tone(3).astype(np.float32)), 75)) == 0


def test_sound_whose_clock_jumps_by_a_day_is_too_long_and_takes_no_memory(tmp_path):
    path = tmp_path / "jumps.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for second in (0, 1, 86_400):
            part = av.AudioFrame.from_ndarray(np.full((1, RATE), 999, dtype=np.int16), "s16", "mono")
            part.sample_rate, part.pts, part.time_base = RATE, second * RATE, Fraction(1, RATE)
            container.mux(stream.encode(part))
    assert len(sound.read(path, Span(end=2.0, most=7200.0)).samples) == 2 * RATE
    with pytest.raises(BadInput, match=r"jumps\.mkv is longer than 120 minutes"):
        sound.read(path, Span(most=7200.0))


def test_a_picture_that_cannot_be_decoded_is_refused_before_its_sound_is_listened_to(tmp_path):
    path = film(tmp_path / "broken.mp4", [numbered(number) for number in range(9)])
    content = bytearray(path.read_bytes())
    at = content.index(b"mdat") + 4
    content[at:] = np.random.default_rng(0).bytes(len(content) - at)
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"broken\.mp4 has a picture that cannot be decoded"):
        first_time(path)
