"""Films: parts become one, as long as their sound, which is in them; and they say that they are synthetic."""

import io
import itertools

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.talking_head.film import blocks, joined, written
from pipelines.talking_head.preview import chosen, page
from tests.unit.talking_world import tone, wav

LEVELS = np.linspace(30, 220, 43).round().astype(np.uint8)


def plain(level):
    return np.full((64, 64, 3), level, dtype=np.uint8)


def streams(path):
    """The pictures' levels, the sound, and what the file says of itself."""
    with av.open(str(path)) as container:
        about = dict(container.metadata)
        shown = [frame.to_ndarray(format="rgb24").mean() for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
        rate = container.streams.audio[0].rate
    return shown, heard, rate, about


@pytest.mark.parametrize(("rate", "kept"), [(44_100, 44_100), (8000, 48_000), (96_000, 48_000)])
def test_parts_and_sound_become_one_film_that_says_what_it_is(tmp_path, rate, kept):
    parts = [tmp_path / "0.mkv", tmp_path / "1.mkv"]
    assert written(parts[0], map(plain, LEVELS[:30])) == 30
    assert written(parts[1], map(plain, LEVELS[30:])) == 13
    spoken = wav(tmp_path / "say.wav", np.stack([tone(1.71, rate=rate)] * 2), rate=rate)
    joined(parts, spoken, tmp_path / "say.mp4", {"title": "say", "comment": "Synthetic."})
    shown, heard, found, about = streams(tmp_path / "say.mp4")
    assert np.abs(np.array(shown) - LEVELS).max() < 3, "every frame, in order"
    assert found == kept
    assert heard.shape[0] == 2
    assert heard.shape[1] / kept == pytest.approx(1.71, abs=0.04)
    assert np.abs(heard).max() == pytest.approx(0.5, abs=0.1)
    assert (about["title"], about["comment"]) == ("say", "Synthetic.")
    content = (tmp_path / "say.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), "a browser starts at once"


def test_a_film_that_breaks_off_is_not_there(tmp_path):
    def breaking():
        yield plain(100)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written(tmp_path / "0.mkv", breaking())
    assert not (tmp_path / "0.mkv").exists()


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 16))
def test_blocks_hold_the_same_samples_in_order(lengths, size):
    starts = [0, *itertools.accumulate(lengths)]
    parts = [np.arange(a, b, dtype=np.float32)[None] for a, b in itertools.pairwise(starts)]
    found = list(blocks(parts, size))
    assert [block.shape[1] for block in found[:-1]] == [size] * (len(found) - 1)
    assert np.array_equal(np.concatenate([np.zeros((1, 0)), *found], axis=1)[0], np.arange(sum(lengths)))


def test_the_preview_shows_mouths_from_closed_to_wide_open():
    opening = np.array([0.3, 0.1, 0.9, 0.5, 0.2, 0.8, 0.4, 0.6, 0.7, 0.0])
    rows = chosen(opening)
    assert len(rows) == 8
    assert (np.diff(opening[rows]) > 0).all()
    assert {9, 2} <= set(rows.tolist())
    assert sorted(chosen(opening[:3]).tolist()) == [0, 1, 2]


def test_the_preview_is_a_picture_with_five_rows_and_curves():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 8, 96, 96, 3), dtype=np.uint8)
    mouths = np.tile([40.0, 60, 60, 70], (8, 1))
    without = page(*pictures, mouths, {})
    whole = page(*pictures, mouths, {"truth": np.arange(20.0), "right sound": np.zeros(20)})
    with av.open(io.BytesIO(whole)) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert shown.shape[0] > 5 * 160
    assert whole != without
