"""The judge of talking heads: what follows the audio is told from what does not; figures are the papers'."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from pipelines.talking_head import HOP
from pipelines.talking_head.judge import baselines, blocks, drive, following, mouths, pixels, probe, report
from pipelines.talking_head.landmarks.points import GAPS, LIPS
from pipelines.talking_head.listen.hearing import Ear
from pipelines.talking_head.track.turning import FACING, Poses, rotation
from tests.unit.talking_world import always

GENERATOR = np.random.default_rng(9)


# Who is held out.


@given(st.integers(60, 2000), st.integers(2, 5), st.integers(0, 13))
def test_every_frame_is_held_out_once_and_nobody_learns_next_to_it(frames, count, guard):
    parts = blocks.folds(frames, count, guard)
    assert np.concatenate([part.held for part in parts]).tolist() == list(range(frames))
    for part in parts:
        assert np.abs(part.learned[:, None] - part.held).min() > guard
        assert (np.diff(part.held) == 1).all()
    sizes = [len(part.held) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_too_few_frames_are_said_to_be_too_few():
    with pytest.raises(ValueError, match="20 frames are too few for 5 blocks with 13 frames of guard"):
        blocks.folds(20)


# The probe.


@pytest.mark.parametrize("width", [5, 200])
def test_both_forms_of_the_ridge_are_the_one_that_is_defined(width):
    features, target = GENERATOR.normal(size=(60, width)).astype(np.float32), GENERATOR.normal(size=60)
    found = probe.fitted(features, target, ridge=0.5)
    scaled = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)
    stacked = np.concatenate([scaled, np.sqrt(0.5 * width) * np.eye(width)])
    slow = np.linalg.lstsq(stacked, np.concatenate([target - target.mean(), np.zeros(width)]), rcond=None)[0]
    assert found.weights == pytest.approx(slow, abs=1e-5)


def test_a_probe_finds_what_is_there_and_nothing_in_noise():
    features = GENERATOR.normal(size=(300, 4, 5)).astype(np.float32)
    target = features[:, 1, 2] + 0.5 * GENERATOR.normal(size=300)
    parts = blocks.folds(300)
    assert probe.correlation(probe.held_out(features, target, parts), target) > 0.8
    assert abs(probe.correlation(probe.held_out(features, GENERATOR.normal(size=300), parts), target)) < 0.2


def test_what_does_not_vary_correlates_with_nothing():
    assert probe.correlation(np.ones(50), GENERATOR.normal(size=50)) == 0


# Following the audio.


def wandering(frames, seed=0, smooth=5):
    path = np.random.default_rng(seed).normal(size=frames + smooth)
    return np.convolve(path, np.ones(smooth) / smooth, mode="valid")[:frames]


def test_a_mouth_that_follows_peaks_at_no_shift_and_one_that_lags_at_its_lag():
    truth = wandering(250)
    parts = blocks.folds(250)
    said = truth + 0.3 * wandering(250, seed=1)
    found = following.followed(drive.slid(said, parts), truth)
    assert found.holds
    assert found.peak == 0
    late = following.followed(drive.slid(np.roll(said, 4), parts), truth)
    assert late.peak == -4
    assert not late.holds


def test_a_mouth_that_moves_by_itself_does_not_follow():
    held = [
        following.followed(drive.slid(wandering(250, seed=seed), blocks.folds(250)), wandering(250)).holds
        for seed in range(1, 25)
    ]
    assert sum(held) <= 1


def test_blocks_slide_in_themselves():
    parts = blocks.folds(50, 5, 0)
    values = np.arange(50.0)
    rows = drive.slid(values, parts, reach=2)
    assert (rows[2] == values).all()
    assert rows[3, :10].tolist() == [9, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert rows[0, 10:20].tolist() == [12, 13, 14, 15, 16, 17, 18, 19, 10, 11]


def test_what_drives_a_block_is_made_of_its_own_sound():
    sound = np.repeat(np.arange(1.0, 51.0), HOP).astype(np.float32)
    part = blocks.folds(50, 5, 0)[2]
    ways = (drive.right, drive.wrong, drive.silent)
    driven = {way: drive.Audio(EAR, sound, way).of(part).features.ravel() for way in ways}
    assert driven[drive.right].tolist() == list(range(21, 31))
    assert driven[drive.wrong].tolist() == [26, 27, 28, 29, 30, 21, 22, 23, 24, 25]
    assert not driven[drive.silent].any()


def test_chance_is_what_counting_all_shifts_gives():
    truth, said = wandering(120), wandering(120) + wandering(120, seed=2)
    agreements = [probe.correlation(np.roll(said, shift), truth) for shift in range(120)]
    slow = (1 + sum(a >= agreements[0] - 1e-9 for a in agreements[25:96])) / (1 + 71)
    assert following.chance(said, truth) == pytest.approx(slow)


# Mouths.


def test_the_distance_of_mouths_leaves_out_where_they_are():
    truth = GENERATOR.normal(size=(10, 40, 2))
    assert mouths.distance(truth + np.array([3, -4]), truth) == pytest.approx(0)
    half = truth.copy()
    half[:, :20, 0] += 1
    assert mouths.distance(half, truth) == pytest.approx(0.5)


def test_spread_speech_and_trembling_are_what_they_say():
    truth = wandering(200)
    assert mouths.spread(0.5 * truth, truth) == pytest.approx(0.5)
    assert mouths.spread(0 * truth, truth) == 0
    speech = np.arange(200) < 100
    assert mouths.speaking(np.where(speech, 0.3, 0.1), speech) == pytest.approx(3)
    assert mouths.speaking(truth, np.ones(200, dtype=bool)) == float("inf")
    source = np.cumsum(GENERATOR.normal(0, 0.01, (200, 40, 2)), axis=0)
    assert not mouths.trembles(source, source)
    assert mouths.trembles(source + GENERATOR.normal(0, 0.1, source.shape), source)
    assert mouths.differs(wandering(200), wandering(200, seed=1))
    assert not mouths.differs(truth, 2 * truth + 0.1 * wandering(200, seed=1))


# Pixels.


@pytest.mark.parametrize("noise", [0, 5, 60])
def test_psnr_and_ssim_are_those_of_scikit_image(noise):
    truth = GENERATOR.integers(0, 256, (40, 33, 3), dtype=np.uint8)
    truth = np.cumsum(truth.astype(float), axis=1) % 256
    picture = np.clip(truth + GENERATOR.normal(0, noise + 1e-9, truth.shape), 0, 255).astype(np.uint8)
    truth = truth.astype(np.uint8)
    if noise:
        assert pixels.psnr(picture, truth) == pytest.approx(peak_signal_noise_ratio(truth, picture))
    slow = structural_similarity(
        truth, picture, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
    )
    assert pixels.ssim(picture, truth) == pytest.approx(slow, abs=1e-6)


def test_equal_pictures_are_infinitely_alike_and_count_as_a_hundred_decibels():
    picture = np.zeros((1, 16, 16, 3), dtype=np.uint8)
    assert pixels.psnr(picture[0], picture[0]) == float("inf")
    assert pixels.mean_psnr(picture, picture) == 100
    assert pixels.ssim(picture[0], picture[0]) == pytest.approx(1)


def test_a_uniform_error_of_one_is_forty_eight_decibels():
    grey = np.full((16, 16, 3), 100, dtype=np.uint8)
    assert pixels.psnr(grey + 1, grey) == pytest.approx(48.13, abs=0.01)


def test_the_head_is_judged_over_the_true_rest():
    truth, head = np.full((8, 8, 3), 50, dtype=np.uint8), np.full((8, 8, 3), 150, dtype=np.uint8)
    share = np.zeros((8, 8), dtype=np.float32)
    share[:, 4:], share[:, 3] = 1, 0.5
    found = pixels.over(head, share, truth)
    assert found[0, :, 0].tolist() == [50, 50, 50, 100, 150, 150, 150, 150]


# Baselines.


def test_the_nearest_pose_is_the_pose_itself_where_it_was_learned():
    poses = Poses(
        turns=rotation(GENERATOR.normal(0, 0.2, (30, 3))) @ FACING,
        moves=np.array([0, 0, 130]) + GENERATOR.normal(0, 4, (30, 3)),
    )
    rows = GENERATOR.permutation(30)
    assert (baselines.nearest(poses.chosen(rows), poses) == np.argsort(rows)).all()


def test_the_mean_frame_is_the_mean():
    pictures = GENERATOR.integers(0, 256, (9, 4, 5, 3), dtype=np.uint8)
    assert (baselines.mean_frame(pictures) == np.rint(pictures.mean(axis=0))).all()


# A whole judgement, of puppets.


class Loud:
    """A front end that hears how loud each frame is."""

    name = "loud"
    digest = "0" * 64

    def __call__(self, sound):
        level = np.sqrt((sound[: len(sound) // HOP * HOP].reshape(-1, HOP) ** 2).mean(axis=1))
        return level.reshape(-1, 1, 1).astype(np.float32)


EAR = Ear(Loud(), always)


class Puppet:
    """Shows how far its mouth is open as brightness; deaf ones dream."""

    def __init__(self, deaf, seed):
        self.deaf, self.seed = deaf, seed

    def __call__(self, heard):
        level = heard.features[:, 0, 0]
        if self.deaf:
            level = np.abs(wandering(len(heard), self.seed))
        return [np.full((4, 4, 3), min(255, round(float(value) * 200)), dtype=np.uint8) for value in level]


def watch(pictures):
    """The lips of puppets: as far apart as they are bright."""
    return lips_of(np.array([float(picture.mean()) / 200 for picture in pictures]))


def lips_of(opening):
    found = np.zeros((len(opening), 40, 2))
    for upper, lower in GAPS:
        found[:, LIPS.index(upper), 1] = opening / 2
        found[:, LIPS.index(lower), 1] = -opening / 2
    return found


@pytest.mark.parametrize("deaf", [False, True])
def test_a_puppet_that_hears_is_told_from_one_that_dreams(deaf):
    loud = np.abs(wandering(250, seed=12))
    sound = (np.repeat(loud, HOP) * np.sign(GENERATOR.normal(size=250 * HOP))).astype(np.float32)
    parts = blocks.folds(250)

    def said(way):
        puppets = [Puppet(deaf, seed) for seed in range(5)]
        return drive.spoken(puppets, parts, drive.Audio(EAR, sound, way), watch)

    spoken = report.Spoken(
        truth=lips_of(loud), right=said(drive.right), wrong=said(drive.wrong), silent=said(drive.silent)
    )
    found = report.judged(spoken, parts)
    assert found.claims["driven by the audio"] is not deaf
    assert found.claims["lips nearer with the right audio"] is not deaf
    if not deaf:
        assert found.spread == pytest.approx(1, abs=0.05)
        assert found.figures["lag"]["peak_frames"] == 0
        assert found.gains[1] > 0.9
    assert report.median([found, found, found]) is found
