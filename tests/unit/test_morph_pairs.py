"""Which pairs there are, and which of them can be morphed."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.morph.mesh import Mesh, usable
from pipelines.morph.pairs import matched, pairs, why_not
from pipelines.morph.polygons import Polygons

A = Mesh(
    name="a",
    file="a.obj",
    vertices=np.eye(4, 3),
    faces=np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32),
    face_count=1,
)


def test_four_meshes_make_six_pairs_in_natural_order() -> None:
    assert pairs(["f10", "f2", "F1", "g"]) == (
        ("F1", "f2"),
        ("F1", "f10"),
        ("F1", "g"),
        ("f2", "f10"),
        ("f2", "g"),
        ("f10", "g"),
    )


@given(st.lists(st.text(), unique=True, max_size=12))
def test_pairs_do_not_depend_on_the_order_of_the_names_and_none_is_missing(names: list[str]) -> None:
    found = pairs(names)
    assert found == pairs(reversed(names))
    assert {frozenset(pair) for pair in found} == {frozenset((x, y)) for x in names for y in names if x != y}
    assert len(found) == len(names) * (len(names) - 1) // 2


def test_one_topology_can_be_morphed_whatever_the_texture_coordinates() -> None:
    b = replace(A, file="b.obj", vertices=A.vertices + 1, uvs=np.zeros((1, 2), np.float32), uv_faces=A.faces * 0)
    assert why_not(A, b) is None


def test_other_counts_are_told_of_both_meshes() -> None:
    large = replace(A, vertices=np.zeros((26719, 3)), faces=np.zeros((52220, 3), np.int32), face_count=26384)
    small = replace(A, file="b.obj", vertices=np.zeros((5023, 3)), faces=np.zeros((9976, 3), np.int32), face_count=9976)
    assert why_not(large, small) == (
        "a.obj has 26,719 vertices and 26,384 faces (52,220 triangles), b.obj has 5,023 vertices and 9,976 faces. "
        "A morph needs two meshes made from one base mesh, with the same vertices in the same order."
    )


def test_equal_counts_with_other_faces_are_told_with_the_first_difference() -> None:
    b = replace(A, file="b\n.obj", faces=np.array([[0, 1, 2], [0, 3, 2]], dtype=np.int32))
    why = why_not(A, b)
    assert why is not None
    assert why.startswith("a.obj and b\\n.obj have equally many vertices and triangles, but the faces are others: ")
    assert "triangle 2 joins vertices 1, 3, 4 in the first and 1, 4, 3 in the second" in why


def test_a_quad_and_the_two_triangles_of_its_fan_are_one_topology() -> None:
    assert why_not(A, replace(A, file="b.ply", face_count=2)) is None


QUADS = Polygons(
    vertices=np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 1], [2, 0, 1], [2, 1, 1]]),
    corners=np.array([0, 1, 2, 3, 1, 5, 6, 2, 0, 1, 4, 1, 2, 4, 2, 3, 4, 3, 0, 4]),
    sizes=np.array([4, 4, 3, 3, 3, 3]),
    uvs=np.arange(40.0).reshape(20, 2),
    uv_corners=np.arange(20),
)


def shuffled(polygons: Polygons, seed: int) -> Polygons:
    """The same faces in another order, each beginning at another corner, its texture coordinates with it."""
    rng = np.random.default_rng(seed)
    starts = np.cumsum(polygons.sizes) - polygons.sizes
    rows = [np.roll(np.arange(n) + start, rng.integers(n)) for start, n in zip(starts, polygons.sizes, strict=True)]
    order = rng.permutation(len(rows))
    places = np.concatenate([rows[k] for k in order])
    assert polygons.uv_corners is not None
    return replace(
        polygons,
        corners=polygons.corners[places],
        uv_corners=polygons.uv_corners[places],
        sizes=polygons.sizes[order],
    )


@given(st.integers(0, 2**32 - 1))
def test_faces_in_another_order_that_begin_elsewhere_are_put_as_the_first_mesh_has_them(seed: int) -> None:
    a, b = usable(QUADS, "a.obj"), usable(shuffled(QUADS, seed), "b.obj")
    found = matched(a, b)
    assert isinstance(found, Mesh)
    assert found.name == "b"
    assert np.array_equal(found.faces, a.faces)
    assert found.uv_faces is not None
    assert found.uvs is not None
    assert a.uvs is not None
    assert np.array_equal(found.uvs[found.uv_faces], a.uvs[a.uv_faces])


@given(st.integers(0, 2**32 - 1))
def test_quads_and_their_triangles_in_another_order_are_one_topology(seed: int) -> None:
    a = usable(QUADS, "a.obj")
    cut = Polygons(
        vertices=QUADS.vertices,
        corners=a.faces.reshape(-1),
        sizes=np.full(len(a.faces), 3),
        uvs=a.uvs,
        uv_corners=np.asarray(a.uv_faces).reshape(-1),
    )
    found = matched(a, usable(shuffled(cut, seed), "b.ply"))
    assert isinstance(found, Mesh)
    assert np.array_equal(found.faces, a.faces)
    assert np.array_equal(np.asarray(found.uvs)[found.uv_faces], np.asarray(a.uvs)[a.uv_faces])


def test_a_mesh_without_texture_coordinates_is_put_in_order_too() -> None:
    bare = replace(QUADS, uvs=None, uv_corners=None)
    found = matched(usable(bare, "a.obj"), replace(usable(shuffled(QUADS, 1), "b.obj"), uvs=None, uv_faces=None))
    assert isinstance(found, Mesh)
    assert found.uv_faces is None


def test_equal_faces_leave_the_second_mesh_as_it_is() -> None:
    b = replace(A, file="b.obj", vertices=A.vertices + 1)
    assert matched(A, b) is b


@given(st.integers(0, 2**32 - 1), st.integers(0, 19), st.integers(1, 6))
def test_one_corner_at_another_vertex_is_another_topology(seed: int, corner: int, step: int) -> None:
    corners = QUADS.corners.copy()
    corners[corner] = (corners[corner] + step) % 7
    other = shuffled(replace(QUADS, corners=corners), seed)
    assert isinstance(matched(usable(QUADS, "a.obj"), usable(other, "b.obj")), str)


def test_other_diagonals_of_the_same_quads_are_told_with_what_helps() -> None:
    a = usable(QUADS, "a.obj")
    faces = a.faces.copy()
    faces[:2] = [[0, 1, 3], [1, 2, 3]]
    why = why_not(a, replace(a, file="b.obj", faces=faces, face_count=len(faces), sizes=None))
    assert why is not None
    assert why.endswith("One of the two was cut into triangles otherwise: export both with their polygons.")
