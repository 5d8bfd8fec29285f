"""The frames of a clip as an endless loop: no jump shows, wherever it is looked at."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.talking_head.playing import (
    BLEND,
    LEAST,
    SPEED,
    Loop,
    blended,
    looped,
    placed,
    played,
    speeds,
    torsos,
)
from pipelines.talking_head.track.turning import FACING, Poses, rotation

loops = st.integers(0, 200).flatmap(
    lambda start: st.integers(start + BLEND + 1, start + 300).map(lambda end: Loop(start, end))
)


def shown(loop, first, last):
    found = played(loop, first, last)
    return (1 - found.share) * found.now + found.share * found.other


@given(loops, st.integers(0, 2000), st.integers(1, 300), st.integers(0, 300))
def test_a_film_is_the_same_in_one_go_and_in_parts(loop, first, one, other):
    whole = shown(loop, first, first + one + other)
    parts = [shown(loop, first, first + one), shown(loop, first + one, first + one + other)]
    assert np.array_equal(whole, np.concatenate(parts))


@given(loops)
def test_every_frame_is_followed_by_the_next_or_becomes_it_while_it_blends(loop):
    found = played(loop, 0, 3 * loop.end)
    assert np.array_equal(found.now[: loop.end], np.arange(loop.end))
    heavier = np.where(found.share < 0.5, found.now, found.other)
    steps = np.diff(heavier)
    turned = steps != 1
    assert (steps[turned] == 1 - (loop.end - loop.start)).all()
    assert found.now.max() < loop.end + BLEND
    assert (np.diff(found.share)[found.share[:-1] > 0] > -1).all()


def test_the_share_of_what_comes_grows_over_eight_frames():
    found = played(Loop(10, 100), 99, 110)
    assert found.share[0] == 0
    assert (np.diff(found.share[: BLEND + 1]) > 0).all()
    assert found.share[BLEND + 1] == 0
    assert found.now[BLEND + 1] == 10 + BLEND


def swaying(count, period, generator):
    """Somebody who sways evenly and trembles a little, as features and as places."""
    phase = 2 * np.pi * np.arange(count) / period
    places = np.zeros((count, 6))
    places[:, 3], places[:, 0] = 0.1 * np.sin(phase), 0.02 * np.cos(2 * phase)
    return places + generator.normal(0, 1e-4, places.shape)


@pytest.mark.parametrize("count", [LEAST + BLEND + 1, 150, 400])
def test_a_loop_ends_where_it_looks_and_moves_as_at_its_beginning(count):
    places = swaying(count, 40, np.random.default_rng(count))
    loop = looped(places, places)
    assert min((loop.end - loop.start) % 40, -(loop.end - loop.start) % 40) <= (1 if count > 100 else 20)
    assert loop.end - loop.start >= min(max(LEAST, count // 2), count - BLEND - 1)
    assert loop.end + BLEND <= count


def test_the_chosen_loop_is_the_nearest_that_counting_all_of_them_finds():
    features = np.random.default_rng(0).normal(size=(120, 4))
    still = np.zeros((120, 6))
    valid = 120 - BLEND
    costs = {
        (a, b): sum(((features[a + k] - features[b + k]) ** 2).sum() for k in range(BLEND))
        for a in range(valid)
        for b in range(a + 60, valid)
    }
    loop = looped(features, still)
    assert (loop.start, loop.end) == min(costs, key=costs.__getitem__)
    assert loop.apart == pytest.approx(np.sqrt(costs[loop.start, loop.end] / BLEND))


def test_the_head_is_no_quicker_at_a_join_than_in_the_clip():
    places = swaying(300, 70, np.random.default_rng(1))
    loop = looped(places, places)
    found = played(loop, 0, 1000)
    share = found.share[:, None]
    film = (1 - share) * places[found.now] + share * places[found.other]
    assert speeds(film)[loop.end - 1 : loop.end + BLEND].max() <= np.percentile(speeds(places), SPEED)


def test_poses_between_two_are_poses_and_places_measure_how_far_a_face_moves():
    turns = rotation(np.array([[0.0, 0.2, 0.0], [0.0, -0.2, 0.0]])) @ FACING
    poses = Poses(turns=turns, moves=np.array([[0.0, 0, 100], [2.0, 0, 100]]))
    half = played(Loop(0, 1), 0, 2)
    between = blended(poses, type(half)(np.array([0]), np.array([1]), np.array([0.5])))
    assert np.allclose(between.turns[0], FACING, atol=1e-9)
    assert np.allclose(between.moves[0], [1.0, 0, 100])
    places = placed(poses)
    assert places[1, 3] - places[0, 3] == pytest.approx(3.0 * 2 / 100)
    assert abs(places[1, 1] - places[0, 1]) == pytest.approx(8 * 3.0 / 100 * 0.4)


def test_torsos_differ_by_what_is_no_head():
    pictures = np.zeros((2, 32, 32, 3), dtype=np.uint8)
    pictures[1, :16] = 255
    head = np.zeros((2, 32, 32), dtype=np.uint8)
    head[:, :16] = 255
    assert np.linalg.norm(np.diff(torsos(pictures, head), axis=0)) < 1e-6
    assert np.linalg.norm(np.diff(torsos(pictures, 0 * head), axis=0)) == pytest.approx(np.sqrt(0.5), abs=0.01)
