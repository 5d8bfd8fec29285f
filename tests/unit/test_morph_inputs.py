"""What people drop: mixed formats, several parts, polygons, colours, textures of other sizes, read-only folders."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from pipelines.contract import EXIT_BAD_INPUT, Result, dump, read_refusal, read_result, serve, stage_folder
from pipelines.contract.exchange import Input, Request
from pipelines.morph.mesh import Mesh
from pipelines.morph.pairs import matched
from pipelines.morph.read import read
from pipelines.morph.stage import morph
from pipelines.morph.textures import Item

CORNERS = np.array([[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0], [1, 1, 1]], dtype=float)
FACES = ((0, 1, 2, 3), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4))
KINDS = {".obj": "mesh", ".ply": "mesh", ".fbx": "mesh", ".glb": "mesh", ".png": "texture", ".mtl": "material"}
RED, BLUE = (220, 20, 20), (20, 20, 220)


def obj(vertices=CORNERS, faces=FACES, head: str = "", *, uvs: bool = False) -> bytes:
    lines = [f"v {x} {y} {z}" for x, y, z in np.asarray(vertices).tolist()]
    mark = "{0}/{0}" if uvs else "{0}"
    if uvs:
        lines += [f"vt {x / 2} {y / 2}" for x, y, _ in np.asarray(vertices).tolist()]
    lines += ["f " + " ".join(mark.format(v + 1) for v in face) for face in faces]
    return (head + "\n".join(lines) + "\n").encode()


def fbx(vertices=CORNERS) -> bytes:
    numbers = ",".join(f"{x:g}" for x in np.asarray(vertices).reshape(-1))
    return f"""; FBX 7.4.0 project file
