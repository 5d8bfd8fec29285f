"""Differences of textures, the colours behind them, and their maps."""

import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from pipelines.morph.outputs.ciede2000 import ciede2000
from pipelines.morph.outputs.cielab import encoded, lab, lab_of_pixels, light_of, linear
from pipelines.morph.outputs.heatmaps import texture_maps, write_maps
from pipelines.morph.outputs.texture import texture_differences

SHARMA = """
50 2.6772 -79.7751 50 0 -82.7485 2.0425
50 3.1571 -77.2803 50 0 -82.7485 2.8615
50 2.8361 -74.0200 50 0 -82.7485 3.4412
50 -1.3802 -84.2814 50 0 -82.7485 1.0000
50 -1.1848 -84.8006 50 0 -82.7485 1.0000
50 -0.9009 -85.5211 50 0 -82.7485 1.0000
50 0 0 50 -1 2 2.3669
50 -1 2 50 0 0 2.3669
50 2.49 -0.0010 50 -2.49 0.0009 7.1792
50 2.49 -0.0010 50 -2.49 0.0010 7.1792
50 2.49 -0.0010 50 -2.49 0.0011 7.2195
50 2.49 -0.0010 50 -2.49 0.0012 7.2195
50 -0.0010 2.49 50 0.0009 -2.49 4.8045
50 -0.0010 2.49 50 0.0010 -2.49 4.8045
50 -0.0010 2.49 50 0.0011 -2.49 4.7461
50 2.5 0 50 0 -2.5 4.3065
50 2.5 0 73 25 -18 27.1492
50 2.5 0 61 -5 29 22.8977
50 2.5 0 56 -27 -3 31.9030
50 2.5 0 58 24 15 19.4535
50 2.5 0 50 3.1736 0.5854 1.0000
50 2.5 0 50 3.2972 0 1.0000
50 2.5 0 50 1.8634 0.5757 1.0000
50 2.5 0 50 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""
"""Table 1 of Sharma, Wu and Dalal (2005): two colours and their difference."""
PAIRS = np.array([line.split() for line in SHARMA.strip().splitlines()], dtype=float)
pixels = arrays(np.uint8, (6, 5, 3))


def textures(seed=0, size=96, move=20):
    rng = np.random.default_rng(seed)
    one = rng.integers(30, 256, (size, size, 3), dtype=np.uint8)
    two = np.clip(one.astype(int) + rng.integers(-move, move + 1, one.shape), 0, 255).astype(np.uint8)
    return one, two


@pytest.mark.parametrize("number", range(34))
def test_a_published_pair_has_the_published_difference_both_ways(number):
    one, two, wanted = PAIRS[number, :3], PAIRS[number, 3:6], PAIRS[number, 6]
    assert float(ciede2000(one, two)) == pytest.approx(wanted, abs=5e-5)
    assert float(ciede2000(two, one)) == pytest.approx(wanted, abs=5e-5)


def test_differences_of_textures_are_those_of_scikit_image():
    colour = pytest.importorskip("skimage.color", reason="scikit-image is not installed: nothing to compare with")
    one, two = textures()
    found = texture_differences(one, two)
    lab_one, lab_two = colour.rgb2lab(one), colour.rgb2lab(two)
    between = lab_two - lab_one
    assert np.abs(found.lightness - between[..., 0]).max() < 1e-3
    assert np.abs(found.chroma - np.hypot(between[..., 1], between[..., 2])).max() < 1e-3
    assert np.abs(found.delta_e - colour.deltaE_ciede2000(lab_one, lab_two)).max() < 2e-3


def test_white_is_100_and_black_is_0_and_neither_has_a_hue():
    found = lab_of_pixels(np.array([[255, 255, 255], [0, 0, 0]], dtype=np.uint8))
    assert found == pytest.approx(np.array([[100, 0, 0], [0, 0, 0]]), abs=0.02)


@given(arrays(np.float64, (5, 3), elements=st.floats(0, 1)))
def test_from_lab_and_back_is_the_same_colour(srgb):
    assert encoded(light_of(lab(linear(srgb)))) == pytest.approx(srgb, abs=1e-6)


def test_lighter_in_b_is_positive():
    dark, light = (np.full((4, 4, 3), level, dtype=np.uint8) for level in (80, 160))
    assert (texture_differences(dark, light).lightness > 0).all()
    assert (texture_differences(light, dark).lightness < 0).all()


def test_a_pixel_that_is_dark_in_both_is_background_and_one_dark_in_one_is_face():
    one = np.array([[[12, 12, 12], [12, 12, 12], [13, 13, 13]]], dtype=np.uint8)
    two = np.array([[[0, 5, 9], [200, 0, 0], [0, 0, 0]]], dtype=np.uint8)
    found = texture_differences(one, two)
    assert found.face.tolist() == [[False, True, True]]
    assert found.delta_e[0, 0] == 0
    assert found.delta_e[0, 1] > 40


@settings(max_examples=200, deadline=None)
@given(pixels, pixels)
def test_any_two_textures_have_finite_differences_and_a_zero_only_where_they_are_the_same(one, two):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = texture_differences(one, two)
    for values in (found.lightness, found.chroma, found.delta_e):
        assert np.isfinite(values).all()
        assert not values[~found.face].any()
    differs = (one != two).any(axis=2) & found.face
    assert ((found.delta_e > 0) == differs).all()


def test_of_two_sizes_the_smaller_is_compared():
    one, _ = textures(size=64)
    small = np.asarray(Image.fromarray(one).resize((32, 32), Image.Resampling.BOX))
    for found in (texture_differences(one, small), texture_differences(small, one)):
        assert found.delta_e.shape == (32, 32)
        assert not found.delta_e.any()


def test_figures_leave_the_background_out():
    one = np.zeros((10, 10, 3), dtype=np.uint8)
    one[:5] = 100
    two = one.copy()
    two[:5] = 120
    found = texture_differences(one, two).figures()[0]
    assert found.min == found.max > 0


def test_textures_all_of_background_have_no_figures_and_still_maps(tmp_path):
    nothing = np.zeros((16, 16, 3), dtype=np.uint8)
    found = texture_differences(nothing, nothing)
    assert found.figures() == ()
    assert len(write_maps(texture_maps(found, 64), "a", "b", tmp_path / "texture-maps.png")) == 4


def test_the_maps_of_textures_have_their_shape_and_at_most_the_size():
    found = texture_differences(*textures(size=96))
    assert {one.picture.shape for one in texture_maps(found, 48)} == {(48, 48, 3)}
    assert {one.picture.shape for one in texture_maps(found, 512)} == {(96, 96, 3)}


def test_background_takes_no_colour_of_the_scale_and_does_not_dilute_the_face():
    one = np.zeros((8, 8, 3), dtype=np.uint8)
    one[:, :3] = 100
    two = one.copy()
    two[:, :3] = 150
    _, _, delta_e = texture_maps(texture_differences(one, two), 4)
    assert (delta_e.picture[:, 3] == (236, 238, 241)).all()
    assert np.array_equal(delta_e.picture[:, 1], delta_e.picture[:, 0])  # half background, half face


def test_a_megapixel_takes_less_than_half_a_second_of_a_core():
    one, two = textures(size=1024)
    times = []
    for _ in range(3):
        began = time.process_time()
        texture_differences(one, two)
        times.append(time.process_time() - began)
    assert min(times) < 0.5
