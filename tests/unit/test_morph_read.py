"""Files of every format through the one door, and everything that is wrong with files."""

import base64
import io
import json
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.contract import BadInput
from pipelines.morph import fbx, glb, ply, stl
from pipelines.morph.mesh import Mesh
from pipelines.morph.polygons import Damaged
from pipelines.morph.read import read
from pipelines.morph.textures import Item

VERTICES = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 1]], dtype=np.float64)
FACES = np.array([[0, 1, 2], [0, 2, 3], [0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]])
UVS = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0.5, 0.5]])


def png(color: tuple[int, int, int] = (200, 100, 50)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 4), color).save(file, "PNG")
    return file.getvalue()


def solid(*, uvs: bool = False) -> trimesh.Trimesh:
    mesh = trimesh.Trimesh(VERTICES, FACES, process=False)
    if uvs:
        skin = trimesh.visual.material.PBRMaterial(baseColorTexture=Image.open(io.BytesIO(png())))
        mesh.visual = trimesh.visual.TextureVisuals(uv=UVS, material=skin)
    return mesh


def as_bytes(mesh: trimesh.Trimesh | trimesh.Scene, kind: str, **options: object) -> bytes:
    exported = mesh.export(file_type=kind, **options)
    return exported.encode() if isinstance(exported, str) else exported


OBJ = b"".join(b"v %f %f %f\n" % tuple(v) for v in VERTICES) + b"".join(b"f %d %d %d\n" % tuple(f + 1) for f in FACES)
PLY_TEXT = as_bytes(solid(), "ply", encoding="ascii")
PLY_BINARY = as_bytes(solid(), "ply")
STL_TEXT = as_bytes(solid(), "stl_ascii")
STL_BINARY = as_bytes(solid(), "stl")
GLB = as_bytes(solid(uvs=True), "glb")


