"""Blend shapes of FBX and GLB files, picked by their names."""

import json
import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contract import BadInput, dump, read_result, serve, stage_folder
from pipelines.contract.exchange import Input, Request
from pipelines.morph import fbx, glb
from pipelines.morph.picks import Pick, roles_of
from pipelines.morph.polygons import Damaged
from pipelines.morph.read import read
from pipelines.morph.stage import morph

VERTICES = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 1]], dtype=np.float64)
FACES = np.array([[0, 1, 2], [0, 2, 3], [0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]])
SMILE = np.array([[0, 0, 0], [0, 0.5, 0], [0, 0.25, 0], [0, 0, 0], [0, 0, 0]])
BLINK = np.array([[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, -0.5]])


class Glb:
    """A GLB file in the making: arrays become buffer views and accessors."""

    def __init__(self) -> None:
        self.scene = {"asset": {"version": "2.0"}, "bufferViews": [], "accessors": [], "buffers": [{}]}
        self.binary = b""

    def view(self, values: np.ndarray) -> int:
        data = values.tobytes()
        self.scene["bufferViews"].append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)})
        self.binary += data + bytes(-len(data) % 4)
        return len(self.scene["bufferViews"]) - 1

    def accessor(self, values: np.ndarray, **more: object) -> int:
        kinds = {"f4": 5126, "u2": 5123, "u1": 5121, "i2": 5122, "i1": 5120}
        width = 1 if values.ndim == 1 else values.shape[1]
        told = {
            "bufferView": self.view(values),
            "componentType": kinds[values.dtype.str[1:]],
            "type": "SCALAR" if width == 1 else f"VEC{width}",
            "count": len(values),
            **more,
        }
        self.scene["accessors"].append(told)
        return len(self.scene["accessors"]) - 1

    def sparse(self, values: np.ndarray, *, base: bool = False) -> int:
        """Only the rows that are not zero are written; base: on top of an array of ones."""
        rows = np.flatnonzero(values.any(axis=1))
        at, changed = self.view(rows.astype("<u2")), self.view(values[rows].astype("<f4"))
        told = {
            "componentType": 5126,
            "type": "VEC3",
            "count": len(values),
            "sparse": {
                "count": len(rows),
                "indices": {"bufferView": at, "componentType": 5123},
                "values": {"bufferView": changed},
            },
        }
        if base:
            told["bufferView"] = self.view(np.ones(values.shape, "<f4"))
        self.scene["accessors"].append(told)
        return len(self.scene["accessors"]) - 1

    def primitive(self, *targets: int, vertices: np.ndarray = VERTICES) -> dict[str, object]:
        told = {
            "attributes": {"POSITION": self.accessor(vertices.astype("<f4"))},
            "indices": self.accessor(FACES.reshape(-1).astype("<u2")),
        }
        return told | ({"targets": [{"POSITION": target} for target in targets]} if targets else {})

    def made(self, *meshes: dict[str, object], node: dict[str, object] | None = None) -> bytes:
        self.scene["buffers"][0]["byteLength"] = len(self.binary)
        self.scene |= {"meshes": list(meshes), "nodes": [{"mesh": n, **(node or {})} for n in range(len(meshes))]}
        self.scene |= {"scenes": [{"nodes": list(range(len(meshes)))}], "scene": 0}
        text = json.dumps(self.scene).encode()
        text += b" " * (-len(text) % 4)
        rest = struct.pack("<II", len(text), 0x4E4F534A) + text
        rest += struct.pack("<II", len(self.binary), 0x004E4942) + self.binary
        return b"glTF" + struct.pack("<II", 2, 12 + len(rest)) + rest


def shaped_glb(names: object = ("smile", "blink")) -> bytes:
    file = Glb()
    told = file.primitive(file.accessor(SMILE.astype("<f4")), file.sparse(BLINK))
    return file.made({"primitives": [told], "extras": {"targetNames": names}, "weights": [0.5, 0]})


