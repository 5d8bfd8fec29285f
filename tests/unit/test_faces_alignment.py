"""Faces in their place, and how good they are."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage import data as pictures
from skimage.transform import SimilarityTransform

from pipelines.faces.columns import CHIP
from pipelines.faces.embed.alignment import MARGIN, SIDE, TEMPLATE, chip, enlargements, jpeg, middle, transforms
from pipelines.faces.embed.crops import AROUND, LARGEST, crop
from pipelines.faces.embed.quality import Pose, poses, qualities, sharpness


def placed(scale: float, degrees: float, by: tuple[float, float]) -> np.ndarray:
    """The template's points where a picture has them that is turned, scaled and moved."""
    turn = np.radians(degrees)
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return (TEMPLATE @ matrix.T + by).astype(np.float32)


@given(seed=st.integers(0, 10**6))
def test_the_transform_is_the_similarity_of_least_squares(seed: int) -> None:
    points = placed(2.0, seed % 360, (50.0, 20.0)) + np.random.default_rng(seed).normal(0, 4, (5, 2))
    points = points.astype(np.float32)

    (mine,) = transforms(points[None])

    theirs = SimilarityTransform.from_estimate(points.astype(float), TEMPLATE)
    assert np.allclose(mine, theirs.params[:2], atol=1e-6)


def test_a_face_in_its_place_stays_where_it_is() -> None:
    (matrix,) = transforms(TEMPLATE[None].astype(np.float32))

    assert np.allclose(matrix, [[1, 0, 0], [0, 1, 0]], atol=1e-5)
    assert np.allclose(enlargements(matrix[None]), 1)


def test_the_middle_of_a_chip_is_what_is_recognised() -> None:
    picture = pictures.astronaut()
    (matrix,) = transforms(placed(1.1, 8, (150, 40))[None])

    mine = middle(chip(picture, matrix)[None])[0]

    assert mine.shape == (SIDE, SIDE, 3)
    wanted = cv2.warpAffine(picture, matrix, (SIDE, SIDE))
    assert np.abs(mine.astype(int) - wanted).max() <= 2


@pytest.mark.parametrize("times", [3, 5, 9])
def test_a_face_much_larger_than_its_chip_loses_no_pixels_between(times: int) -> None:
    small = cv2.GaussianBlur(pictures.astronaut()[:250, 100:350], (0, 0), 2)
    large = cv2.resize(small, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    stripes = large.copy()
    stripes[:, ::2] = 0  # what bilinear sampling at this distance would hit or miss by chance
    points = placed(1.1, 5, (40, 20))
    (near,), (far,) = transforms(points[None]), transforms(((points + 0.5) * times - 0.5)[None].astype(np.float32))

    assert np.abs(chip(large, far).astype(int) - chip(small, near)).mean() < 3
    assert np.abs(chip(stripes, far).astype(int) * 2 - chip(small, near)).mean() < 8


def test_beyond_the_edge_a_chip_is_black() -> None:
    picture = np.full((40, 40, 3), 200, np.uint8)
    (matrix,) = transforms(placed(1.0, 0, (-80.0, -80.0))[None])

    face = chip(picture, matrix)

    assert face.shape == (CHIP, CHIP, 3)
    assert (face[-20:, -20:] == 0).all()
    assert chip(picture, matrix * 0.01).shape == (CHIP, CHIP, 3)


def test_chips_are_jpegs_of_the_right_colours() -> None:
    red = np.zeros((CHIP, CHIP, 3), np.uint8)
    red[..., 0] = 220

    assert np.abs(np.asarray(Image.open(BytesIO(jpeg(red)))).astype(int) - red).mean() < 4


def test_a_crop_shows_more_than_the_face_and_ends_where_the_picture_ends() -> None:
    picture = pictures.astronaut()
    huge = cv2.resize(picture, (4000, 4000))

    crops = [
        crop(picture, np.array([200, 100, 260, 180], np.float32)),
        crop(picture, np.array([-20, -20, 60, 60], np.float32)),
        crop(huge, np.array([100, 100, 3900, 3900], np.float32)),
    ]

    sizes = [Image.open(BytesIO(one)).size for one in crops]

    assert sizes[0] == pytest.approx((80 * AROUND, 80 * AROUND), abs=2)
    assert sizes[1] == (92, 92)
    assert sizes[2] == (LARGEST, LARGEST)


def test_the_points_tell_where_a_face_looks() -> None:
    ahead = placed(1.0, 0, (0, 0))
    right, up, tilted = ahead.copy(), ahead.copy(), placed(1.0, 20, (0, 0))
    right[2, 0] += 10
    up[2, 1] -= 8

    pose = poses(np.stack([ahead, right, up, tilted]))

    assert abs(pose.yaw[0]) < 3
    assert abs(pose.pitch[0]) < 6
    assert abs(pose.roll[0]) < 1
    assert pose.yaw[1] > 20
    assert pose.pitch[2] > 15
    assert pose.roll[3] == pytest.approx(20, abs=1)
    assert pose.yaw[3] == pytest.approx(pose.yaw[0], abs=1)


def test_blur_takes_sharpness_and_light_does_not() -> None:
    (matrix,) = transforms(placed(0.9, 0, (172, 60))[None])
    face = middle(chip(pictures.astronaut(), matrix)[None])[0]

    sharp = sharpness(face)

    assert sharp > 0.7
    assert sharpness(cv2.GaussianBlur(face, (0, 0), 1.5)) < 0.6 * sharp
    assert sharpness(cv2.GaussianBlur(face, (0, 0), 4)) < 0.2
    assert sharpness((face * 0.4).astype(np.uint8)) == pytest.approx(sharp, abs=0.15)


def test_every_part_of_the_quality_counts_and_nothing_else() -> None:
    best = {"size": 200.0, "sharpness": 1.0, "score": 0.9, "norm": 24.0}

    def quality(yaw: float = 0.0, **worse: float) -> float:
        parts = {name: np.array([value], np.float32) for name, value in {**best, **worse}.items()}
        zero = np.zeros(1, np.float32)
        return float(qualities(parts, Pose(yaw=np.array([yaw], np.float32), pitch=zero, roll=zero), 24.0)[0])

    assert quality() == pytest.approx(1.0)
    assert all(quality(**worse) < 0.95 for worse in ({"size": 40}, {"sharpness": 0.5}, {"score": 0.55}, {"norm": 18}))
    assert quality(yaw=60.0) < 0.9
    assert quality(yaw=120.0) == 0.0
    assert MARGIN * 2 + SIDE == CHIP
