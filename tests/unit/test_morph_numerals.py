"""Numbers from text, many at once."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.morph.numerals import floats

written = st.one_of(
    st.floats(-1e6, 1e6).map("{:.6f}".format),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-1.0, 1.0).map("{:.25f}".format),
    st.integers(-(10**25), 10**25).map(str),
    st.sampled_from(["-0.0", "-0", "+5.", ".5", "-.25", "0000.10", "1E3", "-1e-320"]),
)
odd = st.text("0123456789+-.eE", min_size=1, max_size=6)


@given(st.lists(written, max_size=40), st.sampled_from([" ", "\n", "\t  "]))
@example(["1.5"] * 40 + ["1e-5", "0." + "3" * 30], " ")
@example(["1.5"] * 40 + ["3.9596413323846340"], " ")  # more digits than a float has
def test_numbers_are_what_float_makes_of_each_word_to_the_last_bit(words, between):
    assert floats(between.join(words).encode() + b"\n").tobytes() == np.array([float(w) for w in words]).tobytes()


@given(st.lists(st.one_of(written, odd), max_size=20), odd)
def test_what_float_does_not_take_is_refused(words, last):
    try:
        wanted = np.array([float(word) for word in [*words, last]])
    except ValueError:
        with pytest.raises(ValueError, match="could not convert"):
            floats(" ".join([*words, last]).encode())
    else:
        assert floats(" ".join([*words, last]).encode()).tobytes() == wanted.tobytes()