def shaped_fbx(moved: tuple[float, float, float] = (0, 0, 0)) -> bytes:
    """A pyramid with two blend shapes, “smile” at a weight of 50 % and “blink”."""

    def shape(number: int, name: str, offsets: np.ndarray) -> str:
        rows = np.flatnonzero(offsets.any(axis=1))
        values = ",".join(f"{x:g}" for x in offsets[rows].reshape(-1))
        return f"""
	Geometry: {number}, "Geometry::{name}", "Shape" {{
		Version: 100
		Indexes: *{len(rows)} {{
			a: {",".join(map(str, rows))}
		}}
		Vertices: *{3 * len(rows)} {{
			a: {values}
		}}
	}}
	Deformer: {number + 10}, "SubDeformer::{name}", "BlendShapeChannel" {{
		Version: 100
		DeformPercent: 50
		FullWeights: *1 {{
			a: 100
		}}
	}}"""

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
	}}
	Model: 2, "Model::head", "Mesh" {{
		Properties70:  {{
			P: "Lcl Translation", "Lcl Translation", "", "A",{moved[0]:g},{moved[1]:g},{moved[2]:g}
			P: "Lcl Scaling", "Lcl Scaling", "", "A",2,2,2
		}}
	}}
	Deformer: 3, "Deformer::shapes", "BlendShape" {{
		Version: 100
	}}{shape(10, "smile", SMILE)}{shape(11, "Mund auf", BLINK)}
}}
Connections:  {{
	C: "OO",2,0
	C: "OO",1,2
	C: "OO",3,1
	C: "OO",20,3
	C: "OO",21,3
	C: "OO",10,20
	C: "OO",11,21
}}
""".encode()


def written(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize(("shape", "offset"), [(None, 0 * SMILE), ("smile", SMILE), ("blink", BLINK)])
def test_a_shape_of_a_glb_is_shown_whole_and_no_other_whatever_weights_the_file_has(
    tmp_path: Path, shape: str | None, offset: np.ndarray
) -> None:
    mesh = read(written(tmp_path, "face.glb", shaped_glb()), shape=shape)
    assert np.allclose(mesh.vertices, VERTICES + offset)
    assert np.array_equal(mesh.faces, FACES)


@pytest.mark.parametrize(("shape", "offset"), [(None, 0 * SMILE), ("smile", SMILE), ("Mund auf", BLINK)])
def test_a_shape_of_an_fbx_is_shown_whole_and_in_its_place(
    tmp_path: Path, shape: str | None, offset: np.ndarray
) -> None:
    mesh = read(written(tmp_path, "face.fbx", shaped_fbx(moved=(10, 0, 0))), shape=shape)
    assert np.allclose(mesh.vertices, 2 * (VERTICES + offset) + np.array([10, 0, 0]))
    assert mesh.face_count == 5


def test_both_tell_what_shapes_there_are() -> None:
    assert fbx.parse(shaped_fbx()).shapes == ("smile", "Mund auf")
    assert glb.parse(shaped_glb()).shapes == ("smile", "blink")


def test_shapes_that_the_file_has_turned_on_are_told_when_none_is_asked_for(tmp_path: Path) -> None:
    (about,) = read(written(tmp_path, "face.glb", shaped_glb())).warnings
    assert about == (
        "face.glb: in the file smile is turned on, but it is shown without; a manifest can ask for “face.glb#smile”"
    )
    (about,) = read(written(tmp_path, "face.fbx", shaped_fbx())).warnings
    assert "in the file smile and Mund auf are turned on" in about
    assert not read(tmp_path / "face.glb", shape="blink").warnings


def test_the_weights_of_a_node_go_before_those_of_its_mesh() -> None:
    file = Glb()
    told = file.primitive(file.sparse(SMILE), file.sparse(BLINK))
    mesh = {"primitives": [told], "extras": {"targetNames": ["smile", "blink"]}, "weights": [1, 0]}
    assert glb.parse(file.made(mesh)).turned_on == ("smile",)
    assert glb.parse(file.made(mesh, node={"weights": [0, 0.2]})).turned_on == ("blink",)
    assert glb.parse(file.made(mesh | {"weights": [0, 0]})).turned_on == ()


def test_a_mesh_with_a_shape_is_called_after_both(tmp_path: Path) -> None:
    mesh = read(written(tmp_path, "face.glb", shaped_glb()), shape="smile")
    assert (mesh.name, mesh.file) == ("face_smile", "face.glb#smile")


@pytest.mark.parametrize("names", [None, [], [1, 2], {"a": 1}, ["", ""]])
def test_shapes_of_a_glb_without_names_are_numbered(names: object) -> None:
    assert glb.parse(shaped_glb(names)).shapes == ("shape 1", "shape 2")
    assert np.allclose(glb.parse(shaped_glb(names), "shape 2").vertices, VERTICES + BLINK)


def test_more_names_than_shapes_are_passed_over() -> None:
    assert glb.parse(shaped_glb(["smile", "blink", "frown"])).shapes == ("smile", "blink")


def test_a_shape_that_several_parts_have_moves_all_of_them() -> None:
    file = Glb()
    head = {"primitives": [file.primitive(file.sparse(SMILE))], "extras": {"targetNames": ["smile"]}}
    lashes = {
        "primitives": [file.primitive(file.sparse(BLINK), file.sparse(SMILE), vertices=VERTICES + 5)],
        "extras": {"targetNames": ["blink", "smile"]},
    }
    teeth = {"primitives": [file.primitive(vertices=VERTICES - 5)]}
    found = glb.parse(file.made(head, lashes, teeth), "smile")
    assert found.shapes == ("smile", "blink")
    assert np.allclose(found.vertices, [*(VERTICES + SMILE), *(VERTICES + 5 + SMILE), *(VERTICES - 5)])


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("Smile", "its blend shape “Smile” is asked for, which it has not (did you mean smile?); it has smile and "),
        ("smlie", "(did you mean smile?)"),
        ("x\ny", "“x\\ny”"),
        ("\0\ud800", "“\\x00\\ud800”"),
    ],
)
@pytest.mark.parametrize("kind", ["glb", "fbx"])
def test_a_shape_that_is_not_there_is_refused_with_those_that_are(
    tmp_path: Path, kind: str, asked: str, why: str
) -> None:
    data = {"glb": shaped_glb, "fbx": shaped_fbx}[kind]()
    with pytest.raises(BadInput) as refused:
        read(written(tmp_path, f"face.{kind}", data), shape=asked)
    assert str(refused.value).startswith(f"face.{kind}: ")
    assert why in str(refused.value)


def test_a_name_that_an_exporter_put_something_in_front_of_is_suggested(tmp_path: Path) -> None:
    path = written(tmp_path, "face.glb", shaped_glb(["blendShape1.jawOpen", "blendShape1.browInnerUp"]))
    with pytest.raises(BadInput, match=r"did you mean blendShape1\.jawOpen\?"):
        read(path, shape="jawOpen")


def test_a_shape_of_a_format_without_shapes_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\n")
    with pytest.raises(BadInput, match=r"^a\.obj: its blend shape “smile” is asked for, but only GLB and FBX files"):
        read(path, shape="smile")


def test_a_shape_of_a_file_without_any_is_refused(tmp_path: Path) -> None:
    file = Glb()
    path = written(tmp_path, "face.glb", file.made({"primitives": [file.primitive()]}))
    with pytest.raises(BadInput, match="but it has none"):
        read(path, shape="smile")


def test_a_sparse_accessor_changes_only_the_rows_that_it_names() -> None:
    file = Glb()
    told = file.primitive()
    told["attributes"]["POSITION"] = file.sparse(VERTICES, base=True)
    expected = np.where(VERTICES.any(axis=1)[:, None], VERTICES, 1.0)
    assert np.allclose(glb.parse(file.made({"primitives": [told]})).vertices, expected)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda told: told["sparse"].update(count=1000), "1,000 numbers are told"),
        (lambda told: told["sparse"].update(count=0), "0 numbers are told"),
        (lambda told: told.update(count=4_000_000_000), "4,000,000,000 numbers are told"),
        (lambda told: told.update(count=3), "it changes number 5 of 3"),
        (lambda told: told["sparse"].pop("values"), "does not fit together"),
        (lambda told: told.update(count=6), "does not fit together"),
    ],
)
def test_a_sparse_accessor_that_tells_nonsense_is_refused(change: Callable[[dict], object], why: str) -> None:
    file = Glb()
    told = file.primitive(file.sparse(BLINK))
    change(file.scene["accessors"][0])
    with pytest.raises(Damaged, match=why):
        glb.parse(file.made({"primitives": [told], "extras": {"targetNames": ["blink"]}}), "blink")


def uvs_of(transform: dict[str, object], **texture: object) -> np.ndarray:
    """Where the texture coordinates (0.25, 0) … of a GLB end, in glTF's own sense, V down."""
    file = Glb()
    told = file.primitive()
    given = np.array([[0.25, 0], [0, 0.5], [1, 1], [0, 0], [0.5, 0.5]])
    told["attributes"] |= {
        "TEXCOORD_0": file.accessor(given.astype("<f4")),
        "TEXCOORD_1": file.accessor((given * 0 + 0.125).astype("<f4")),
    }
    asked = {"index": 0, **texture, "extensions": {"KHR_texture_transform": transform}}
    file.scene["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": asked}}]
    file.scene |= {"textures": [{"source": 0}], "images": [{"uri": "skin.png"}]}
    found = glb.parse(file.made({"primitives": [told | {"material": 0}]}))
    assert found.warnings == ()
    return np.asarray(found.uvs) * (1, -1) + (0, 1)


