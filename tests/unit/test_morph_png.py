"""The PNG files: any reader gets back the picture."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from pipelines.morph.png import encoded


@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_what_is_written_is_read_back(picture):
    with Image.open(io.BytesIO(encoded(picture))) as read:
        assert read.mode == "RGB"
        assert np.array_equal(np.asarray(read), picture)


@pytest.mark.parametrize("turned", [np.s_[::-1], np.s_[:, ::2], np.s_[..., ::-1]])
def test_a_picture_that_does_not_lie_in_a_row_in_memory_is_written_the_same(turned):
    picture = np.random.default_rng(1).integers(0, 256, (32, 64, 3)).astype(np.uint8)[turned]
    with Image.open(io.BytesIO(encoded(picture))) as read:
        assert np.array_equal(np.asarray(read), picture)


def test_a_plain_picture_is_small():
    assert len(encoded(np.full((512, 512, 3), 236, np.uint8))) < 8000