FBXHeaderExtension:  {{
	FBXHeaderVersion: 1003
	FBXVersion: 7400
}}
Objects:  {{
	Geometry: 1, "Geometry::", "Mesh" {{
		Vertices: *15 {{
			a: {numbers}
		}}
		PolygonVertexIndex: *16 {{
			a: 0,1,2,-4,0,1,-5,1,2,-5,2,3,-5,3,0,-5
		}}
	}}
	Model: 2, "Model::head", "Mesh" {{
	}}
}}
Connections:  {{
	C: "OO",2,0
	C: "OO",1,2
}}
""".encode()


def png(colour: tuple[int, int, int], size: tuple[int, int]) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", size, colour).save(held, "PNG")
    return held.getvalue()


def colored_ply(colour: tuple[int, int, int], stretch: float = 1.0) -> bytes:
    head = "ply\nformat ascii 1.0\nelement vertex 5\nproperty float x\nproperty float y\nproperty float z\n"
    head += "property uchar red\nproperty uchar green\nproperty uchar blue\nelement face 5\n"
    head += "property list uchar int vertex_indices\nend_header\n"
    rows = ["{} {} {} {} {} {}".format(*v, *colour) for v in (CORNERS * [stretch, 1, 1]).tolist()]
    return (head + "\n".join([*rows, *(" ".join(map(str, (len(f), *f))) for f in FACES)]) + "\n").encode()


def job(folder: Path, files: dict[str, bytes]) -> Path:
    inputs = []
    (folder / "in").mkdir()
    for name, data in files.items():
        path = folder / "in" / name
        path.write_bytes(data)
        inputs.append(Input(path=f"in/{name}", role=KINDS[path.suffix], size=len(data), sha256=""))
    request = Request(
        job="j",
        pipeline="morph",
        name="n",
        inputs=tuple(inputs),
        options={"frames": 2, "resolution": 64},
    )
    (folder / "request.json").write_bytes(dump(request))
    return folder


def result(folder: Path) -> Result:
    assert serve({"morph": morph}, ["morph", str(folder)]) == 0
    found = read_result(stage_folder(folder, "morph"))
    assert found is not None
    return found


def colours(folder: Path) -> list[np.ndarray]:
    """The mean colour of what is not background, of each frame."""
    made = stage_folder(folder, "morph") / "result" / "frames"
    pictures = [np.asarray(Image.open(path)).astype(float) for path in sorted(made.iterdir())]
    return [picture[(picture != picture[0, 0]).any(axis=2)].mean(axis=0) for picture in pictures]


def both(folder: Path, **files: bytes) -> tuple[Mesh, Mesh]:
    paths = [folder / name.replace("_", ".") for name in files]
    for path, data in zip(paths, files.values(), strict=True):
        path.write_bytes(data)
    a, b = (read(path, Item(meshes=tuple(paths))) for path in paths)
    return a, b


@pytest.mark.parametrize("other", ["obj", "fbx"])
def test_an_obj_and_an_fbx_of_one_topology_are_morphed(tmp_path: Path, other: str) -> None:
    files = {"a.obj": obj(), f"b.{other}": {"obj": obj, "fbx": fbx}[other](CORNERS * [1.5, 1, 1])}
    found = result(job(tmp_path, files))
    assert not found.faults
    assert found.figures["pairs"]["a__b"]["vertices"] == 5
    assert all(np.isfinite(colours(tmp_path)).ravel())


def test_quads_of_an_obj_are_the_triangles_of_a_glb(tmp_path: Path) -> None:
    cut = [(f[0], *f[k : k + 2]) for f in FACES for k in range(1, len(f) - 1)]
    data = trimesh.Trimesh(CORNERS * 2, cut, process=False).export(file_type="glb")
    a, b = both(tmp_path, a_obj=obj(), b_glb=data)
    assert isinstance(matched(a, b), Mesh)


def test_polygons_with_many_corners_are_one_face_each(tmp_path: Path) -> None:
    angles = np.arange(7) * 2 * np.pi / 7
    ring = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    faces = (tuple(range(7)), *((k, (k + 1) % 7, 7) for k in range(7)))
    vertices = np.vstack([ring, [0, 0, 1]])
    a, b = both(tmp_path, a_obj=obj(vertices, faces), b_obj=obj(vertices * 2, faces))
    assert (a.face_count, len(a.faces)) == (8, 12)
    assert matched(a, b) is b


def test_the_parts_of_an_obj_are_those_of_a_glb_in_the_same_order(tmp_path: Path) -> None:
    cut = np.array([(f[0], *f[k : k + 2]) for f in FACES for k in range(1, len(f) - 1)])
    second = [tuple(v + 5 for v in f) for f in FACES]
    lines = obj(np.vstack([CORNERS, CORNERS + 5]), (*FACES, *second)).decode().splitlines()
    lines.insert(10, "o head")
    lines.insert(16, "g eyes")
    scene = trimesh.Scene()
    scene.add_geometry(trimesh.Trimesh(CORNERS, cut, process=False))
    away = trimesh.transformations.translation_matrix([5, 5, 5])
    scene.add_geometry(trimesh.Trimesh(CORNERS, cut, process=False), transform=away)
    a, b = both(tmp_path, a_obj="\n".join(lines).encode(), b_glb=scene.export(file_type="glb"))
    assert isinstance(matched(a, b), Mesh)
    assert np.allclose(a.vertices, b.vertices)


def test_colours_of_vertices_are_shown_and_go_from_the_one_to_the_other(tmp_path: Path) -> None:
    result(job(tmp_path, {"a.ply": colored_ply(RED), "b.ply": colored_ply(BLUE, 1.5)}))
    first, last = colours(tmp_path)
    assert first[0] > first[2] + 60
    assert last[2] > last[0] + 60


def test_textures_of_different_sizes_go_from_the_one_to_the_other(tmp_path: Path) -> None:
    files = {
        "a.obj": obj(uvs=True),
        "b.obj": obj(CORNERS * [1.5, 1, 1], uvs=True),
        "a.png": png(RED, (8, 8)),
        "b.png": png(BLUE, (100, 37)),
    }
    found = result(job(tmp_path, files))
    first, last = colours(tmp_path)
    assert first[0] > first[2] + 60
    assert last[2] > last[0] + 60
    assert found.figures["pairs"]["a__b"]["textured"]


def test_meshes_without_texture_coordinates_are_shown_plain_and_their_picture_is_told(tmp_path: Path) -> None:
    found = result(job(tmp_path, {"a.obj": obj(), "b.obj": obj(CORNERS * 1.1), "skin.png": png(RED, (8, 8))}))
    assert all(np.ptp(colour) < 30 for colour in colours(tmp_path))
    assert any("a.obj: it has no texture coordinates, so skin.png is not used" in w for w in found.warnings)


def test_nothing_is_written_beside_the_inputs_whatever_their_format(tmp_path: Path) -> None:
    files = {
        "a.obj": obj(uvs=True, head="mtllib a.mtl\nusemtl m\n"),
        "b.fbx": fbx(CORNERS * 1.2),
        "c.ply": colored_ply(RED),
        "a.mtl": b"newmtl m\nmap_Kd a.png\n",
        "a.png": png(RED, (8, 8)),
    }
    folder = job(tmp_path, files)
    for path in (folder / "in").iterdir():
        path.chmod(0o400)
    (folder / "in").chmod(0o500)
    before = {
        p.name: (hashlib.sha256(p.read_bytes()).digest(), p.stat().st_mtime_ns) for p in (folder / "in").iterdir()
    }
    at = (folder / "in").stat().st_mtime_ns
    result(folder)
    (folder / "in").chmod(0o700)
    after = {p.name: (hashlib.sha256(p.read_bytes()).digest(), p.stat().st_mtime_ns) for p in (folder / "in").iterdir()}
    assert after == before
    assert (folder / "in").stat().st_mtime_ns == at


def test_equal_counts_with_other_faces_are_refused_with_the_first_difference(tmp_path: Path) -> None:
    other = ((0, 1, 2, 3), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 1, 4))
    folder = job(tmp_path, {"a.obj": obj(), "b.obj": obj(faces=other)})
    assert serve({"morph": morph}, ["morph", str(folder)]) == EXIT_BAD_INPUT
    refusal = read_refusal(stage_folder(folder, "morph"))
    assert refusal is not None
    assert "triangle 6 joins vertices 4, 1, 5 in the first and 4, 2, 5 in the second" in refusal.reason
