"""What is left out of the drawings is behind what is drawn, at every moment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.morph.blend import blend
from pipelines.morph.camera import framed
from pipelines.morph.renderers.hidden import (
    NOTHING,
    RESERVE,
    SPAN,
    TILE,
    Sweep,
    farthest,
    guessed,
    looks,
    spread,
    swept,
)

SIZE = 64


def scene(seed):
    random = np.random.default_rng(seed)
    a = random.normal(0, 1, (60, 3))
    b = a + random.normal(0, 0.2, a.shape)
    triangles = random.integers(0, 60, (40, 3)).astype(np.uint32)
    camera = framed(a, b)
    return camera.view(a), camera.view(b), triangles, camera.projection()


@given(st.integers(0, 10**6), st.floats(0, 1))
def test_a_triangle_stays_within_its_tiles_and_is_never_nearer_than_said(seed, t):
    a, b, triangles, projection = scene(seed)
    sweep = swept((a, b), triangles, projection, SIZE)
    placed = blend(a, b, t) @ projection[:, :3].T + projection[:, 3]
    window = 0.5 + 0.5 * placed[:, :3] / placed[:, 3:]
    column = np.clip(np.floor(window[:, 0] * SIZE / TILE), 0, sweep.across - 1)[triangles]
    row = np.clip(np.floor((1 - window[:, 1]) * SIZE / TILE), 0, sweep.across - 1)[triangles]
    left, right, top, bottom = sweep.tiles[:, :, None]
    assert ((left <= column) & (column <= right) & (top <= row) & (row <= bottom)).all()
    assert (window[:, 2][triangles] >= sweep.near[:, None]).all()


def test_before_the_background_nothing_is_left_out():
    a, b, triangles, projection = scene(1)
    found = guessed(swept((a, b), triangles, projection, SIZE), np.ones((SIZE // TILE, SIZE // TILE)))
    assert not found.left_out.any()
    assert (found.near == NOTHING).all()
    assert found.proved(np.full((SIZE // TILE, SIZE // TILE), NOTHING, np.uint8)).all()


def test_behind_a_wall_small_triangles_are_left_out_and_the_proof_fails_where_the_wall_has_a_hole():
    a, b, triangles, projection = scene(2)
    small = a[triangles] * 0.02 + 0.1
    a = b = small.reshape(-1, 3)
    sweep = swept((a, b), np.arange(len(a)).reshape(-1, 3), projection, SIZE)
    wall = np.full((SIZE // TILE, SIZE // TILE), 0.01)
    found = guessed(sweep, wall)
    assert found.left_out.all()
    drawn = np.full(wall.shape, 3, np.uint8)
    assert found.proved(drawn).all()
    hole = tuple(np.argwhere(found.near < NOTHING)[0])
    drawn[hole] = NOTHING
    assert np.argwhere(~found.proved(drawn)).tolist() == [list(hole)]


@given(st.integers(0, 10**6))
def test_left_out_is_what_lies_behind_each_of_its_tiles_and_each_tile_knows_the_nearest_of_it(seed):
    random = np.random.default_rng(seed)
    across = int(random.integers(1, 9))
    first, more = random.integers(0, across, (2, 50)), random.integers(0, SPAN + 1, (2, 50))
    (left, top), (right, bottom) = first, np.minimum(first + more, across - 1)
    near, far = random.uniform(0, 1.1, 50), random.integers(0, 200, (across, across)) / 255
    found = guessed(Sweep(tiles=np.stack([left, right, top, bottom]), near=near, across=across), far)
    nearest = np.ones((across, across))
    for k in range(50):
        block = (slice(top[k], bottom[k] + 1), slice(left[k], right[k] + 1))
        small = right[k] - left[k] < SPAN and bottom[k] - top[k] < SPAN
        assert found.left_out[k] == (small and near[k] > far[block].max() + RESERVE)
        if found.left_out[k]:
            nearest[block] = np.minimum(nearest[block], near[k])
    assert np.array_equal(found.near, np.floor(nearest * 255))


def test_where_the_proof_fails_what_was_left_out_comes_back_and_elsewhere_it_does_not():
    random = np.random.default_rng(4)
    centres = random.uniform(-0.6, 0.6, (200, 1, 3)) * [1, 1, 0.01]
    a = (centres + random.normal(0, 0.01, (200, 3, 3))).reshape(-1, 3)
    sweep = swept((a, a), np.arange(len(a)).reshape(-1, 3), framed(a).projection(), SIZE)
    found = guessed(sweep, np.full((SIZE // TILE, SIZE // TILE), 0.01))
    drawn = np.full((SIZE // TILE, SIZE // TILE), 3, np.uint8)
    hole = tuple(np.argwhere(found.near < NOTHING)[10])
    drawn[hole] = NOTHING
    looser = found.loosened(drawn)
    assert looser.proved(drawn).all()
    assert 0 < looser.left_out.sum() < found.left_out.sum()


@pytest.mark.parametrize("frames", [2, 5, 6, 7, 41, 400])
def test_the_first_looks_are_the_ends_and_the_middle_and_few_frames_have_none(frames):
    assert looks(frames) == (() if frames <= 6 else (0, round((frames - 1) / 2), frames - 1))


@pytest.mark.parametrize("size", [64, 66, 70, 512])
def test_the_depth_of_a_tile_is_its_farthest_pixels(size):
    depth = np.random.default_rng(3).integers(0, 256, (size, size)).astype(np.uint8)
    across = -(-size // TILE)
    slow = [
        [depth[y * TILE : (y + 1) * TILE, x * TILE : (x + 1) * TILE].max() for x in range(across)]
        for y in range(across)
    ]
    assert np.array_equal(farthest(depth), slow)


def test_depth_is_spread_to_the_neighbours():
    depth = np.zeros((5, 5), np.uint8)
    depth[2, 2] = 1
    assert spread(depth)[1:4, 1:4].all()
    assert spread(depth).sum() == 9
