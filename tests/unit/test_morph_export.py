"""The meshes that go out: OBJ for each step, and GLB."""

import io
import json
import struct
import time
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.morph.blend import blend, normals
from pipelines.morph.mesh import Mesh
from pipelines.morph.outputs.fans import begins
from pipelines.morph.outputs.gltf import glb
from pipelines.morph.outputs.meshes import OTHER_LAYOUT, covered, steps
from pipelines.morph.outputs.skins import matched, same_layout
from pipelines.morph.read import read
from pipelines.morph.textures import Item

CORNERS = np.array([[0.0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2], [1, 1, 1]])
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 4], [2, 3, 4], [3, 1, 4]], dtype=np.int32)
UVS = np.random.default_rng(5).random((9, 2)).astype(np.float32)
UV_FACES = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8], [1, 3, 5], [0, 2, 4], [8, 6, 2]], dtype=np.int32)
RED, BLUE = (np.full((32, 32, 3), colour, dtype=np.uint8) for colour in ((200, 20, 20), (20, 20, 200)))
NORMALS = normals(CORNERS, CORNERS, FACES)


def mesh(vertices=CORNERS, faces=FACES, **more):
    return Mesh(name="m", vertices=np.asarray(vertices, dtype=float), faces=faces, **{"face_count": len(faces), **more})


def clothed(vertices=CORNERS, **more):
    return mesh(vertices, **{"uvs": UVS, "uv_faces": UV_FACES, **more})


def written(folder, a, b, times=(0.0, 0.5, 1.0), pictures=None):
    series = steps(a, b, normals(a.vertices, b.vertices, a.faces), covered(a, b, pictures))
    series.write_shared(folder)
    for number, t in enumerate(times):
        series.write(folder, f"{number:04}", t)
    return folder


def loaded(path):
    return trimesh.load(path, process=False)


def corners_of(found):
    """Where each corner of each triangle is: the same however a loader splits vertices."""
    return np.asarray(found.vertices)[np.asarray(found.faces)]


def document(data: bytes):
    (length,) = struct.unpack_from("<I", data, 12)
    return json.loads(data[20 : 20 + length])


@pytest.mark.parametrize("size", [1e-5, 0.3, 20.0, 1800.0, 1e9])
@pytest.mark.parametrize("away", [0.0, 1e4])
def test_a_step_reloads_with_the_blended_vertices_whatever_the_unit(tmp_path, size, away):
    if away * 1e-11 > size * 1e-5:
        away = 0.0
    a, b = clothed(CORNERS * size + away), clothed((CORNERS + np.array([0, 0, 1.7])) * size + away)
    written(tmp_path, a, b)
    for number, t in enumerate((0.0, 0.5, 1.0)):
        wanted = blend(a.vertices, b.vertices, t)[FACES]
        assert np.abs(corners_of(loaded(tmp_path / f"{number:04}.obj")) - wanted).max() <= 1e-5 * size


def test_a_step_reloads_with_its_texture_coordinates_and_picture(tmp_path):
    found = loaded(written(tmp_path, clothed(), clothed(), pictures=(RED, RED)) / "0001.obj")
    assert np.asarray(found.visual.uv)[found.faces] == pytest.approx(UVS[UV_FACES], abs=1e-6)
    shown = np.asarray(found.visual.material.image.convert("RGB")).astype(int)
    assert np.abs(shown - RED).max() <= 3


def test_the_texture_goes_from_that_of_a_to_that_of_b(tmp_path):
    written(tmp_path, clothed(), clothed(), pictures=(RED, BLUE))
    reds = [np.asarray(loaded(tmp_path / f"{k:04}.obj").visual.material.image)[5, 5, 0].tolist() for k in range(3)]
    assert reds == pytest.approx([200, 110, 20], abs=3)


def test_a_step_has_the_normals_of_its_own_shape(tmp_path):
    a, b = clothed(), clothed(CORNERS * [3, 1, 1])
    written(tmp_path, a, b)
    text = (tmp_path / "0001.obj").read_text()
    found = np.array([line.split()[1:] for line in text.splitlines() if line.startswith("vn ")], dtype=float)
    assert np.abs(found - normals(a.vertices, b.vertices, FACES).at(0.5)).max() < 1e-3


def test_assimp_reads_a_step_with_texture_and_vertices(tmp_path):
    assimp = pytest.importorskip("assimp_py", reason='assimp-py is not installed: pip install "assimp-py<1.2"')
    written(tmp_path, clothed(), clothed(CORNERS * 2), pictures=(RED, BLUE))
    scene = assimp.import_file(str(tmp_path / "0001.obj"), assimp.Process_Triangulate)
    one = scene.meshes[0]
    found = np.asarray(one.vertices).reshape(-1, 3)[np.asarray(one.indices).reshape(-1, 3)]
    assert np.abs(found - 1.5 * CORNERS[FACES]).max() < 1e-5
    pictures = [path for material in scene.materials for paths in material["TEXTURES"].values() for path in paths]
    assert pictures == ["0001.jpg"]


