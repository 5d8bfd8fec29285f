"""The contact sheet."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.morph.sheet import contact_sheet, picked, tile

PLAIN = np.full((64, 64, 3), 90, dtype=np.uint8)


@given(st.integers(2, 2001))
def test_the_first_and_the_last_frame_are_always_on_the_sheet_and_none_twice(frames):
    chosen = picked(frames)
    assert (chosen[0], chosen[-1], len(chosen)) == (0, frames - 1, min(frames, 10))
    assert sorted(set(chosen)) == list(chosen)


@given(st.integers(2, 2001), st.integers(2, 9))
def test_of_a_chain_every_mesh_is_on_the_sheet_where_there_is_room(frames, legs):
    chosen = picked(frames, legs)
    assert {leg * (frames - 1) for leg in range(legs + 1)} <= set(chosen)
    assert len(chosen) <= 10
    assert sorted(set(chosen)) == list(chosen)


@given(st.integers(2, 2001), st.integers(10, 100))
def test_of_a_longer_chain_the_sheet_has_ten_frames_with_both_ends(frames, legs):
    chosen = picked(frames, legs)
    assert (chosen[0], chosen[-1], len(set(chosen))) == (0, legs * (frames - 1), 10)


def test_the_tiles_are_in_play_order_from_the_top_left():
    shades = [np.full((64, 64, 3), 25 * k, dtype=np.uint8) for k in range(10)]
    sheet = np.asarray(contact_sheet([tile(s, f"{k / 9:.0%}") for k, s in enumerate(shades)]))
    top = [int(sheet[100, 130 + 264 * column, 0]) for column in range(5)]
    bottom = [int(sheet[400, 130 + 264 * column, 0]) for column in range(5)]
    assert top + bottom == [25 * k for k in range(10)]


@pytest.mark.parametrize(
    "name", ["", "a\nb", "\udcff\udcfe", "\U0001f600 face", "x" * 300, "\x00\x1b[31m", "\u202eevil", "名前"]
)
def test_any_name_is_safe_on_the_sheet(name):
    sheet = contact_sheet([tile(PLAIN, name, is_name=True), tile(PLAIN, name)])
    assert sheet.size == (8 + 2 * 264, 8 + 264 + 26)


def test_a_caption_stands_under_its_tile():
    first = [tile(PLAIN, "anna", is_name=True), tile(PLAIN, "50%")]
    one, other = (np.asarray(contact_sheet([*first, tile(PLAIN, name)])) for name in ("ben", "carla"))
    differing = np.argwhere((one != other).any(axis=2))
    assert differing[:, 0].min() >= 264
    assert differing[:, 1].min() >= 8 + 2 * 264
