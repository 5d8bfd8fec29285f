"""Binary glTF 2.0: the triangles of all meshes of the scene in the scene's space, joined in the order of its nodes.

Source: Khronos Group, glTF 2.0 specification (2021), sections 3 and 4.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import base64
import binascii
import json
import struct
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pipelines.morph.joining import Part, joined
from pipelines.morph.polygons import Damaged, Material, Picture, Polygons
from pipelines.morph.wording import listed

_JSON, _BIN = 0x4E4F534A, 0x004E4942
_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_DEEPEST = 256
_READ = frozenset({"KHR_mesh_quantization", "KHR_materials_unlit", "EXT_texture_webp", "KHR_texture_transform"})
"""Extensions that a file may require."""


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    scene: dict[str, Any]
    binary: bytes

    def view(self, index: int) -> memoryview:
        """The bytes of a buffer view; only the file's own chunk is a buffer."""
        told = self.scene["bufferViews"][index]
        start, length = told.get("byteOffset", 0), told["byteLength"]
        if told["buffer"] != 0 or "uri" in self.scene["buffers"][0]:
            raise Damaged("its numbers lie in another file; export it as one GLB file")
        if not 0 <= start <= start + length <= len(self.binary):
            raise Damaged(
                f"it is cut short: {start + length:,} bytes of numbers are told, {len(self.binary):,} are there"
            )
        return memoryview(self.binary)[start : start + length]

    def accessor(self, index: int) -> Float[np.ndarray, "rows columns"] | Int[np.ndarray, "rows columns"]:
        """The numbers of an accessor, integers that stand for fractions as fractions."""
        told = self.scene["accessors"][index]
        if "sparse" in told or "bufferView" not in told:
            raise Damaged("it has sparse accessors, which visaged does not read")
        view = self.view(told["bufferView"])
        kind, width = np.dtype(_TYPES[told["componentType"]]), _WIDTHS[told["type"]]
        stride = self.scene["bufferViews"][told["bufferView"]].get("byteStride", kind.itemsize * width)
        start, count = told.get("byteOffset", 0), told["count"]
        end = start + (count - 1) * stride + kind.itemsize * width
        if count < 1 or start < 0 or stride < kind.itemsize * width or end > len(view):
            raise Damaged(f"{count:,} numbers are told where {len(view):,} bytes are there")
        found: np.ndarray = np.ndarray((count, width), kind, view, start, (stride, kind.itemsize))
        if told.get("normalized") and kind.kind in "iu":
            return np.maximum(found / float(np.iinfo(kind).max), -1.0)
        return found.astype(np.float64 if kind.kind == "f" else np.int64)


def parse(data: bytes) -> Polygons:
    """The polygons of a GLB file. Raises Damaged."""
    try:
        file = _opened(data)
        required = set(file.scene.get("extensionsRequired", ())) - _READ
        if required:
            raise Damaged(f"it needs {listed(sorted(required))}, which visaged does not read; export it without")
        materials = tuple(_material(file, told) for told in file.scene.get("materials", ()))
        return joined(_parts(file), materials, _warnings(file))
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError, struct.error) as problem:
        raise Damaged("what it says of itself does not fit together") from problem


def _opened(data: bytes) -> _File:
    if data[:4] != b"glTF" or len(data) < 20:  # noqa: PLR2004  header and the first chunk's
        raise Damaged("it does not start as a GLB file does")
    version, size = struct.unpack_from("<II", data, 4)
    if version != 2:  # noqa: PLR2004
        raise Damaged(f"it is glTF version {version}; visaged reads version 2")
    if size > len(data):
        raise Damaged(f"it is cut short: it should have {size:,} bytes and has {len(data):,}")
    chunks = dict(_chunks(data))
    if _JSON not in chunks:
        raise Damaged("its description is missing")
    return _File(json.loads(chunks[_JSON].decode("utf-8")), chunks.get(_BIN, b""))


