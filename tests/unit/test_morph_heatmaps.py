"""Colour tables, scales, and the maps of displacement."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from pipelines.morph.blend import normals
from pipelines.morph.camera import framed
from pipelines.morph.outputs.cielab import lab, linear
from pipelines.morph.outputs.displacement import Displacements, displacements
from pipelines.morph.outputs.heatmaps import panel, shape_maps, write_maps
from pipelines.morph.outputs.palettes import diverging, sequential
from pipelines.morph.outputs.scale import Scale, about_zero, of_lengths, percentile
from pipelines.morph.read import read
from pipelines.morph.renderers import Look, opened
from pipelines.morph.surface import Clay, Paint, Subject
from pipelines.morph.textures import Item

NAMES = ["", "a\nb", "\udcff\udcfe", "\U0001f600 face", "x" * 300, "\x00\x1b[31m", "\u202eevil", "名前"]
anything = arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e12, 1e12))


def moved(values):
    values = np.asarray(values, dtype=float)
    return Displacements(normal=values, tangent=np.abs(values), total=np.abs(values))


def striped(paint):
    low, high = paint.ends
    colours = Scale(table=paint.table, lo=low, hi=high, least=0, most=0).colours(paint.values)
    return np.rint(np.broadcast_to(colours, (64, len(paint.values), 3)) * 255).astype(np.uint8)


def stripes(paints):
    """Draws each value as a column of its colour: a renderer that a person can check."""
    return [striped(paint) for paint in paints]


def even(size, grey):
    """Draws everything in one grey."""
    return lambda paints: [np.full((size, size, 3), grey, dtype=np.uint8)] * len(paints)


def test_the_sequential_table_is_viridis():
    known = {
        0: (0.267, 0.005, 0.329),
        64: (0.230, 0.322, 0.546),
        128: (0.128, 0.567, 0.551),
        255: (0.993, 0.906, 0.144),
    }
    for entry, colour in known.items():
        assert sequential()[entry] == pytest.approx(colour, abs=0.02)


def test_the_sequential_table_gets_lighter_all_the_way():
    assert (np.diff(lab(linear(sequential()))[:, 0]) > 0).all()


def test_the_diverging_table_goes_from_morelands_blue_over_his_white_to_his_red():
    table = np.rint(diverging() * 255)
    assert table[0].tolist() == [59, 76, 192]
    assert table[255].tolist() == [180, 4, 38]
    assert np.abs(table[127:129] - 221).max() <= 1
    assert np.abs(table[64] - [141, 176, 254]).max() <= 2  # his table at a quarter and at three
    assert np.abs(table[191] - [244, 154, 123]).max() <= 2


def test_the_diverging_table_is_lightest_in_the_middle_and_falls_to_both_sides():
    lightness = lab(linear(diverging()))[:, 0]
    assert (np.diff(lightness[:128]) > 0).all()
    assert (np.diff(lightness[128:]) < 0).all()


@given(anything)
def test_a_scale_about_zero_has_white_at_zero_whatever_the_values(values):
    scale = about_zero(values)
    assert scale.lo == -scale.hi
    assert scale.colours(np.zeros(1))[0] * 255 == pytest.approx([221, 221, 221], abs=1)


@given(anything)
def test_the_ticks_of_any_scale_are_round_few_and_within_it(values):
    for scale in (about_zero(values), of_lengths(np.abs(values))):
        ticks = scale.ticks()
        assert 2 <= len(ticks) <= 7
        assert scale.lo - 1e-9 * scale.hi <= ticks[0] < ticks[-1] <= scale.hi * (1 + 1e-9)


@settings(deadline=None)
@given(anything)
def test_values_of_any_kind_have_a_map_and_no_warning(values):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len([panel(one) for one in shape_maps(moved(values), stripes)]) == 3


@given(st.one_of(anything, arrays(np.float32, st.integers(1, 40), elements=st.floats(-1e6, 1e6, width=32))))
def test_percentiles_are_numpys_to_the_last_bit(values):
    for percent in (0.0, 1.0, 37.5, 99.0, 100.0):
        assert percentile(values, percent) == float(np.percentile(values, percent))


def test_one_outlier_does_not_take_the_colours_from_all_the_rest():
    values = np.append(np.linspace(0, 1, 999), 1e6)
    scale = of_lengths(values)
    assert 0.9 < scale.hi < 1.1
    assert scale.most == 1e6


def test_where_nearly_nothing_moves_the_scale_reaches_to_what_does():
    values = np.zeros(1000)
    values[0] = 3
    assert of_lengths(values).hi == 3


def test_lengths_that_are_alike_and_far_from_zero_still_show_their_differences():
    scale = of_lengths(np.linspace(100.0, 102.0, 1000))
    assert (scale.lo, scale.hi) == pytest.approx((100.02, 101.98), abs=0.01)
    assert [scale.told(end) for end in (scale.lo, scale.hi)] == ["100.02", "101.98"]


@pytest.mark.parametrize("values", [np.full(9, 5.0), np.linspace(5.0, 5.0001, 9), np.linspace(1.0, 5.0, 99)])
def test_lengths_that_are_all_the_same_or_well_spread_are_shown_from_zero(values):
    assert of_lengths(values).lo == 0


def test_where_nothing_moves_there_is_a_scale_too():
    scale = about_zero(np.zeros(5))
    assert (scale.lo, scale.hi) == (-1, 1)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.8, 1.0])
def test_what_the_bar_shows_at_a_value_is_what_the_mesh_shows_there(share):
    values = np.linspace(0, 1, 512)
    _, _, total = shape_maps(moved(values), stripes)
    page = panel(total)
    value = share * total.scale.hi
    column = int(np.argmin(np.abs(values - value)))
    on_mesh = np.asarray(page)[70, 10 + column].astype(int)
    left, right = 46, page.width - 46  # where the bar starts and ends
    on_bar = np.asarray(page)[46 + 64 + 10 + 9, left + round(share * (right - left - 1))].astype(int)
    assert np.abs(on_mesh - on_bar).max() <= 2


def test_an_arrow_stands_only_where_values_go_on_beyond_the_bar():
    values = np.append(np.linspace(-0.5, 1, 999), 50.0)
    normal, _, _ = shape_maps(moved(values), even(512, 255))
    page = np.asarray(panel(normal)).astype(int)
    row = 46 + 512 + 10 + 9
    assert page[row, 40].tolist() == [255, 255, 255]
    assert np.abs(page[row, page.shape[1] - 40] - [180, 4, 38]).max() <= 2


def test_the_true_extremes_are_written_though_the_bar_ends_before():
    values = np.append(np.linspace(-1, 1, 999), 50.0)
    normal, _, total = shape_maps(moved(values), stripes)
    assert normal.about == "in the mesh's unit; mean 0.05, from -1 to 50"
    assert total.about.endswith("largest 50")


def test_all_three_maps_are_drawn_with_their_own_values_and_ends():
    asked = []

    def draw(paints):
        asked.extend((paint.values.tolist(), len(paint.table), paint.ends) for paint in paints)
        return stripes(paints)

    found = Displacements(normal=np.array([-1.0, -1]), tangent=np.array([2.0, 2]), total=np.array([3.0, 3]))
    shape_maps(found, draw)
    assert asked == [([-1, -1], 256, (-1, 1)), ([2, 2], 256, (0, 2)), ([3, 3], 256, (0, 3))]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_safe_on_the_sheet_and_no_file_is_called_by_it(tmp_path, name):
    maps = shape_maps(moved([0.0, 1.0, -2.0]), stripes)
    files = write_maps(maps, name, name, tmp_path / "shape-maps.png")
    expected = ["shape-maps.png", "shape-normal.png", "shape-tangent.png", "shape-total.png"]
    assert sorted(path.name for path in files) == sorted(p.name for p in tmp_path.iterdir()) == expected


@pytest.mark.parametrize("size", [64, 512, 1024])
def test_the_sheet_holds_the_three_maps_side_by_side_at_any_size(tmp_path, size):
    maps = shape_maps(moved([1.0, 2.0]), even(size, 7))
    *three, sheet = write_maps(maps, "a", "b", tmp_path / "shape-maps.png")
    with Image.open(sheet) as whole, Image.open(three[0]) as one:
        assert whole.width == 3 * one.width
        assert (np.asarray(whole) == 7).all(axis=2).sum() == 3 * size * size


@pytest.mark.data
def test_a_head_that_grows_is_red_and_one_that_shrinks_is_blue(data):
    head = read(data / "meshes" / "canonical" / "canonical_face_model.obj", Item())
    out = normals(head.vertices, head.vertices, head.faces).at(0.0)
    for sign, stronger in ((1, 0), (-1, 2)):
        found = displacements(head.vertices, head.vertices + sign * 0.1 * out, out)
        colours = about_zero(found.normal).colours(found.normal)
        assert (colours[:, stronger] > colours[:, 2 - stronger]).all()


@pytest.mark.parametrize("share", [-1.0, -0.4, 0.0, 0.7, 1.0])
def test_the_renderer_shows_a_value_in_the_colour_that_the_bar_has_for_it(share):
    corners = np.array([[-1.0, -1, 0], [1, -1, 0], [0, 1, 0], [0, 0, 0.2]])
    faces = np.array([[0, 1, 3], [1, 2, 3], [2, 0, 3]], dtype=np.int32)
    subject = Subject(a=corners, b=corners, normals=normals(corners, corners, faces), faces=faces, surface=Clay())
    scale = about_zero(np.array([-2.0, 2.0]))
    with opened("auto", Look(size=128, background=(255, 255, 255))) as renderer:
        renderer.load(subject, framed(corners))
        paint = Paint(np.full(4, share * scale.hi), scale.table, (scale.lo, scale.hi))
        (picture,) = renderer.painted([paint])
    wanted = scale.colours(np.array([share * scale.hi]))[0] * 255
    assert np.abs(picture[70, 64] - wanted).max() <= 1.5