def fbx_text(content: str = "", path: str = "skin.png") -> bytes:
    """A pyramid 10 units to the right, its base one quad, with a material, a texture and where wanted its bytes."""
    numbers = ",".join(f"{x:g}" for x in VERTICES.reshape(-1))
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
		LayerElementUV: 0 {{
			MappingInformationType: "ByPolygonVertex"
			ReferenceInformationType: "IndexToDirect"
			UV: *8 {{
				a: 0,0,1,0,1,1,0,1
			}}
			UVIndex: *16 {{
				a: 0,1,2,3,0,1,2,0,1,2,0,1,2,0,1,2
			}}
		}}
		LayerElementMaterial: 0 {{
			MappingInformationType: "AllSame"
			ReferenceInformationType: "IndexToDirect"
			Materials: *1 {{
				a: 0
			}}
		}}
		Layer: 0 {{
			LayerElement:  {{
				Type: "LayerElementUV"
				TypedIndex: 0
			}}
			LayerElement:  {{
				Type: "LayerElementMaterial"
				TypedIndex: 0
			}}
		}}
	}}
	Model: 2, "Model::head", "Mesh" {{
		Properties70:  {{
			P: "Lcl Translation", "Lcl Translation", "", "A",10,0,0
		}}
	}}
	Material: 3, "Material::skin", "" {{
		ShadingModel: "lambert"
	}}
	Video: 4, "Video::skin", "Clip" {{
		RelativeFilename: "{path}"
		{content}
	}}
	Texture: 5, "Texture::skin", "" {{
		RelativeFilename: "{path}"
	}}
}}
Connections:  {{
	C: "OO",2,0
	C: "OO",1,2
	C: "OO",3,2
	C: "OP",5,3, "DiffuseColor"
	C: "OO",4,5
}}
""".encode()


@pytest.fixture
def drop(tmp_path: Path) -> Callable[..., Mesh]:
    """Writes the files beside each other and reads the first, with all pictures of the folder around it."""

    def dropped(**files: bytes) -> Mesh:
        paths = [tmp_path / name.replace("_", ".") for name in files]
        for path, data in zip(paths, files.values(), strict=True):
            path.write_bytes(data)
        return read(paths[0], Item(meshes=tuple(paths[:1]), images=tuple(p for p in paths if p.suffix == ".png")))

    return dropped


@pytest.mark.parametrize(
    ("suffix", "data"),
    [("obj", OBJ), ("ply", PLY_TEXT), ("ply", PLY_BINARY), ("glb", GLB)],
    ids=["obj", "ply text", "ply binary", "glb"],
)
def test_formats_with_shared_vertices_give_the_same_mesh(drop: Callable[..., Mesh], suffix: str, data: bytes) -> None:
    mesh = drop(**{f"head_{suffix}": data})
    assert np.array_equal(mesh.vertices, VERTICES)
    assert np.array_equal(mesh.faces, FACES)
    assert mesh.name == "head"


@pytest.mark.parametrize("data", [STL_TEXT, STL_BINARY], ids=["text", "binary"])
def test_corners_of_an_stl_are_joined_in_the_order_of_their_first_appearance(
    drop: Callable[..., Mesh], data: bytes
) -> None:
    mesh = drop(head_stl=data)
    assert np.array_equal(mesh.vertices, VERTICES)
    assert np.array_equal(mesh.faces, FACES)


def test_zero_and_minus_zero_are_one_place_in_an_stl() -> None:
    corners = np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[-0.0, 0, -0.0], [1, -0.0, 0], [0, 0, 1]]], dtype="<f4")
    rows = b"".join(bytes(12) + triangle.tobytes() + bytes(2) for triangle in corners)
    assert stl.parse(bytes(80) + struct.pack("<I", 2) + rows).corners.tolist() == [0, 1, 2, 0, 1, 3]


def test_a_binary_stl_that_begins_like_a_text_one_is_read_by_its_size(drop: Callable[..., Mesh]) -> None:
    assert drop(head_stl=b"solid head".ljust(80) + STL_BINARY[80:]).face_count == 6


def test_big_endian_ply_is_read_as_little_endian_is() -> None:
    head = (
        b"ply\nformat binary_%b_endian 1.0\nelement vertex 4\nproperty double x\nproperty short y\nproperty float z\n"
    )
    head += b"element face 1\nproperty list uchar uint vertex_indices\nend_header\n"
    for name, order in ((b"big", ">"), (b"little", "<")):
        rows = b"".join(struct.pack(order + "dhf", x, y, z) for x, y, z in [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 2)])
        found = ply.parse(head % name + rows + struct.pack(order + "BIIII", 4, 3, 2, 1, 0))
        assert found.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 2]]
        assert found.corners.tolist() == [3, 2, 1, 0]


def test_ply_faces_of_different_sizes_stay_in_the_order_of_the_file() -> None:
    text = b"ply\nformat ascii 1.0\ncomment made by hand\nelement vertex 4\nproperty float x\nproperty float y\n"
    text += b"property float z\nproperty uchar red\nproperty uchar green\nproperty uchar blue\nelement edge 1\n"
    text += b"property int vertex1\nproperty int vertex2\nelement face 3\nproperty list uchar int vertex_index\n"
    text += b"property uchar flags\nend_header\n0 0 0 255 0 51\n1 0 0 0 0 0\n1 1 0 0 0 0\n0 1 0 0 0 0\n0 1\n"
    found = ply.parse(text + b"4 0 1 2 3 7\n3 0 1 2 7\n3 0 2 3 7\n")
    assert found.sizes.tolist() == [4, 3, 3]
    assert found.corners.tolist() == [0, 1, 2, 3, 0, 1, 2, 0, 2, 3]
    assert found.colors is not None
    assert found.colors[0].tolist() == [1.0, 0.0, 0.2]


def test_ply_texture_coordinates_of_corners_do_not_split_vertices() -> None:
    text = b"ply\nformat ascii 1.0\ncomment TextureFile my skin.png\nelement vertex 4\nproperty float x\n"
    text += b"property float y\nproperty float z\nelement face 2\nproperty list uchar int vertex_indices\n"
    text += b"property list uchar float texcoord\nend_header\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n"
    found = ply.parse(text + b"3 0 1 2 6 0 0 1 0 1 1\n3 0 2 3 6 0.5 0 1 1 0 1\n")
    assert found.vertices.shape == (4, 3)
    assert found.uvs is not None
    assert found.uv_corners is not None
    assert found.uvs[found.uv_corners[3]].tolist() == [0.5, 0.0]
    assert found.materials[0].picture is not None
    assert found.materials[0].picture.path == "my skin.png"


def test_ply_texture_coordinates_of_vertices_are_read_as_trimesh_writes_them(drop: Callable[..., Mesh]) -> None:
    mesh = drop(head_ply=as_bytes(solid(uvs=True), "ply"))
    assert mesh.uvs is not None
    assert mesh.uv_faces is not None
    assert np.allclose(mesh.uvs[mesh.uv_faces], UVS[FACES])


def test_a_glb_brings_its_texture_and_its_v_is_turned_up(drop: Callable[..., Mesh]) -> None:
    mesh = drop(head_glb=GLB)
    assert mesh.uvs is not None
    assert np.allclose(mesh.uvs, UVS)
    assert mesh.texture is not None
    assert mesh.texture.pixels()[0, 0].tolist() == [200, 100, 50]


def test_several_meshes_of_a_glb_are_joined_in_their_places(drop: Callable[..., Mesh]) -> None:
    scene = trimesh.Scene()
    turn = trimesh.transformations.rotation_matrix(np.pi / 2, [0, 0, 1])
    scene.add_geometry(solid(), transform=turn)
    scene.add_geometry(solid(uvs=True), transform=trimesh.transformations.translation_matrix([5, 6, 7]))
    mesh = drop(head_glb=as_bytes(scene, "glb"))
    assert np.allclose(mesh.vertices, [*(VERTICES @ turn[:3, :3].T), *(VERTICES + np.array([5, 6, 7]))])
    assert np.array_equal(mesh.faces, [*FACES, *(FACES + 5)])
    assert mesh.texture is not None


def test_a_part_that_is_mirrored_into_its_place_is_not_inside_out(drop: Callable[..., Mesh]) -> None:
    scene = trimesh.Scene()
    scene.add_geometry(solid(), transform=np.diag([-1.0, 1.0, 1.0, 1.0]))
    mesh = drop(head_glb=as_bytes(scene, "glb"))
    expected = trimesh.Trimesh(VERTICES, FACES, process=False).volume
    assert trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).volume == pytest.approx(expected)


def changed(data: bytes, change: Callable[[dict[str, object]], object]) -> bytes:
    """The GLB with its description changed."""
    size = struct.unpack_from("<I", data, 12)[0]
    scene = json.loads(data[20 : 20 + size])
    change(scene)
    text = json.dumps(scene).encode()
    text += b" " * (-len(text) % 4)
    rest = struct.pack("<II", len(text), 0x4E4F534A) + text + data[20 + size :]
    return b"glTF" + struct.pack("<II", 2, 12 + len(rest)) + rest


def test_nodes_of_a_glb_move_turn_and_scale_what_hangs_on_them() -> None:
    half = np.sqrt(0.5)
    above = {"translation": [1, 2, 3], "rotation": [0, 0, half, half], "scale": [2, 1, 1], "children": [1]}
    below = {"matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 10, 0, 0, 1], "mesh": 0}
    data = changed(GLB, lambda s: s.update(nodes=[above, below], scenes=[{"nodes": [0]}], scene=0))
    x, y, z = VERTICES.T
    assert np.allclose(glb.parse(data).vertices, np.stack([1 - y, 2 + 2 * (x + 10), 3 + z], axis=1))
    by_trimesh = trimesh.load_scene(io.BytesIO(data), file_type="glb", process=False).to_mesh()
    assert np.allclose(glb.parse(data).vertices, by_trimesh.vertices)


@pytest.mark.parametrize(
    ("mode", "faces"),
    [(4, [[0, 1, 2], [3, 4, 5]]), (5, [[0, 1, 2], [1, 3, 2], [2, 3, 4], [3, 5, 4]]), (6, [[1, 2, 0], [2, 3, 0]])],
)
def test_triangles_strips_and_fans_of_a_glb_face_outward(mode: int, faces: list[list[int]]) -> None:
    found = glb._triangles(np.arange(6), mode).tolist()
    assert found[: len(faces)] == faces


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda s: s["accessors"][0].update(count=4_000_000_000), "4,000,000,000 numbers are told where"),
        (lambda s: s["accessors"][0].update(count=-1), "-1 numbers"),
        (lambda s: s["bufferViews"][0].update(byteLength=10**12), "cut short"),
        (lambda s: s["bufferViews"][0].update(byteOffset=-8), "cut short"),
        (lambda s: s["nodes"][0].update(children=[0]), "each other's children"),
        (lambda s: s.update(extensionsRequired=["KHR_draco_mesh_compression"]), "KHR_draco_mesh_compression"),
        (lambda s: s["buffers"][0].update(uri="/etc/passwd"), "another file"),
        (lambda s: s.update(meshes={}), "does not fit together"),
        (lambda s: s.update(nodes=[{"mesh": 0}] * 5_000_000, scenes=[{"nodes": [0]}]), None),
    ],
)
def test_a_glb_that_tells_nonsense_is_refused(change: Callable[[dict[str, object]], object], why: str | None) -> None:
    data = changed(GLB, change) if why else b"glTF" + struct.pack("<II", 2, 999)
    with pytest.raises(Damaged, match=why or "GLB file"):
        glb.parse(data)


def test_a_small_glb_that_asks_for_one_mesh_a_million_times_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.morph.joining.MOST_VERTICES", 1000)
    many = changed(GLB, lambda s: s.update(nodes=[{"mesh": 0}] * 1000, scenes=[{"nodes": list(range(1000))}], scene=0))
    with pytest.raises(Damaged, match="more than visaged can morph"):
        glb.parse(many)


def test_an_fbx_keeps_polygons_and_texture_coordinates_and_stands_in_its_place(drop: Callable[..., Mesh]) -> None:
    mesh = drop(head_fbx=fbx_text(f'Content: , "{base64.b64encode(png()).decode()}"'))
    assert np.allclose(mesh.vertices, VERTICES + np.array([10, 0, 0]))
    assert mesh.face_count == 5
    assert np.array_equal(mesh.faces, FACES)
    assert mesh.uvs is not None
    assert mesh.uvs.shape == (4, 2)
    assert mesh.texture is not None
    assert mesh.texture.pixels()[0, 0].tolist() == [200, 100, 50]


def test_an_fbx_finds_the_texture_that_it_names(drop: Callable[..., Mesh]) -> None:
    mesh = drop(head_fbx=fbx_text(), skin_png=png(), other_png=png((0, 0, 0)))
    assert mesh.texture is not None
    assert mesh.texture.origin == "skin.png"


def test_an_fbx_face_out_of_range_is_refused_and_not_bent_into_range() -> None:
    with pytest.raises(Damaged, match="its content is damaged"):
        fbx.parse(fbx_text().replace(b"3,0,-5", b"3,9,-5"))


def test_an_fbx_texture_coordinate_out_of_range_is_none_and_not_bent_into_range() -> None:
    found = fbx.parse(fbx_text().replace(b"1,2,0,1,2\n", b"1,2,0,1,99\n"))
    assert found.uv_corners is not None
    assert found.uv_corners[-2:].tolist() == [1, -1]


def test_an_fbx_that_was_saved_as_text_is_told_so() -> None:
    with pytest.raises(Damaged, match="saved or sent it as text"):
        fbx.parse(b"Kaydara FBX Binary  \x00\x1a\x00\xef\xbf\xbd\x1c\x00\x00")


@pytest.mark.parametrize("suffix", ["obj", "ply", "glb", "stl", "fbx"])
def test_an_empty_file_is_told_to_be_copied_again(drop: Callable[..., Mesh], suffix: str) -> None:
    with pytest.raises(BadInput, match=rf"^head\.{suffix} is empty \(0 bytes\)\..* copy it again\.$"):
        drop(**{f"head_{suffix}": b""})


@pytest.mark.parametrize(
    ("suffix", "data", "why"),
    [
        ("ply", PLY_BINARY, "its header has no end"),
        ("stl", STL_BINARY, "cut short"),
        ("stl", STL_TEXT, "cut short"),
        ("glb", GLB, "cut short"),
        ("fbx", fbx_text(), "damaged|cut short"),
    ],
)
def test_a_file_cut_in_half_is_refused_by_name(drop: Callable[..., Mesh], suffix: str, data: bytes, why: str) -> None:
    with pytest.raises(BadInput, match=rf"^head\.{suffix} cannot be used: .*({why})"):
        drop(**{f"head_{suffix}": data[: len(data) // 2]})


def test_a_text_ply_cut_in_half_is_refused(drop: Callable[..., Mesh]) -> None:
    with pytest.raises(BadInput, match="cut short"):
        drop(head_ply=PLY_TEXT[: len(PLY_TEXT) * 3 // 4])


@pytest.mark.parametrize("count", [b"4000000000", b"9" * 100])
def test_a_ply_that_claims_billions_is_refused_without_allocating(drop: Callable[..., Mesh], count: bytes) -> None:
    with pytest.raises(BadInput, match=r"cut short.*“vertex”"):
        drop(head_ply=PLY_BINARY.replace(b"element vertex 5", b"element vertex " + count))


def test_a_list_of_a_ply_that_claims_billions_is_refused_without_allocating() -> None:
    text = PLY_TEXT.replace(b"\n3 0 1 2", b"\n4000000000 0 1 2")
    assert text != PLY_TEXT
    with pytest.raises(Damaged, match="4,000,000,000"):
        ply.parse(text)


def test_a_binary_stl_that_claims_billions_is_refused_without_allocating() -> None:
    with pytest.raises(Damaged, match="4,000,000,000 triangles"):
        stl.parse(bytes(80) + struct.pack("<I", 4_000_000_000) + bytes(500))


@pytest.mark.parametrize(
    ("suffix", "data"),
    [
        ("obj", OBJ + b"\\\n" * 500_000),
        ("obj", OBJ + b"f 1 2 3 \\\n" * 100_000 + b"1\n"),
        ("stl", b"solid head\n" + b"\n" * 500_000 + STL_TEXT),
        ("stl", b"solid head\n" + b" " * 500_000 + STL_TEXT),
        ("ply", PLY_BINARY.replace(b"face 6", b"face 500000") + bytes(500_000)),
        ("glb", changed(GLB, lambda s: s.update(materials=[{}] * 100_000))),
    ],
    ids=["continued", "continued face", "empty lines", "blanks", "empty faces", "materials"],
)
def test_no_repetition_takes_more_than_its_share_of_time(tmp_path: Path, suffix: str, data: bytes) -> None:
    path = tmp_path / f"head.{suffix}"
    path.write_bytes(data)
    start = time.perf_counter()
    read_or_refused(path)
    assert time.perf_counter() - start < 5.0


@pytest.mark.parametrize("kind", ["obj", "ply"])
def test_a_vertex_that_is_not_a_number_is_refused(drop: Callable[..., Mesh], kind: str) -> None:
    data = {"obj": OBJ.replace(b"v 1.000000", b"v nan", 1), "ply": PLY_TEXT.replace(b"0.50000000", b"inf", 1)}[kind]
    with pytest.raises(BadInput, match="1 vertex is not finite"):
        drop(**{f"head_{kind}": data})


def test_an_unknown_type_is_refused_with_the_types_that_are_known(drop: Callable[..., Mesh]) -> None:
    with pytest.raises(BadInput, match=r"head\.3ds is not a mesh that visaged reads \(OBJ, PLY, GLB, STL, FBX\)"):
        drop(head_3ds=b"x")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(OBJ)
    (tmp_path / "head.obj").symlink_to(tmp_path / "secret")
    with pytest.raises(BadInput, match="not a file of its own"):
        read(tmp_path / "head.obj")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "head.obj")
    with pytest.raises(BadInput, match="not a file of its own"):
        read(tmp_path / "head.obj")


def test_a_hostile_name_stands_on_one_line_of_the_message(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b'a\nb"\xff\xf0\x9f\x98\x80.obj')
    path.write_bytes(b"v 0 0 0\n")
    with pytest.raises(BadInput, match=r'^a\\nb"\\xff😀\.obj cannot be used: '):
        read(path)


def test_warnings_begin_with_the_name_of_the_file(drop: Callable[..., Mesh]) -> None:
    assert drop(head_obj=OBJ + b"xyz\n").warnings[0].startswith("head.obj: ")


SMALL = {"obj": OBJ, "ply": PLY_TEXT, "PLY": PLY_BINARY, "stl": STL_TEXT, "STL": STL_BINARY, "glb": GLB}


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """The data with some bytes changed, cut out or doubled, or cut short."""
    broken = bytearray(data)
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(len(broken) - 1, 0)))
        match draw(st.sampled_from(["change", "cut", "double", "end"])):
            case "change":
                broken[at : at + 1] = draw(st.binary(min_size=1, max_size=4))
            case "cut":
                del broken[at : at + draw(st.integers(1, 40))]
            case "double":
                broken[at:at] = broken[at : at + draw(st.integers(1, 80))]
            case _:
                del broken[at:]
    return bytes(broken)


def read_or_refused(path: Path) -> Mesh | None:
    try:
        return read(path)
    except BadInput:
        return None


@pytest.mark.parametrize("kind", SMALL)
@settings(max_examples=200, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_happens_to_a_file_it_is_read_or_refused_plainly(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    path = tmp_path / f"head.{kind}"
    path.write_bytes(data.draw(damaged(SMALL[kind])))
    mesh = read_or_refused(path)
    if mesh is not None:
        assert np.isfinite(mesh.vertices).all()
        assert mesh.faces.min() >= 0
        assert mesh.faces.max() < len(mesh.vertices)


@settings(max_examples=20, deadline=4000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=damaged(fbx_text()))
def test_whatever_happens_to_an_fbx_it_is_read_or_refused_plainly(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "head.fbx").write_bytes(data)
    read_or_refused(tmp_path / "head.fbx")


def test_a_text_ply_with_a_number_too_many_is_refused() -> None:
    with pytest.raises(Damaged, match="1 number more than its header tells of"):
        ply.parse(PLY_TEXT + b"7\n")


@pytest.mark.data
def test_real_meshes_are_read_with_the_counts_that_they_are_known_to_have(data: Path) -> None:
    known = {
        "ict/identity000.obj": (26_719, 26_384, 28_911),
        "makehuman/base.obj": (19_158, 18_486, 21_334),
        "flame_voca/texture_mesh.obj": (5_023, 9_976, 5_118),
        "leeperrysmith/LeePerrySmith.obj": (8_844, 8_842, 35_368),
        "canonical/canonical_face_model.obj": (468, 898, 468),
        "fbx_blender/ict_neutral.fbx": (26_719, 26_384, 28_716),
        "fbx_snowsore/face.fbx": (2_721, 4_651, 2_791),
    }
    for name, counts in known.items():
        mesh = read(data / "meshes" / name)
        assert mesh.uvs is not None
        assert (len(mesh.vertices), mesh.face_count, len(mesh.uvs)) == counts, name


@pytest.mark.data
def test_blender_s_fbx_has_the_vertices_of_the_obj_in_the_same_order(data: Path) -> None:
    by_fbx = read(data / "meshes/fbx_blender/flame_voca_textured.fbx")
    by_obj = read(data / "meshes/flame_voca/texture_mesh.obj")
    assert np.allclose(by_fbx.vertices, by_obj.vertices * 100, atol=1e-3)
    assert np.array_equal(by_fbx.faces, by_obj.faces)


@pytest.mark.data
def test_every_malformed_file_is_refused_in_one_line_that_names_it(data: Path) -> None:
    files = [path for folder in (data / "meshes").glob("malformed_*") for path in folder.iterdir()]
    assert len(files) >= 20
    for path in files:
        with pytest.raises(BadInput) as refused:
            read(path)
        assert str(refused.value).startswith(path.name)
        assert "\n" not in str(refused.value)