def test_our_own_reader_reads_a_step_as_it_was(tmp_path):
    written(tmp_path, clothed(), clothed(CORNERS * 2), pictures=(RED, BLUE))
    images, libraries = sorted(tmp_path.glob("*.jpg")), sorted(tmp_path.glob("*.mtl"))
    found = read(tmp_path / "0002.obj", Item(images=tuple(images), materials=tuple(libraries)))
    assert np.array_equal(found.faces, FACES)
    assert found.texture is not None
    assert found.texture.origin == "0002.jpg"
    assert found.warnings == ()


def test_one_picture_for_both_is_written_once(tmp_path):
    written(tmp_path, clothed(), clothed(), pictures=(RED, RED.copy()))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0000.obj", "0001.obj", "0002.obj", "morph.jpg", "morph.mtl"]


def test_two_legs_of_a_chain_do_not_take_each_others_texture(tmp_path):
    for leg, picture in (("first", RED), ("second", BLUE)):
        series = steps(clothed(), clothed(), NORMALS, covered(clothed(), clothed(), (picture, picture)), leg)
        series.write_shared(tmp_path)
        series.write(tmp_path, leg, 0.0)
    for leg, picture in (("first.obj", RED), ("second.obj", BLUE)):
        image = np.asarray(loaded(tmp_path / leg).visual.material.image).astype(int)
        assert np.abs(image - picture).max() <= 3


def test_a_mesh_without_texture_has_a_material_and_no_picture(tmp_path):
    written(tmp_path, mesh(), mesh())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0000.obj", "0001.obj", "0002.obj", "morph.mtl"]
    assert b"map_Kd" not in (tmp_path / "morph.mtl").read_bytes()
    assert np.array_equal(corners_of(loaded(tmp_path / "0000.obj")), CORNERS[FACES])


def test_colours_of_vertices_are_blended_and_go_out(tmp_path):
    dark, light = np.zeros((5, 3), np.float32), np.ones((5, 3), np.float32)
    written(tmp_path, mesh(colors=dark), mesh(colors=light))
    found = loaded(tmp_path / "0001.obj").visual.vertex_colors
    assert np.abs(found[:, :3].astype(int) - 127).max() <= 1


def test_quads_go_out_as_quads(tmp_path):
    faces = np.array([[0, 1, 2], [0, 2, 3], [3, 2, 4], [3, 4, 1]], dtype=np.int32)
    a = mesh(faces=faces, face_count=2)
    written(tmp_path, a, a)
    lines = [line for line in (tmp_path / "0000.obj").read_text().splitlines() if line.startswith("f ")]
    assert lines == ["f 1//1 2//2 3//3 4//4", "f 4//4 3//3 5//5 2//2"]
    assert np.array_equal(read(tmp_path / "0000.obj", Item()).faces, faces)


def test_a_mesh_whose_triangles_only_look_like_quads_stays_triangles():
    faces = np.array([[0, 1, 2], [0, 2, 3], [3, 2, 4], [3, 4, 1]], dtype=np.int32)
    assert begins(mesh(faces=faces, face_count=4)).all()
    assert begins(mesh(faces=faces, face_count=3)).all()
    torn = np.array([[0, 1, 2], [3, 4, 5], [5, 4, 6], [5, 6, 7]], dtype=np.int32)
    assert begins(mesh(faces=faces, face_count=2, uvs=UVS, uv_faces=torn)).all()


def test_textures_that_are_laid_out_differently_are_not_blended_and_it_is_said():
    other = clothed(uvs=UVS[::-1].copy())
    assert not same_layout(clothed(), other)
    found = covered(clothed(), other, (RED, BLUE))
    assert len(found.pictures) == 1
    assert found.warnings == (OTHER_LAYOUT,)


def test_the_same_layout_by_other_indices_is_the_same_layout():
    turned = clothed(uvs=UVS[::-1].copy(), uv_faces=(8 - UV_FACES).astype(np.int32))
    assert same_layout(clothed(), turned)


def test_textures_of_two_sizes_are_blended_at_the_larger_but_never_above_the_limit():
    small, large = np.zeros((16, 16, 3), np.uint8), np.zeros((64, 32, 3), np.uint8)
    assert [p.size for p in matched(small, large)] == [(32, 64)] * 2
    huge = np.zeros((8, 4096, 3), np.uint8)
    assert [p.size for p in matched(huge, huge)] == [(2048, 4)] * 2


def test_a_glb_holds_a_and_b_as_base_and_target(tmp_path):
    a, b = clothed(CORNERS + 1e5), clothed(CORNERS * [1, 2, 3] + 1e5)
    data = glb(a, b, normals(a.vertices, b.vertices, FACES), (RED, BLUE), 2.0)
    scene = trimesh.load(io.BytesIO(data), file_type="glb", process=False)
    found = scene.to_mesh()
    assert np.abs(corners_of(found) - a.vertices[FACES]).max() < 1e-5
    assert np.asarray(found.visual.uv)[found.faces] == pytest.approx(UVS[UV_FACES], abs=1e-6)
    read_document = document(data)
    target = read_document["meshes"][0]["primitives"][0]["targets"][0]["POSITION"]
    assert read_document["accessors"][target]["max"] == [0.0, 2.0, 4.0]
    assert struct.unpack_from("<4sII", data) == (b"glTF", 2, len(data))


