"""The framing of a morph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.morph.blend import blend
from pipelines.morph.camera import covers, doubts, followed, framed


def head(width=7.5, height=12.0, depth=9.5):
    """An egg of the size of a head in centimetres."""
    rng = np.random.default_rng(3)
    directions = rng.normal(size=(2000, 3))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True) * [width, height, depth]


@pytest.mark.parametrize("unit", [1e-3, 1e-2, 1.0, 100.0, 1e3])
def test_a_head_fills_60_to_90_percent_of_the_height_in_any_unit(unit):
    a, b = head() * unit, head(height=11.0) * unit
    camera = framed(a, b)
    assert 0.6 <= covers(camera, a) <= 0.9
    assert 0.6 <= covers(camera, b) <= 0.9


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(1e-3, 1e3))
def test_a_head_is_in_the_middle_wherever_it_is(x, y, unit):
    points = head() * unit + np.array([x, y, -x]) * unit
    seen = framed(points, points).seen(points)
    assert np.abs(seen.min(axis=0) + seen.max(axis=0)).max() < 1e-3


@given(st.floats(0, 1))
def test_every_blend_stays_in_the_picture_and_between_the_clipping_planes(t):
    a, b = head(), head(9.0, 10.0, 12.0) + np.array([4.0, -5.0, 20.0])
    camera = framed(a, b)
    points = blend(a, b, t)
    clip = np.column_stack([camera.view(points), np.ones(len(points))]) @ camera.projection().T
    assert (np.abs(clip[:, :3]) < clip[:, 3:]).all()


def test_what_is_nearer_is_in_front():
    camera = framed(head())
    clip = np.array([[0, 0, 0.9, 1.0], [0, 0, -0.9, 1.0]]) @ camera.projection().T
    near, far = clip[:, 2] / clip[:, 3]
    assert near < far


def test_a_broad_mesh_fits_in_the_width():
    points = head() * [6.0, 1.0, 1.0]
    assert np.abs(framed(points).seen(points)).max() == pytest.approx(0.92, abs=1e-3)


@pytest.mark.parametrize("squeeze", [[0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 0, 1], [0, 0, 0]])
def test_a_flat_mesh_gets_a_camera_too(squeeze):
    points = head() * squeeze
    assert np.isfinite(framed(points).seen(points)).all()


def test_plus_x_is_on_the_right_and_plus_y_is_up():
    seen = framed(head()).seen(np.array([[1.0, 2.0, 0.0]]))
    assert (seen > 0).all()


def test_the_camera_goes_along_with_meshes_that_lie_far_apart_and_says_so():
    a, b = head(), head() + np.array([0, 150.0, 0])
    assert np.allclose(followed(a, b), a)
    assert "lie 150 apart" in doubts(a, b)


def test_a_head_that_is_merely_raised_a_little_is_left_where_it_is():
    a, b = head(), head() + np.array([0, 2.0, 0])
    assert followed(a, b) is b
    assert doubts(a, b) is None


def test_meshes_of_different_units_are_doubted():
    assert doubts(head(), head() * 0.01).startswith("one mesh is 100 times as large as the other")
