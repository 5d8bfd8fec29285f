"""The mouth between sound and pixels: one code for all subjects, learned from sound, and what a code does to a head."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.talking_head import HOP
from pipelines.talking_head.drive import codes, motion, pausing, shaping
from pipelines.talking_head.judge import blocks, drive, following, mouths
from pipelines.talking_head.judge.probe import correlation
from pipelines.talking_head.landmarks.points import LIPS, MESH
from pipelines.talking_head.listen.hearing import Ear, Heard
from pipelines.talking_head.listen.joined import BANDS, STEPS, Joined, coarse
from pipelines.talking_head.listen.mel import Mel
from pipelines.talking_head.track.bundle import Head
from pipelines.talking_head.track.lips import opening_of
from pipelines.talking_head.track.tracked import Track
from pipelines.talking_head.track.turning import FACING, Poses
from tests.unit.talking_world import Loud, always, heard_by, mouth_of, talking, wandering

# Codes.


def test_codes_are_the_lips_again_about_their_middle():
    some = mouth_of(wandering(30, 1))
    whose = codes.subject(some)
    basis = codes.basis([whose.normalised(some)], 30)
    again = basis.lips(whose, basis.codes(whose, some))
    assert np.allclose(again, some.lips - some.lips.mean(axis=1, keepdims=True), atol=1e-9)


def test_a_mumbler_and_an_announcer_speak_the_same_code():
    opening = wandering(80, 2)
    quiet, loud = mouth_of(opening, 0.05), mouth_of(opening, 0.3)
    basis = codes.basis([codes.subject(loud).normalised(loud)], 3)
    one, other = (basis.codes(codes.subject(some), some) for some in (quiet, loud))
    assert np.allclose(one, other)
    assert correlation(one[:, 0], opening) ** 2 > 0.98


def test_a_long_clip_does_not_outvote_a_short_one():
    wide, high = np.zeros((1000, 4)), np.zeros((10, 4))
    wide[:, 0], high[:, 1] = np.tile([1, -1], 500), np.tile([2, -2], 5)
    first = codes.basis([wide, high], 1).directions[0]
    assert abs(first[1]) == pytest.approx(1)


def test_no_mouth_is_beyond_those_that_were_seen():
    had = np.random.default_rng(3).normal(size=(50, 3))
    seen = codes.seen(had)
    assert not seen.outside(had).any()
    assert (seen.clamped(had) == had).all()
    far = had + np.array([0, 100, 0])
    assert seen.outside(far).all()
    assert (seen.clamped(far)[:, 1] == had[:, 1].max()).all()
    assert (seen.clamped(far)[:, [0, 2]] == had[:, [0, 2]]).all()


# Hearing.


def test_a_lesson_hears_nothing_of_frames_that_are_not_its_own():
    clip = talking(260)
    learned = blocks.folds(260)[2].learned
    others = np.setdiff1d(np.arange(260), learned)
    changed = clip.sound.reshape(260, HOP).copy()
    changed[others] = 5.0
    one, other = (motion.lesson(replace(clip, sound=sound), Loud(), learned) for sound in (clip.sound, changed.ravel()))
    assert one.heard.shape == (2, len(learned), 6)
    assert (one.heard == other.heard).all()
    assert len(one.mouths) == len(learned)


def test_the_two_hearings_of_a_frame_differ_where_a_piece_ends():
    first, second = motion.lesson(talking(200), Loud()).heard
    differs = np.flatnonzero((first != second).any(axis=1))
    assert set(differs) <= {edge + k for edge in range(25, 200, 25) for k in (-3, -2, -1, 0, 1, 2)}
    assert {49, 50, 74, 75} <= set(differs)


def test_bands_are_made_coarse_by_their_means():
    bands = np.arange(2 * 16 * 80, dtype=np.float32).reshape(2, 16, 80)
    assert coarse(bands).shape == (2, STEPS, BANDS)
    assert coarse(bands)[1, 0, 0] == pytest.approx(bands[1, :2, :4].mean())


def test_the_joined_front_end_says_what_both_say_and_is_told_apart():
    joined, sound = Joined(Loud()), talking(30).sound
    heard = joined(sound)
    assert heard.shape == (30, 1, 2 + STEPS * BANDS)
    assert (heard[:, 0, :2] == Loud()(sound)[:, 0]).all()
    assert len({joined.digest, Loud().digest, Mel().digest}) == 3
    assert joined(sound[:0]).shape == (0, 1, 2 + STEPS * BANDS)


# Motion.


def told(clip, others=()):
    """What is said of every frame by one that learned from neither it nor its neighbours; and the lips of each way."""
    parts, said = blocks.folds(len(clip.mouths)), {}
    for fold in parts:
        model = motion.learned(motion.lesson(clip, Loud(), fold.learned), others, Loud.digest)
        for way in (drive.right, drive.wrong, drive.silent):
            lips = model.lips(model(drive.Audio(Ear(Loud(), always), clip.sound, way).of(fold)))
            said.setdefault(way, []).append(lips)
    return parts, {way: np.concatenate(lips) for way, lips in said.items()}


def test_a_mouth_follows_sound_that_it_never_heard_and_is_as_lively_as_it_was():
    clip = talking(250, seed=5)
    parts, said = told(clip, [motion.lesson(talking(100, seed=6, size=0.4), Loud())])
    opening, truth = opening_of(said[drive.right]), opening_of(clip.mouths.lips)
    assert following.followed(drive.slid(opening, parts), truth).holds
    assert correlation(opening, truth) > 0.9
    assert mouths.LIVELY <= mouths.spread(opening, truth) <= 1.1
    near, wrong, silent = (mouths.distance(said[way], clip.mouths.lips) for way in said)
    assert near < 0.6 * min(wrong, silent)


def test_a_mouth_that_has_nothing_to_do_with_the_sound_does_not_follow_it():
    clip = talking(250, seed=8)
    parts, said = told(replace(clip, mouths=mouth_of(wandering(250, 99))))
    truth = opening_of(mouth_of(wandering(250, 99)).lips)
    assert not following.followed(drive.slid(opening_of(said[drive.right]), parts), truth).holds


def test_others_teach_a_subject_that_has_hardly_spoken():
    clip, rows = talking(250, seed=11), np.arange(26, 40)
    own = motion.lesson(clip, Loud(), rows)
    alone = motion.learned(own, [], Loud.digest)
    taught = motion.learned(own, [motion.lesson(talking(300, seed=12, size=0.3), Loud())], Loud.digest)
    truth = opening_of(clip.mouths.lips)
    heard = heard_by(Loud(), clip.sound)
    for_all = [correlation(opening_of(one.lips(one.freely(heard))), truth) for one in (alone, taught)]
    assert for_all[1] > max(0.9, for_all[0])
    assert taught.digest == Loud.digest


def in_and_out(frames):
    """Speech for the first half of so many frames."""
    return np.arange(frames) < frames // 2


@pytest.mark.parametrize("taught", [False, True])
def test_where_nobody_speaks_the_mouth_is_the_subjects_own_shut_one(taught):
    clip = talking(250, seed=14)
    model = replace(motion.learned(motion.lesson(clip, Loud()), [], Loud.digest), taught=taught)
    opening = opening_of(model.lips(model(Heard(Loud()(clip.sound), in_and_out(250)))))
    silent = opening[125 + pausing.SHUTS :]
    assert np.ptp(silent) == 0
    assert silent[0] < np.quantile(opening_of(clip.mouths.lips), 0.1)
    assert opening[:120].std() > 10 * silent.std()


def test_silence_that_nobody_taught_is_not_heard_before_a_word():
    clip = talking(250, seed=14)
    model = motion.learned(motion.lesson(clip, Loud()), [], Loud.digest)
    speech, loud = ~in_and_out(250), Loud()(clip.sound)
    deaf = loud * np.where(speech, 1, 50).astype(np.float32)[:, None, None]
    before = 125 - pausing.EDGE - 3
    assert not model.taught
    one, other = (model(Heard(features, speech))[:before] for features in (loud, deaf))
    assert np.allclose(one, other)
    knowing = replace(model, taught=True)
    one, other = (knowing(Heard(features, speech))[:before] for features in (loud, deaf))
    assert not np.allclose(one, other)


def test_a_long_sound_is_said_in_parts_as_in_one_go(monkeypatch):
    clip = talking(250, seed=14)
    model = motion.learned(motion.lesson(clip, Loud()), [], Loud.digest)
    heard = heard_by(Loud(), clip.sound)
    whole = model.freely(heard)
    monkeypatch.setattr(motion, "AT_ONCE", 60)
    assert np.allclose(model.freely(heard), whole)


def test_silence_counts_as_taught_from_a_second_on():
    clip = talking(250, seed=14)
    for silent, taught in ((24, False), (25, True)):
        some = replace(clip, speech=np.arange(250) >= silent)
        assert motion.learned(motion.lesson(some, Loud()), [], Loud.digest).taught is taught


def test_a_voice_that_is_louder_throughout_opens_the_mouth_as_usual():
    clip, other = talking(250, seed=15), talking(200, seed=16)
    model = motion.learned(motion.lesson(clip, Loud()), [], Loud.digest)
    usual, louder = (
        opening_of(model.lips(model.freely(heard_by(Loud(), sound)))).mean()
        for sound in (other.sound, other.sound + np.sign(other.sound))
    )
    heard = Loud()(other.sound + np.sign(other.sound))
    plain = opening_of(model.lips(model.line(motion.surroundings(heard), model.gain))).mean()
    assert abs(louder - usual) < 0.5 * abs(plain - usual)


def test_what_is_shown_of_sound_that_is_too_loud_was_seen():
    clip = talking(150, seed=13)
    model = replace(motion.learned(motion.lesson(clip, Loud()), [], Loud.digest), gain=3.0)
    loud = heard_by(Loud(), 10 * clip.sound)
    assert model.seen.outside(model.freely(loud)).any()
    assert not model.seen.outside(model(loud)).any()


# Shaping.


def track_of(lips, head, coefficients):
    """A track of a head that looks straight ahead."""
    count = len(lips)
    return Track(
        head=head,
        poses=Poses(turns=np.tile(FACING, (count, 1, 1)), moves=np.tile([0.0, 0.0, 100.0], (count, 1))),
        coefficients=coefficients,
        at=np.zeros((count, MESH, 2)),
        lips=lips,
        mouth=np.zeros((count, 4)),
        blink=np.zeros((count, 2)),
        there=np.ones(count, dtype=bool),
        reprojection=np.zeros(count),
        learned=np.arange(count),
    )


def test_a_code_moves_the_surface_as_it_was_tracked_and_lips_as_they_were_seen():
    generator = np.random.default_rng(20)
    head = Head(
        shape=generator.normal(size=(MESH, 3)),
        bases=generator.normal(size=(1, MESH, 3)),
        mean=np.zeros(52),
        directions=np.zeros((52, 1)),
    )
    code = generator.normal(size=(400, 1))
    way = generator.normal(size=(len(LIPS), 2))
    track = track_of(code[:, :1, None] * way, head, code)
    rows = np.arange(300)
    found = shaping.shaped(track, code, rows)
    rest = np.setdiff1d(np.arange(MESH), LIPS)
    assert np.allclose(found.bases[0][rest], head.bases[0][rest], atol=0.02)
    assert np.allclose(found.bases[0][list(LIPS), :2], way * head.between_eyes, atol=0.02 * head.between_eyes)
    assert np.allclose(found.shape[rest], head.shape[rest], atol=0.02)


def test_controls_are_about_zero_with_deviation_one_and_eyes_as_they_usually_are():
    generator = np.random.default_rng(21)
    said, blink = generator.normal(3, 0.2, (200, 4)), np.tile([0.1, 0.2], (200, 1))
    blink[:20] = 0.9
    control = shaping.controls(said, blink)(said, blink)
    assert np.allclose(control[:, :4].mean(axis=0), 0)
    assert np.allclose(control[:, :4].std(axis=0), 1, atol=1e-4)
    assert (control[20:, 4:] == 0).all()