def test_a_glb_holds_both_textures_and_shows_that_of_a():
    data = glb(clothed(), clothed(), NORMALS, (RED, BLUE), 2.0)
    found = document(data)
    assert [m["name"] for m in found["materials"]] == ["A", "B"]
    assert found["meshes"][0]["primitives"][0]["material"] == 0
    start = 28 + struct.unpack_from("<I", data, 12)[0]
    for view, colour in zip((found["bufferViews"][i["bufferView"]] for i in found["images"]), (RED, BLUE), strict=True):
        at = start + view["byteOffset"]
        picture = np.asarray(Image.open(io.BytesIO(data[at : at + view["byteLength"]])))
        assert np.abs(picture.astype(int) - colour).max() <= 3


def test_the_animation_of_a_glb_goes_from_a_to_b_in_the_films_time():
    data = glb(mesh(), mesh(CORNERS * 2), normals(CORNERS, CORNERS * 2, FACES), None, 2.5)
    found = document(data)
    sampler = found["animations"][0]["samplers"][0]
    ends = [(found["accessors"][sampler[k]]["min"], found["accessors"][sampler[k]]["max"]) for k in ("input", "output")]
    assert ends == [([0.0], [2.5]), ([0.0], [1.0])]
    assert found["animations"][0]["channels"][0]["target"] == {"node": 0, "path": "weights"}


def test_assimp_reads_the_morph_target_of_a_glb(tmp_path):
    assimp = pytest.importorskip("assimp_py", reason='assimp-py is not installed: pip install "assimp-py<1.2"')
    (tmp_path / "m.glb").write_bytes(glb(mesh(), mesh(CORNERS * 2), normals(CORNERS, CORNERS * 2, FACES), None, 2.0))
    scene = assimp.import_file(str(tmp_path / "m.glb"), assimp.Process_Triangulate)
    assert len(scene.meshes[0].indices) == FACES.size


def test_our_own_reader_reads_a_glb(tmp_path):
    (tmp_path / "m.glb").write_bytes(glb(clothed(), clothed(), NORMALS, (RED, BLUE), 2.0))
    found = read(tmp_path / "m.glb", Item())
    assert np.abs(found.vertices[found.faces] - CORNERS[FACES]).max() < 1e-6
    assert found.texture is not None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(4, 30), st.integers(1, 40), st.booleans())
def test_any_mesh_of_any_topology_comes_back_as_it_went_out(tmp_path_factory, seed, vertices, triangles, textured):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, vertices, 3)) * 10.0 ** rng.integers(-4, 5)
    faces = rng.integers(0, vertices, (triangles, 3)).astype(np.int32)
    one, two = (mesh(v, faces, face_count=int(rng.integers(1, triangles + 1))) for v in (a, b))
    if textured:
        cover = {
            "uvs": rng.random((7, 2)).astype(np.float32),
            "uv_faces": rng.integers(0, 7, faces.shape).astype(np.int32),
        }
        one, two = replace(one, **cover), replace(two, **cover)
    series = steps(one, two, normals(a, b, faces), covered(one, two, None))
    lines = b"".join(series.obj(0.25, "morph.mtl")).decode("ascii").splitlines()
    points = np.array([line.split()[1:] for line in lines if line.startswith("v ")], dtype=float)
    assert np.abs(points - blend(a, b, 0.25)).max() <= 1e-5 * np.ptp(a, axis=0).max()
    again = []
    for line in lines:
        if line.startswith("f "):
            first, *rest = [int(corner.split("/")[0]) - 1 for corner in line.split()[1:]]
            again += [[first, *rest[k : k + 2]] for k in range(len(rest) - 1)]
    assert again == faces.tolist()
    assert len(glb(one, two, normals(a, b, faces), None, 1.0)) % 4 == 0


@pytest.mark.data
def test_forty_one_heads_of_26719_vertices_are_written_in_a_second_and_a_bit(data, tmp_path):
    a, b = (read(data / "meshes" / "ict" / f"{name}.obj", Item()) for name in ("generic_neutral_mesh", "identity000"))
    shades = normals(a.vertices, b.vertices, a.faces)
    began = time.process_time()
    series = steps(a, b, shades, covered(a, b, None))
    series.write_shared(tmp_path)
    for k in range(41):
        series.write(tmp_path, f"{k:04}", k / 40)
    assert time.process_time() - began < 1.2
    found = loaded(tmp_path / "0020.obj")
    wanted = blend(a.vertices, b.vertices, 0.5)[a.faces]
    assert np.abs(corners_of(found) - wanted).max() < 1e-5 * np.ptp(a.vertices, axis=0).max()
