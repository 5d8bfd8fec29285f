"""How meshes lie to each other as a whole, and how they are brought together."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from pipelines.morph.align import Alignment, aligned, large, rigid_offset
from pipelines.morph.mesh import Mesh
from pipelines.morph.read import read

CORNERS = np.array([[0, 0, 0], [2, 0, 0], [0, 3, 0], [0, 0, 5], [1, 1, 1]], dtype=float)


def mesh(vertices, file="a.obj", faces=((0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 4), (2, 3, 4), (3, 1, 4))) -> Mesh:
    corners = np.array(faces, dtype=np.int32)
    return Mesh(name=file[0], file=file, vertices=np.array(vertices, float), faces=corners, face_count=len(corners))


A = mesh(CORNERS)


def turned(degrees: float, axis=(1.0, 2.0, 2.0)) -> np.ndarray:
    return Rotation.from_rotvec(math.radians(degrees) * np.array(axis) / np.linalg.norm(axis)).as_matrix()


def cloud(seed: int, count: int = 12) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 3))


def soup(vertices, file="a.obj") -> Mesh:
    return mesh(vertices, file, [(k, k + 1, k + 2) for k in range(len(vertices) - 2)])


transforms = st.tuples(
    st.integers(0, 2**32 - 1),  # of the rotation and the cloud
    st.floats(-1e3, 1e3),
    st.floats(-6, 6).map(lambda power: 10.0**power),
)


@given(transforms)
def test_a_mesh_that_was_turned_moved_and_scaled_is_brought_back(transform) -> None:
    seed, shift, scale = transform
    points, turn = cloud(seed), Rotation.random(rng=seed).as_matrix()
    away = scale * (points @ turn.T + [shift, -shift, 1.0])
    moved, told = aligned(soup(points), soup(away, "b.obj"), "similarity")
    assert np.abs(moved.vertices - points).max() < 1e-9 * (1 + abs(shift))
    assert told.scale == pytest.approx(1 / scale, rel=1e-9)
    assert told.rotation == pytest.approx(math.degrees(Rotation.from_matrix(turn).magnitude()), abs=1e-5)
    assert told.rms_after < 1e-9 * (1 + abs(shift))


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_rigid_move_is_the_one_that_scipy_finds(seed: int, mirror: bool) -> None:
    a, b = cloud(seed), cloud(seed + 1) * ([-1, 1, 1] if mirror else 1)
    moved, told = aligned(soup(a), soup(b), "rigid")
    turn, residual = Rotation.align_vectors(a - a.mean(0), b - b.mean(0))
    assert np.allclose(moved.vertices, turn.apply(b - b.mean(0)) + a.mean(0), atol=1e-6)
    assert told.rms_after == pytest.approx(residual / math.sqrt(len(a)), rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_no_other_rotation_scale_or_shift_nearby_or_far_away_is_better(seed: int) -> None:
    a, b = cloud(seed), cloud(seed + 100)
    moved, told = aligned(soup(a), soup(b), "similarity")
    middle, rng = a.mean(0), np.random.default_rng(seed)
    for size in (1e-3, 1e-1, 3.0):
        for vector in rng.normal(size=(200, 3)) * size:
            tried = Rotation.from_rotvec(vector).apply(moved.vertices - middle) * (1 + rng.normal() * 1e-3) + middle
            tried += rng.normal(size=3) * 1e-3
            assert math.sqrt(np.mean(np.sum((tried - a) ** 2, axis=1))) >= told.rms_after


def test_a_quarter_turn_beside_each_other_is_told_as_that() -> None:
    told = rigid_offset(A, mesh(CORNERS @ turned(90).T + [0, 7, 0] - CORNERS.mean(0) @ turned(90).T + CORNERS.mean(0)))
    assert told.rotation == pytest.approx(90)
    assert told.translation == pytest.approx((0, -7, 0))
    assert told.scale == 1.0


def test_a_mirrored_mesh_is_not_mirrored_back() -> None:
    mirrored = mesh(CORNERS * [-1, 1, 1])
    moved, told = aligned(A, mirrored, "similarity")
    before, after = (np.linalg.det(m.vertices[1:4] - m.vertices[0]) for m in (mirrored, moved))
    assert before * after > 0
    assert told.rms_after > 0.1


def test_asked_for_nothing_the_mesh_stays_where_it_is() -> None:
    b = mesh(CORNERS + 1)
    assert aligned(A, b, "none") == (b, Alignment(rms_before=math.sqrt(3), rms_after=math.sqrt(3)))


def test_a_rigid_move_does_not_scale() -> None:
    moved, told = aligned(A, mesh(CORNERS * 3), "rigid")
    assert told.scale == 1.0
    assert np.ptp(moved.vertices, axis=0) == pytest.approx(3 * np.ptp(CORNERS, axis=0))


def test_a_vertex_without_a_face_has_no_say_but_follows() -> None:
    stray = mesh([*CORNERS, (1e6, 0, 0)])
    b = mesh([*(CORNERS + 4), (-1e6, 4, 4)])
    moved, told = aligned(stray, b, "similarity")
    assert np.allclose(moved.vertices[:5], CORNERS)
    assert moved.vertices[5] == pytest.approx((-1e6 - 4, 0, 0), abs=1e-6)
    assert told.rms_after == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    "b",
    [CORNERS * [1, 1, 0], CORNERS * [0, 0, 1], CORNERS * 0 + 3, CORNERS * [1e-300, 0, 0]],
    ids=["flat", "a line", "a point", "next to nothing"],
)
@pytest.mark.parametrize("how", ["rigid", "similarity"])
def test_what_is_flat_or_less_is_still_turned_properly_and_finitely(b, how) -> None:
    for first, second in ((A, mesh(b)), (mesh(b), A)):
        moved, told = aligned(first, second, how)
        assert np.isfinite(moved.vertices).all()
        assert told.rms_after <= told.rms_before + 1e-9
        assert told.scale > 0


grids = st.lists(st.tuples(*[st.integers(-2, 2)] * 3), min_size=4, max_size=7)


@given(grids, grids, st.integers(-6, 6), st.sampled_from(["rigid", "similarity"]))
def test_whatever_lies_where_the_move_is_a_turn_that_brings_it_nearer(first, second, power, how) -> None:
    count = min(len(first), len(second))
    a = soup(np.array(first[:count], float))
    b = soup(np.array(second[:count], float) * 10.0**power, "b.obj")
    moved, told = aligned(a, b, how)
    assert told.rms_after <= told.rms_before * (1 + 1e-9) + 1e-9
    assert 0 <= told.rotation <= 180
    spread = [np.linalg.norm(m.vertices - m.vertices.mean(0), axis=1) for m in (b, moved)]
    assert np.allclose(spread[1], spread[0] * told.scale, rtol=1e-9, atol=1e-9 * (1 + spread[0].max()))
    assert large(rigid_offset(a, b), a, b) is None or rigid_offset(a, b).rms_before > 0


def test_points_on_one_line_are_turned_no_further_than_they_must() -> None:
    line = np.outer(np.arange(5.0), [1, 0, 0])
    assert rigid_offset(soup(line), soup(line + 2)).rotation == 0
    assert rigid_offset(soup(line), soup(-line)).rotation == 180
    for degrees in (30.0, 180.0):
        found = rigid_offset(soup(line), soup(line @ turned(degrees, (0, 0, 1)).T))
        assert found.rotation == pytest.approx(degrees)
        assert found.rms_after == pytest.approx(0, abs=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_points_on_any_two_lines_are_turned_by_the_angle_between_them(seed: int) -> None:
    first, second = cloud(seed, 2)
    steps = np.arange(-2.0, 3.0)[:, None]
    told = rigid_offset(soup(steps * first), soup(steps * second))
    angle = math.degrees(math.acos(first @ second / np.linalg.norm(first) / np.linalg.norm(second)))
    assert told.rotation == pytest.approx(angle, abs=1e-4)


def test_the_texture_and_the_faces_of_a_moved_mesh_are_its_own() -> None:
    b = replace(mesh(CORNERS + 1), uvs=np.zeros((1, 2), np.float32), warnings=("w",))
    moved, _ = aligned(A, b, "rigid")
    assert moved.uvs is b.uvs
    assert moved.warnings == ("w",)


@pytest.mark.parametrize(
    ("b", "told"),
    [
        (CORNERS, None),
        (CORNERS * 1.05 + 0.1, None),
        (CORNERS @ turned(1.5).T, None),
        (CORNERS + np.array([0, 0, 1.4]), 'b.obj lies 1.4 units beside a.obj; align = "rigid" brings them together.'),
        (CORNERS * 100, 'b.obj is 100 times as large as a.obj; align = "similarity" brings them together.'),
        (CORNERS * 0.01, 'b.obj is 0.01 times as large as a.obj; align = "similarity" brings them together.'),
        (
            (CORNERS - CORNERS.mean(0)) @ turned(90).T * 100,
            (
                "b.obj is 100 times as large as a.obj, is turned by 90 degrees against it and lies 1.56 units beside "
                'it; align = "similarity" brings them together.'
            ),
        ),
    ],
)
def test_a_large_offset_is_told_with_what_helps_and_a_small_one_is_not(b, told) -> None:
    other = mesh(b, "b.obj")
    assert large(rigid_offset(A, other), A, other) == told


def test_an_offset_that_explains_nothing_is_a_difference_of_shape() -> None:
    a, b = soup(cloud(1)), soup(cloud(2), "b.obj")
    assert rigid_offset(a, b).rotation > 2
    assert large(rigid_offset(a, b), a, b) is None


@pytest.mark.data
def test_of_real_heads_only_those_that_lie_otherwise_are_told(data: Path) -> None:
    at = data / "meshes"
    neutral, other, jaw = (read(at / "ict" / f"{n}.obj") for n in ("generic_neutral_mesh", "identity000", "jawOpen"))
    in_centimetres = read(at / "fbx_blender/ict_neutral.fbx")
    deca, voca = read(at / "flame_deca/head_template.obj"), read(at / "flame_voca/texture_mesh.obj")
    assert large(rigid_offset(neutral, other), neutral, other) is None
    assert large(rigid_offset(neutral, jaw), neutral, jaw) is None
    assert "is 100 times as large" in str(large(rigid_offset(neutral, in_centimetres), neutral, in_centimetres))
    assert "2.31 degrees" in str(large(rigid_offset(deca, voca), deca, voca))
    moved, told = aligned(neutral, in_centimetres, "similarity")
    assert np.abs(moved.vertices - neutral.vertices).max() < 1e-5
    assert told.scale == pytest.approx(0.01)
