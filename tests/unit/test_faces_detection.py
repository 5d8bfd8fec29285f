"""Where faces are, and at which scales they are looked for."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.faces.embed.detection import NOBODY, Found, detected, joined, suppressed
from pipelines.faces.embed.sizes import CLOSE, MOST, SEEN, SHARED, STEP, finest, scales

SIDES = st.integers(1, 12_000)


def found(*boxes: tuple[float, float, float, float, float]) -> Found:
    table = np.array(boxes, np.float32).reshape(-1, 5)
    points = np.repeat(table[:, None, :2], 5, axis=1)
    return Found(boxes=table[:, :4], points=points, scores=table[:, 4])


@given(width=SIDES, height=SIDES, least=st.floats(1, 500))
def test_what_a_network_is_shown_is_never_larger_than_the_picture_or_than_can_be_paid(
    width: int, height: int, least: float
) -> None:
    for scale in scales(width, height, least, None):
        assert 0 < scale.factor <= 1
        assert scale.width % STEP == scale.height % STEP == 0
        assert scale.width - STEP < max(1, int(width * scale.factor)) <= scale.width
        assert scale.width * scale.height <= MOST * 1.2 + 14_000 * STEP


@given(width=SIDES, height=SIDES, least=st.floats(1, 500))
def test_a_face_of_the_wanted_size_is_seen_unless_that_cannot_be_paid(width: int, height: int, least: float) -> None:
    factor = finest(width, height, least)

    assert factor == 1 or factor * least >= SEEN - 1e-9 or factor**2 * width * height >= MOST * 0.99


@given(width=st.integers(400, 9000), height=st.integers(400, 9000))
def test_a_close_up_is_always_looked_for(width: int, height: int) -> None:
    assert min(scale.factor for scale in scales(width, height, 24, None)) * max(width, height) <= CLOSE + 1


def test_a_small_picture_is_shown_once_and_as_it_is() -> None:
    (scale,) = scales(250, 250, 24, None)

    assert (scale.factor, scale.width, scale.height) == (1.0, 256, 256)


@given(width=SIDES, height=SIDES)
def test_tiles_of_a_network_of_one_size_cover_the_picture(width: int, height: int) -> None:
    looks = scales(width, height, 24, (640, 640))
    finest_looks = [look for look in looks if look.factor == looks[0].factor]
    for side, start in ((max(1, int(width * looks[0].factor)), 0), (max(1, int(height * looks[0].factor)), 1)):
        at = sorted({look.at[start] for look in finest_looks})
        assert at[0] == 0
        assert at[-1] + 640 >= side
        assert all(b - a <= 640 - SHARED + 1 for a, b in pairwise(at))


def test_of_boxes_that_cover_each_other_the_surest_is_kept() -> None:
    kept = suppressed(found((0, 0, 100, 100, 0.7), (5, 5, 105, 105, 0.9), (300, 0, 350, 50, 0.6)))

    assert kept.scores.tolist() == pytest.approx([0.9, 0.6])


def test_a_mouth_in_a_face_is_no_face_but_a_surer_face_before_a_poster_is() -> None:
    face, mouth = (0, 0, 200, 200, 0.8), (80, 140, 120, 170, 0.6)

    assert len(joined([found(face), found(mouth)])) == 1
    assert len(joined([found(face), found((*mouth[:4], 0.9))])) == 2
    assert len(joined([found(face), NOBODY])) == 1


class Corner:
    """A detector that sees a face wherever there is a white pixel: its box is 20 pixels from there."""

    def __init__(self, fixed: tuple[int, int] | None = None) -> None:
        self.fixed = fixed
        self.shown: list[tuple[int, int]] = []

    def candidates(self, canvas: np.ndarray) -> Found:
        self.shown.append((canvas.shape[1], canvas.shape[0]))
        ys, xs = np.nonzero(canvas.min(axis=2) > 250)
        return found(*((x, y, x + 20, y + 20, 0.9) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)))


@pytest.mark.parametrize("fixed", [None, (640, 640)])
def test_faces_come_in_pixels_of_the_picture_whatever_was_shown(fixed: tuple[int, int] | None) -> None:
    picture = np.zeros((900, 2000, 3), np.uint8)
    picture[700:720, 1500:1520] = 255
    detector = Corner(fixed)

    boxes = detected(detector, picture, scales(2000, 900, 12, fixed)).boxes

    assert boxes[:, 0].min() == pytest.approx(1500, abs=3)
    assert boxes[:, 1].min() == pytest.approx(700, abs=3)
    assert not fixed or set(detector.shown) == {fixed}
