"""What mouths do where nobody speaks: they are open in speech and ready before it, shut in silence, and never jump."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.talking_head.drive.pausing import (
    BEFORE,
    EDGE,
    OPENS,
    OWN,
    SHUTS,
    heeded,
    narrowest,
    opened,
    share_believed,
)

talk = arrays(bool, st.integers(1, 120))


@given(talk)
def test_a_mouth_is_open_in_speech_and_shut_far_from_it(speech):
    found = opened(speech)
    far = ~np.convolve(np.pad(speech, (SHUTS, BEFORE + OPENS)), np.ones(SHUTS + BEFORE + OPENS + 1), "valid").astype(
        bool
    )
    assert len(found) == len(speech)
    assert (found[speech] == 1).all()
    assert not found[far].any()


@given(talk)
def test_a_mouth_opens_and_shuts_step_by_step(speech):
    assert np.abs(np.diff(opened(speech))).max(initial=0) <= 1 / min(OPENS, SHUTS) + 1e-9


def test_a_mouth_opens_before_a_word_and_shuts_at_once_after_it():
    found = opened(np.arange(60) // 20 == 1)
    assert (found[20 - BEFORE : 40] == 1).all()
    assert found[20 - BEFORE - OPENS] == 0
    assert 0 < found[40] < 1
    assert found[40 + SHUTS] == 0


@given(talk)
def test_of_what_is_heard_all_counts_within_speech_and_nothing_beside_it(speech):
    found, near = heeded(speech), np.pad(speech, EDGE, mode="edge")
    within = np.lib.stride_tricks.sliding_window_view(near, 2 * EDGE + 1)
    assert np.allclose(found[within.all(axis=1)], 1)
    assert np.allclose(found[~within.any(axis=1)], 0)


def test_a_voice_is_believed_to_be_another_the_longer_it_speaks():
    assert share_believed(np.zeros(90, dtype=bool)) == 0
    assert share_believed(np.ones(OWN, dtype=bool)) == 0.5
    assert share_believed(np.ones(9 * OWN, dtype=bool)) == 0.9


def test_the_narrowest_mouths_are_a_tenth_and_at_least_one():
    opening = np.random.default_rng(0).permutation(40) / 40
    assert sorted(opening[narrowest(opening)]) == [0, 1 / 40, 2 / 40, 3 / 40]
    assert narrowest(np.array([0.3, 0.2])).tolist() == [1]