def test_a_texture_is_scaled_then_turned_then_shifted() -> None:
    assert np.allclose(uvs_of({"scale": [2, 3]})[:2], [[0.5, 0], [0, 1.5]])
    assert np.allclose(uvs_of({"offset": [0.5, 0.25]})[:2], [[0.75, 0.25], [0.5, 0.75]])
    quarter = {"rotation": np.pi / 2}  # counter-clockwise as the picture is seen: from the right to the top, to -V
    assert np.allclose(uvs_of(quarter)[:2], [[0, -0.25], [0.5, 0]])
    assert np.allclose(uvs_of({"scale": [2, 3], "offset": [1, 1], **quarter})[:2], [[1, 0.5], [2.5, 1]])


def test_a_transform_may_name_another_set_of_texture_coordinates() -> None:
    assert np.allclose(uvs_of({"texCoord": 1}), 0.125)
    assert np.allclose(uvs_of({}, texCoord=1), 0.125)


def test_a_transform_that_tells_nonsense_is_refused() -> None:
    with pytest.raises(Damaged, match="does not fit together"):
        uvs_of({"scale": [1, 2, 3]})


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """The data with some numbers and bytes changed, or cut short."""
    broken = bytearray(data)
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(broken) - 1))
        digits = [m.start() for m in re.finditer(rb"\d", bytes(broken))]
        match draw(st.sampled_from(["number", "number", "byte", "end"])):
            case "number" if digits:
                at = digits[at % len(digits)]
                broken[at : at + 1] = str(draw(st.integers(-2, 12) | st.just(2**31))).encode()
            case "byte":
                broken[at] = draw(st.integers(0, 255))
            case _:
                del broken[max(at, 1) :]
    return bytes(broken)


