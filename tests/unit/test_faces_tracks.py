"""Faces that stay in view of a video."""

import numpy as np

from pipelines.faces.columns import FACE
from pipelines.faces.embed.tracks import thinned


def face(time: float, x: float, quality: float) -> tuple[float, tuple[float, float, float, float], float]:
    return time, (x, 0, x + 100, 100), quality


def rows(*faces: tuple[float, tuple[float, float, float, float], float]) -> np.ndarray:
    table = np.zeros(len(faces), FACE)
    for row, (time, box, quality) in enumerate(faces):
        table[row]["time"], table[row]["box"], table[row]["quality"] = time, box, quality
    return table


def looks(*numbers: int) -> np.ndarray:
    return np.eye(8)[list(numbers)]


def test_of_a_face_that_stays_the_best_is_kept() -> None:
    table = rows(face(0, 0, 0.5), face(1, 10, 0.9), face(2, 20, 0.7))

    assert thinned(table, looks(0, 0, 0), 1.0).tolist() == [False, True, False]


def test_a_face_that_looks_otherwise_is_kept_too() -> None:
    assert thinned(rows(face(0, 0, 0.5), face(1, 0, 0.9)), looks(0, 1), 1.0).all()


def test_two_faces_of_one_frame_are_two() -> None:
    assert thinned(rows(face(0, 0, 0.5), face(0, 10, 0.9)), looks(0, 0), 1.0).all()


def test_a_face_elsewhere_or_after_a_while_is_kept() -> None:
    assert thinned(rows(face(0, 0, 0.5), face(1, 400, 0.9)), looks(0, 0), 1.0).all()
    assert thinned(rows(face(0, 0, 0.5), face(9, 0, 0.9)), looks(0, 0), 1.0).all()


def test_two_people_side_by_side_are_followed_apart() -> None:
    table = rows(face(0, 0, 0.5), face(0, 300, 0.6), face(1, 0, 0.7), face(1, 300, 0.4))

    assert thinned(table, looks(0, 1, 0, 1), 1.0).tolist() == [False, True, True, False]
