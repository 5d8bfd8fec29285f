"""The parametric head: each parameter moves what it says, and what comes of it is a sound, textured mesh."""

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.morph.head.files import PEOPLE, write_heads
from pipelines.morph.head.grid import COLUMNS, sculpted, topology, vertices
from pipelines.morph.head.shape import Anatomy, Shape
from pipelines.morph.read import read
from pipelines.morph.textures import Item


@functools.cache
def head(**parameters):
    return vertices(sculpted(Anatomy.of(Shape(**parameters))))


def near(points, x, y, reach=0.6):
    """The points of the front about a place of the front view, both sides."""
    there = np.hypot(np.abs(points[:, 0]) - x, points[:, 1] - y) < reach
    return points[there & (points[:, 2] > 0)]


def band(points, low, high, back=-99.0):
    return points[(points[:, 1] > low) & (points[:, 1] < high) & (points[:, 2] > back)]


def breadth(points):
    return float(np.ptp(points[:, 0]))


def nose_tip(points):
    return points[(np.abs(points[:, 0]) < 0.3) & (points[:, 1] > -6) & (points[:, 1] < -2)]


def tip_height(points):
    nose = nose_tip(points)
    return float(nose[np.argmax(nose[:, 2]), 1])


def across(points, y, z):
    """How broad the head is in front of z, at a height."""
    return breadth(band(points, y - 0.35, y + 0.35, z))


def chin_bottom(points):
    front = points[(np.abs(points[:, 0]) < 1.0) & (points[:, 2] > 5.5)]
    return float(front[:, 1].min())


def ear(points):
    return points[(np.abs(points[:, 0]) > 6.9) & (np.abs(points[:, 1] + 1.4) < 4.5) & (np.abs(points[:, 2] + 1.3) < 3)]


MEASURES = {
    "head_width": lambda p: breadth(band(p, 3, 8)),
    "cranium_height": lambda p: p[:, 1].max(),
    "face_length": lambda p: -chin_bottom(p),
    "brow_ridge": lambda p: near(p, 2.5, 2.0, 0.8)[:, 2].max(),
    "eye_size": lambda p: near(p, 3.15, 0.0, 0.8)[:, 2].max(),
    "eye_spacing": lambda p: near(p, 4.9, 0.0, 0.5)[:, 2].mean(),
    "eye_depth": lambda p: -near(p, 3.15, 0.0, 0.8)[:, 2].mean(),
    "cheekbones": lambda p: near(p, 4.6, -2.2, 0.8)[:, 2].mean(),
    "cheek_fullness": lambda p: near(p, 4.0, -5.2, 0.8)[:, 2].mean(),
    "nose_length": lambda p: nose_tip(p)[:, 2].max(),
    "nose_width": lambda p: near(p, 1.8, -4.65, 0.5)[:, 2].mean(),
    "nose_bridge": lambda p: near(p, 0.0, -0.8, 0.6)[:, 2].max(),
    "nose_tip_up": tip_height,
    "mouth_width": lambda p: near(p, 2.2, -7.1, 0.4)[:, 2].mean(),
    "lip_fullness": lambda p: near(p, 0.6, -7.8, 0.5)[:, 2].max(),
    "jaw_width": lambda p: across(p, -8.3, 1.0),
    "chin_length": lambda p: -chin_bottom(p),
    "chin_forward": lambda p: near(p, 0.0, -10.6, 0.7)[:, 2].max(),
    "ear_size": lambda p: float(np.ptp(ear(p)[:, 1])),
    "ear_flare": lambda p: breadth(ear(p)),
    "neck_width": lambda p: breadth(band(p, -15, -13)),
    "hair_volume": lambda p: p[:, 1].max(),
}


@pytest.mark.parametrize("parameter", MEASURES)
def test_a_parameter_moves_what_its_name_says(parameter):
    heads = head(**{parameter: -1.0}), head(), head(**{parameter: 1.0})
    low, middle, high = (MEASURES[parameter](points) for points in heads)
    assert low < middle < high
    assert high - low > 0.08


def test_long_hair_covers_the_ears_and_hangs_below_them():
    short, long = head(), head(hair_length=1.0)
    sides = [band(points, -9.5, -7.0)[:, 0].max() for points in (short, long)]
    assert sides[1] > sides[0] + 1.0


def test_every_parameter_is_tried_here():
    assert {*MEASURES, "hair_length"} == {field.name for field in dataclasses.fields(Shape)}
    assert len(dataclasses.fields(Shape)) >= 12