def shown_or_refused(path: Path) -> None:
    why = ""
    try:
        mesh = read(path, shape="smile")
    except BadInput as refused:
        why = str(refused)
    else:
        assert np.isfinite(mesh.vertices).all()
    assert why == "" or (why.startswith(path.name) and why.isprintable())


@settings(max_examples=200, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=damaged(shaped_glb()))
def test_whatever_happens_to_a_glb_with_shapes_it_is_read_or_refused_plainly(tmp_path: Path, data: bytes) -> None:
    shown_or_refused(written(tmp_path, "face.glb", data))


@settings(max_examples=25, deadline=4000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=damaged(shaped_fbx()))
def test_whatever_happens_to_an_fbx_with_shapes_it_is_read_or_refused_plainly(tmp_path: Path, data: bytes) -> None:
    shown_or_refused(written(tmp_path, "face.fbx", data))


def test_one_file_and_its_blend_shape_are_morphed_into_each_other(tmp_path: Path) -> None:
    roles = roles_of({"a": [Pick(path="face.fbx")], "b": [Pick(path="face.fbx", shape="smile")]})
    (tmp_path / "in").mkdir()
    written(tmp_path / "in", "face.fbx", shaped_fbx())
    inputs = tuple(Input(path=f"in/{p}", role=role, size=1, sha256="") for role, ps in roles.items() for p in ps)
    options = {"frames": 2, "resolution": 64, "outputs": ["frames"]}
    request = Request(job="j", pipeline="morph", name="n", inputs=inputs, options=options)
    (tmp_path / "request.json").write_bytes(dump(request))
    assert serve({"morph": morph}, ["morph", str(tmp_path)]) == 0
    result = read_result(stage_folder(tmp_path, "morph"))
    assert result is not None
    (pair,) = result.figures["pairs"]
    assert pair == "face__face_smile"
    assert result.figures["pairs"][pair]["displacement"]["largest"] == pytest.approx(1.0)