def _chunks(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 12
    while at + 8 <= len(data):
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > len(data):
            raise Damaged(f"it is cut short: a part of {size:,} bytes is told, {len(data) - at - 8:,} are there")
        yield kind, data[at + 8 : at + 8 + size]
        at += 8 + size


def _parts(file: _File) -> Iterator[Part]:
    for index, to_world in _placed(file):
        for primitive in file.scene["meshes"][index]["primitives"]:
            if primitive.get("mode", _TRIANGLES) in {_TRIANGLES, _STRIP, _FAN}:
                yield _part(file, primitive, to_world)


def _placed(file: _File) -> Iterator[tuple[int, Float[np.ndarray, "4 4"]]]:
    """The meshes of the scene, each with the matrix from its space to the scene's."""
    nodes = file.scene.get("nodes", [])
    if "scenes" in file.scene:
        roots = file.scene["scenes"][file.scene.get("scene", 0)].get("nodes", [])
    else:
        roots = sorted(set(range(len(nodes))) - {child for node in nodes for child in node.get("children", ())})
    waiting = [(root, np.eye(4), 0) for root in reversed(roots)]
    seen: set[int] = set()
    while waiting:
        index, above, depth = waiting.pop()
        if index in seen or depth > _DEEPEST:
            raise Damaged("its nodes are each other's children")
        seen.add(index)
        to_world = above @ _local(nodes[index])
        if "mesh" in nodes[index]:
            yield nodes[index]["mesh"], to_world
        waiting += [(child, to_world, depth + 1) for child in reversed(nodes[index].get("children", []))]


def _local(node: dict[str, Any]) -> Float[np.ndarray, "4 4"]:
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    x, y, z, w = np.array(node.get("rotation", (0, 0, 0, 1)), dtype=np.float64)
    turn = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    matrix = np.eye(4)
    matrix[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), dtype=np.float64)
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix


def _part(file: _File, primitive: dict[str, Any], to_world: Float[np.ndarray, "4 4"]) -> Part:
    attributes = primitive["attributes"]
    vertices = file.accessor(attributes["POSITION"])
    given = primitive.get("indices")
    indices = np.arange(len(vertices)) if given is None else file.accessor(given)[:, 0].astype(np.int64)
    corners = _triangles(indices, primitive.get("mode", _TRIANGLES)).reshape(-1)
    material = primitive.get("material", -1)
    uvs = attributes.get(f"TEXCOORD_{_uv_set(file, material)}")
    colors = attributes.get("COLOR_0")
    return Part(
        vertices=vertices.astype(np.float64),
        corners=corners,
        sizes=np.full(len(corners) // 3, 3),
        to_world=to_world,
        uvs=None if uvs is None else file.accessor(uvs) * (1.0, -1.0) + (0.0, 1.0),  # glTF's v points down
        uv_corners=None if uvs is None else corners,
        colors=None if colors is None else file.accessor(colors)[:, :3].astype(np.float64),
        face_materials=np.full(len(corners) // 3, material),
    )


def _triangles(indices: Int[np.ndarray, " i"], mode: int) -> Int[np.ndarray, "f 3"]:
    if mode == _TRIANGLES:
        return indices.reshape(-1, 3)
    steps = np.arange(max(len(indices) - 2, 0))
    if mode == _FAN:
        return np.stack([indices[steps + 1], indices[steps + 2], np.full(len(steps), indices[0])], axis=1)
    odd = steps % 2
    return np.stack([indices[steps], indices[steps + 1 + odd], indices[steps + 2 - odd]], axis=1)


def _base_color(told: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = told.get("pbrMetallicRoughness", {}).get("baseColorTexture", {})
    return found


def _uv_set(file: _File, material: int) -> int:
    return int(_base_color(file.scene["materials"][material]).get("texCoord", 0)) if material >= 0 else 0


def _material(file: _File, told: dict[str, Any]) -> Material:
    name, asked = str(told.get("name", "")), _base_color(told)
    if not asked:
        return Material(name)
    texture = file.scene["textures"][asked["index"]]
    source = texture.get("extensions", {}).get("EXT_texture_webp", texture).get("source")
    return Material(name) if source is None else Material(name, _picture(file, source))


def _picture(file: _File, index: int) -> Picture:
    image = file.scene["images"][index]
    name = str(image.get("name") or f"picture {index + 1} of the file")
    if "bufferView" in image:
        return Picture(name, bytes(file.view(image["bufferView"])))
    uri = str(image["uri"])
    if not uri.startswith("data:"):
        return Picture(urllib.parse.unquote(uri))
    try:
        return Picture(name, base64.b64decode(uri.partition(",")[2]))
    except binascii.Error:
        return Picture(name, b"")


def _warnings(file: _File) -> tuple[str, ...]:
    moved = any(
        "KHR_texture_transform" in _base_color(m).get("extensions", {}) for m in file.scene.get("materials", ())
    )
    return ("it shifts or scales its texture (KHR_texture_transform), which is not applied",) if moved else ()
