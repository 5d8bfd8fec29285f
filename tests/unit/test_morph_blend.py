"""The arithmetic of a blend."""

from itertools import pairwise

import numpy as np
import pytest
from beartype import beartype
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from jaxtyping import TypeCheckError, jaxtyped

from pipelines.morph.blend import Easing, _coincident, _hashed, blend, displacement, moments, normals

TETRAHEDRON = np.array([[0.0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2]])
LARGER = np.array([[0.0, 0, 0], [6, 0, 0], [0, 2, 4], [0, 0, 10]])
OUTWARDS = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], dtype=np.int32)
meshes = arrays(np.float64, (6, 3), elements=st.floats(-100, 100, width=32))
triangles = arrays(np.int32, (7, 3), elements=st.integers(0, 5))


def slow_normals(vertices, faces):
    """The obvious way: one triangle after another, each vertex's places one by one."""
    summed = np.zeros_like(vertices)
    for face in faces:
        a, b, c = vertices[face]
        for corner in face:
            summed[corner] += np.cross(b - a, c - a)
    return summed


def test_the_ends_of_a_blend_are_its_meshes_to_the_last_bit():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 500, 3)) * 1e3
    assert np.array_equal(blend(a, b, 0.0), a)
    assert np.array_equal(blend(a, b, 1.0), b)


def test_the_middle_of_a_tetrahedron_and_a_larger_one_is_their_mean():
    expected = [[0, 0, 0], [4, 0, 0], [0, 2, 2], [0, 0, 6]]
    assert blend(TETRAHEDRON, LARGER, 0.5).tolist() == expected


def test_frame_k_of_a_tetrahedron_is_what_a_person_computes():
    first_of_four = blend(TETRAHEDRON, LARGER, moments(5)[1])
    assert first_of_four.tolist() == [[0, 0, 0], [3, 0, 0], [0, 2, 1], [0, 0, 4]]


@given(st.integers(2, 2001))
def test_frames_are_evenly_spread_from_exactly_0_to_exactly_1(frames):
    times = moments(frames)
    assert (len(times), times[0], times[-1]) == (frames, 0.0, 1.0)
    assert np.allclose(np.diff(times), 1 / (frames - 1))


def test_frame_20_of_41_is_the_mean():
    assert moments(41)[20] == 0.5


def test_the_outer_corner_of_a_tetrahedron_has_the_normal_that_its_three_faces_give():
    found = normals(TETRAHEDRON, TETRAHEDRON, OUTWARDS)
    assert found.start[0].tolist() == [-4, -4, -4]
    assert found.at(0.0)[0] == pytest.approx([-(3**-0.5)] * 3)


@given(meshes, meshes, triangles, st.floats(0, 1))
def test_the_normals_of_any_blend_are_those_of_the_blended_mesh(a, b, faces, t):
    found = normals(a + np.arange(18).reshape(6, 3) * 1e-3, b, faces)  # no two vertices coincide
    a = a + np.arange(18).reshape(6, 3) * 1e-3
    if len(np.unique(np.hstack([a, b]), axis=0)) < 6:
        return
    at = (1 - t) ** 2 * found.start + 2 * t * (1 - t) * found.middle + t**2 * found.end
    assert np.allclose(at, slow_normals(blend(a, b, t), faces), atol=1e-6 * 4e4)


def test_vertices_split_at_a_seam_share_their_normal():
    split = np.vstack([TETRAHEDRON, TETRAHEDRON[1:2]])
    faces = np.array([[0, 2, 1], [0, 4, 3], [0, 3, 2], [4, 2, 3]], dtype=np.int32)
    found = normals(split, split, faces).at(0.0)
    assert np.array_equal(found[1], found[4])


def test_vertices_that_part_later_do_not_share_a_normal():
    closed = np.vstack([TETRAHEDRON, TETRAHEDRON[1:2]])
    parted = closed + np.array([[0, 0, 0]] * 4 + [[1.0, 0, 0]])
    faces = np.array([[0, 2, 1], [0, 4, 3], [0, 3, 2], [4, 2, 3]], dtype=np.int32)
    found = normals(closed, parted, faces).at(0.0)
    assert not np.array_equal(found[1], found[4])


def test_two_places_that_have_one_number_by_chance_are_still_two():
    one = np.array([[1.0, 2.0, 0.0]])
    two = np.array([[1.5, 0.0, 0.0]])
    numbers = [int(_hashed(np.array([[row[0, 0]]]))[0]) for row in (one, two)]
    mixed = [bits ^ (bits >> 32) for bits in (numbers[0] ^ numbers[1], int(one.view(np.uint64)[0, 1]))]
    two.view(np.uint64)[0, 1] = mixed[0] ^ mixed[1] ^ (mixed[1] >> 32)
    both = np.vstack([one, two, one])
    assert len(set(_hashed(both).tolist())) == 1  # else the test shows nothing
    owner, count = _coincident(both, both * 0.0)
    assert (count, owner[0] == owner[2], owner[0] == owner[1]) == (2, True, False)


def test_a_vertex_without_any_area_has_a_zero_normal_and_no_warning():
    point = np.zeros((3, 3))
    assert not normals(point, point, np.array([[0, 1, 2]], dtype=np.int32)).at(0.3).any()


def test_displacement_is_told_in_the_meshes_unit_and_in_percent_of_the_height():
    found = displacement(TETRAHEDRON, TETRAHEDRON + np.array([[0, 0, 0], [3.0, 4, 0], [0, 0, 0], [0, 0, 1]]))
    assert (found.largest, found.mean) == (5.0, 1.5)
    assert (found.largest_percent, found.mean_percent) == (250.0, 75.0)


def test_a_flat_mesh_has_a_displacement_too():
    flat = TETRAHEDRON * [1, 0, 1]
    assert displacement(flat, flat + 1.0).largest_percent == 0.0


def test_shapes_in_signatures_are_true_and_a_wrong_one_is_found():
    checked = jaxtyped(typechecker=beartype)(blend)
    assert checked(TETRAHEDRON, LARGER, 0.5).shape == (4, 3)
    with pytest.raises(TypeCheckError):
        checked(TETRAHEDRON[:, :2], LARGER, 0.5)


@pytest.mark.parametrize("easing", list(Easing))
def test_every_easing_starts_at_exactly_0_ends_at_exactly_1_and_never_goes_back(easing):
    steps = moments(41, easing)
    assert (steps[0], steps[-1], len(steps)) == (0.0, 1.0, 41)
    assert all(earlier < later for earlier, later in pairwise(steps))


def test_easings_are_slow_where_their_names_say():
    first, last = ({easing: moments(11, easing)[at] for easing in Easing} for at in (1, 9))
    assert first[Easing.EASE_IN] < first[Easing.SMOOTH] < first[Easing.LINEAR] < first[Easing.EASE_OUT]
    assert last[Easing.EASE_IN] < last[Easing.LINEAR] < last[Easing.SINE] < last[Easing.EASE_OUT]