def test_a_parameter_out_of_bounds_is_refused_by_name():
    with pytest.raises(ValueError, match=r"nose_length = 2.0: it must be between -1.5 and 1.5"):
        Shape(nose_length=2.0)


@pytest.mark.parametrize("extreme", [-1.5, 1.5])
def test_a_head_of_extremes_is_still_one_sound_surface(extreme):
    points = head(**{field.name: extreme for field in dataclasses.fields(Shape)})
    assert np.isfinite(points).all()
    assert np.abs(points).max() < 19
    assert volume(points) > 3000


def triangles():
    shared = topology()
    return np.vstack([shared.quads[:, [0, 1, 2]], shared.quads[:, [0, 2, 3]], shared.triangles])


def volume(points):
    a, b, c = (points[triangles()[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def test_the_surface_is_closed_and_faces_outwards():
    directed = np.concatenate([triangles()[:, [i, (i + 1) % 3]] for i in range(3)])
    assert len(np.unique(directed, axis=0)) == len(directed)
    assert {tuple(edge) for edge in directed.tolist()} == {(b, a) for a, b in directed.tolist()}
    assert volume(head()) > 3000


def test_all_heads_have_one_topology_of_five_to_ten_thousand_vertices():
    count = {len(head(jaw_width=value)) for value in (-1.0, 1.0)}
    assert count == {triangles().max() + 1}
    assert 5000 <= count.pop() <= 10_000


def test_a_head_is_the_same_on_both_sides():
    points = head()
    other = points * [-1, 1, 1]
    rows = points[1:-1].reshape(-1, COLUMNS, 3)
    mirrored = np.roll(other[1:-1].reshape(-1, COLUMNS, 3)[:, ::-1], 1, axis=1)
    assert np.abs(rows - mirrored).max() < 0.01


def test_a_head_has_a_profile_with_nose_lips_and_chin():
    points = head()
    profile = points[(np.abs(points[:, 0]) < 0.15) & (points[:, 2] > 5)]
    height, depth = profile[:, 1], profile[:, 2]

    def at(y):
        return np.interp(-y, -height[np.argsort(-height)], depth[np.argsort(-height)])

    assert at(-4.1) > at(0.9) + 1.5
    assert at(-4.1) > at(-6.2) + 0.8
    assert at(-7.85) > at(-9.0) + 0.2
    assert at(-10.6) > at(-9.0)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("heads")
    return write_heads(folder)


def test_the_written_heads_are_read_back_textured_and_can_be_morphed(written):
    images = tuple(path.with_suffix(".png") for path in written)
    materials = tuple(path.with_suffix(".mtl") for path in written)
    item = Item(meshes=written, images=images, materials=materials)
    ada, bruno = (read(path, item) for path in written)
    assert np.array_equal(ada.faces, bruno.faces)
    assert ada.texture is not None
    assert bruno.texture is not None
    assert ada.warnings == bruno.warnings == ()


def test_two_people_differ_by_centimetres_not_by_a_breath(written):
    ada, bruno = (read(path) for path in written)
    moved = np.linalg.norm(ada.vertices - bruno.vertices, axis=1)
    assert moved.max() > 2.0
    assert moved.mean() > 0.5


def test_the_texture_has_eyes_lips_and_hair_where_the_shape_has_them(written):
    ada = Path(written[0])
    with Image.open(ada.with_suffix(".png")) as opened:
        picture = np.asarray(opened).astype(int)
    mesh = read(ada)
    anatomy = Anatomy.of(PEOPLE["ada"].shape)

    def colour(x, y):
        front = np.flatnonzero(mesh.vertices[:, 2] > 5)
        corner = front[np.argmin(np.hypot(mesh.vertices[front, 0] - x, mesh.vertices[front, 1] - y))]
        u, v = mesh.uvs[mesh.uv_faces[mesh.faces == corner][0]]
        return picture[int((1 - v) * 1023), int(u * 1023)]

    forehead, lip = colour(0.0, 3.5), colour(0.3, anatomy.mouth[1] - 0.5)
    white = colour(anatomy.eye[0] + 1.0, anatomy.eye[1])
    assert lip[0] - lip[1] > forehead[0] - forehead[1] + 30
    assert white.min() > forehead.min() + 20
    assert picture[:100].mean() < forehead.mean() - 60


def test_the_heads_are_the_same_every_time(written, tmp_path):
    again = write_heads(tmp_path, {"ada": PEOPLE["ada"]})
    assert again[0].read_bytes() == written[0].read_bytes()
    assert again[0].with_suffix(".png").read_bytes() == written[0].with_suffix(".png").read_bytes()
