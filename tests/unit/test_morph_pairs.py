"""Which pairs there are, and which of them can be morphed."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.morph.mesh import Mesh
from pipelines.morph.pairs import pairs, why_not

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
    assert why.startswith("a.obj and b\\n.obj have equally many vertices and faces, but the faces are others: ")
    assert "triangle 2 joins vertices 1, 3, 4 in the first and 1, 4, 3 in the second" in why


def test_a_quad_and_the_two_triangles_of_its_fan_are_one_topology() -> None:
    assert why_not(A, replace(A, file="b.ply", face_count=2)) is None
