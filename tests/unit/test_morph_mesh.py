"""What makes a mesh usable, and what a texture decodes to."""

import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.morph.mesh import BadPicture, Texture, fanned, usable
from pipelines.morph.polygons import Damaged, Polygons

PYRAMID = Polygons(
    vertices=np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 1]]),
    corners=np.array([0, 1, 2, 3, 0, 1, 4]),
    sizes=np.array([4, 3]),
)


def png(width: int = 2, height: int = 2, color: tuple[int, int, int] = (200, 100, 50)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), color).save(file, "PNG")
    return file.getvalue()


def test_polygons_are_fanned_from_their_first_corner() -> None:
    assert fanned(np.array([3, 5, 4])).tolist() == [[0, 1, 2], [3, 4, 5], [3, 5, 6], [3, 6, 7], [8, 9, 10], [8, 10, 11]]


def test_a_usable_mesh_keeps_its_vertices_and_counts_its_polygons() -> None:
    mesh = usable(PYRAMID, "head.obj")
    assert (mesh.name, mesh.face_count) == ("head", 2)
    assert mesh.vertices.dtype == np.float64
    assert (mesh.vertices == PYRAMID.vertices).all()
    assert mesh.faces.tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 4]]
    assert mesh.faces.dtype == np.int32


def test_vertices_that_no_face_uses_are_kept_and_known() -> None:
    stray = replace(
        PYRAMID, vertices=np.vstack([PYRAMID.vertices, [[9.0, 9, 9]]]), corners=PYRAMID.corners[4:], sizes=np.array([3])
    )
    mesh = usable(stray, "head.obj")
    assert len(mesh.vertices) == 6
    assert mesh.used.tolist() == [0, 1, 4]


def test_the_sizes_of_polygons_are_kept_where_not_all_are_triangles() -> None:
    sizes = usable(PYRAMID, "head.obj").sizes
    assert sizes is not None
    assert sizes.tolist() == [4, 3]
    assert usable(replace(PYRAMID, corners=PYRAMID.corners[1:], sizes=np.array([3, 3])), "head.obj").sizes is None


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_vertex_that_is_not_finite_is_told_by_its_number(value: float) -> None:
    vertices = PYRAMID.vertices.copy()
    vertices[3, 1] = value
    with pytest.raises(Damaged, match=r"1 vertex is not finite; the first is vertex 4: \(0, -?(nan|inf), 0\)"):
        usable(replace(PYRAMID, vertices=vertices), "head.obj")


def test_a_face_that_points_past_the_vertices_is_told_by_its_number() -> None:
    with pytest.raises(Damaged, match="face 2 points to vertex 6, but there are only 5"):
        usable(replace(PYRAMID, corners=np.array([0, 1, 2, 3, 0, 1, 5])), "head.obj")


def test_a_point_cloud_is_no_mesh() -> None:
    cloud = replace(PYRAMID, corners=np.zeros(0, dtype=np.int64), sizes=np.zeros(0, dtype=np.int64))
    with pytest.raises(Damaged, match="5 vertices and no faces"):
        usable(cloud, "scan.ply")


def test_three_vertices_are_no_head() -> None:
    with pytest.raises(Damaged, match="3 vertices, and a head needs at least 4"):
        usable(Polygons(vertices=np.eye(3), corners=np.arange(3), sizes=np.array([3])), "t.obj")


def test_vertices_at_one_point_are_refused() -> None:
    with pytest.raises(Damaged, match="lie at one point"):
        usable(replace(PYRAMID, vertices=np.ones((5, 3))), "head.obj")


def test_faces_without_an_area_are_refused() -> None:
    with pytest.raises(Damaged, match="none of its 3 triangles has an area"):
        usable(replace(PYRAMID, vertices=np.outer(np.arange(5.0), [1, 2, 3])), "head.obj")


def test_a_coordinate_beyond_any_head_is_refused() -> None:
    with pytest.raises(Damaged, match=r"2e\+300 is beyond any head"):
        usable(replace(PYRAMID, vertices=PYRAMID.vertices * 2e300), "head.obj")


def test_corners_without_texture_coordinates_get_one_of_their_own() -> None:
    mesh = usable(
        replace(PYRAMID, uvs=np.array([[0.25, 0.5]]), uv_corners=np.array([0, 0, 0, 0, -1, -1, -1])), "head.obj"
    )
    assert mesh.uvs is not None
    assert mesh.uv_faces is not None
    assert mesh.uvs.tolist() == [[0.25, 0.5], [0.0, 0.0]]
    assert mesh.uv_faces.tolist() == [[0, 0, 0], [0, 0, 0], [1, 1, 1]]
    assert "3 corners" in mesh.warnings[0]


def test_texture_coordinates_that_are_not_finite_are_left_out_with_a_warning() -> None:
    mesh = usable(replace(PYRAMID, uvs=np.array([[np.nan, 0.0]]), uv_corners=np.zeros(7, dtype=np.int64)), "head.obj")
    assert mesh.uvs is None
    assert "not finite" in mesh.warnings[0]


def test_colors_are_kept_between_0_and_1() -> None:
    mesh = usable(replace(PYRAMID, colors=np.full((5, 3), 1.5)), "head.ply")
    assert mesh.colors is not None
    assert (mesh.colors == 1.0).all()


def test_a_texture_is_rgb_with_its_first_row_on_top(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (2, 2), (0, 0, 0, 0))
    picture.putpixel((1, 0), (255, 128, 7, 255))
    picture.save(tmp_path / "t.png")
    pixels = Texture(origin="t.png", source=tmp_path / "t.png").pixels()
    assert pixels.dtype == np.uint8
    assert pixels[0, 1].tolist() == [255, 128, 7]
    assert pixels.shape == (2, 2, 3)


def test_a_grey_texture_of_16_bits_keeps_its_shades() -> None:
    file = io.BytesIO()
    Image.fromarray(np.full((2, 2), 0x8000, dtype=np.uint16)).save(file, "PNG")
    assert (Texture(origin="grey.png", source=file.getvalue()).pixels() == 0x80).all()


def test_a_picture_that_is_cut_short_is_told() -> None:
    with pytest.raises(BadPicture, match="cannot be read as a picture"):
        Texture(origin="t.png", source=png(64, 64)[:-40]).pixels()


@pytest.mark.parametrize("side", [9_000, 60_000])
def test_a_picture_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(BadPicture, match="64 million"):
        Texture(origin="bomb.png", source=bomb).pixels()
