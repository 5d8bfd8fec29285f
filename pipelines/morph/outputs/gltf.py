"""The whole morph as one GLB: A with a morph target that makes it B, and an animation that goes there.

Source: Khronos, glTF 2.0 specification (2021), sections 3.7.2.2 (morph targets), 3.11 (animations), 4 (GLB).
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from PIL import Image

from pipelines.morph.blend import Normals
from pipelines.morph.mesh import Mesh
from pipelines.morph.outputs.cielab import linear
from pipelines.morph.outputs.skins import jpeg
from pipelines.morph.surface import Picture

_FLOAT, _UINT = 5126, 5125
_ARRAY, _ELEMENTS = 34962, 34963
_KINDS = {1: "SCALAR", 2: "VEC2", 3: "VEC3"}
Points = Float[np.ndarray, "n 3"]
Values = Float[np.ndarray, "n *c"] | Int[np.ndarray, "n *c"]


@dataclass(frozen=True, slots=True)
class _Binary:
    """The binary part, and what the JSON says about its pieces."""

    pieces: list[bytes] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)

    def view(self, data: bytes, target: int | None = None) -> int:
        """Afterwards the data is the last piece; its view's number."""
        at = sum(map(len, self.pieces))
        self.pieces.append(data + bytes(-len(data) % 4))
        view = {"buffer": 0, "byteOffset": at, "byteLength": len(data)}
        self.views.append(view if target is None else {**view, "target": target})
        return len(self.views) - 1

    def array(self, values: Values, target: int | None = _ARRAY) -> int:
        """Afterwards the array is there as float32 or uint32; its accessor's number."""
        whole = values.dtype.kind in "iu"
        stored = np.ascontiguousarray(values, dtype="<u4" if whole else "<f4")
        table = stored.reshape(len(stored), -1)
        self.accessors.append(
            {
                "bufferView": self.view(stored.tobytes(), target),
                "componentType": _UINT if whole else _FLOAT,
                "count": len(stored),
                "type": _KINDS[table.shape[1]],
                "min": table.min(axis=0).tolist(),
                "max": table.max(axis=0).tolist(),
            }
        )
        return len(self.accessors) - 1


def glb(a: Mesh, b: Mesh, normals: Normals, pictures: tuple[Picture, Picture] | None, seconds: float) -> bytes:
    """The morph of two meshes of one topology as a GLB whose animation takes so many seconds from A to B.

    pictures: the textures of A and B, decoded, where both have one. A's is on the mesh; B's is there as a second
    material, because glTF blends shapes but no pictures. Texture coordinates are A's. A vertex with several of them
    becomes several. The mesh stands about its own middle, put back by its node: far from 0 float32 would be coarse.
    """
    binary = _Binary()
    textures = pictures if a.uvs is not None else None
    document = {
        "asset": {"version": "2.0", "generator": "visaged"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "morph", "translation": _middle(a).tolist()}],
        "meshes": [
            {
                "primitives": [_primitive(binary, a, b, normals, coloured=textures is None)],
                "weights": [0.0],
                "extras": {"targetNames": ["B"]},
            }
        ],
        "animations": [_animation(binary, seconds)],
        **_materials(binary, textures),
    }
    return _packed(document, binary)


def _primitive(binary: _Binary, a: Mesh, b: Mesh, normals: Normals, *, coloured: bool) -> dict[str, Any]:
    """The surface: A as the base, and what to add to its places and normals to have B."""
    vertex, uvs, triangles = _split(a)
    start, end = _unit(normals.at(0.0)), _unit(normals.at(1.0))
    attributes = {"POSITION": binary.array((a.vertices - _middle(a))[vertex]), "NORMAL": binary.array(start[vertex])}
    if uvs is not None:
        attributes["TEXCOORD_0"] = binary.array(uvs * [1, -1] + [0, 1])  # glTF counts V from the top
    if coloured and a.colors is not None:
        attributes["COLOR_0"] = binary.array(linear(a.colors)[vertex])
    target = {
        "POSITION": binary.array((b.vertices - a.vertices)[vertex]),
        "NORMAL": binary.array((end - start)[vertex]),
    }
    index = binary.array(triangles.ravel(), _ELEMENTS)
    return {"attributes": attributes, "targets": [target], "indices": index, "material": 0, "mode": 4}


def _middle(mesh: Mesh) -> Float[np.ndarray, " 3"]:
    return np.asarray((mesh.vertices.min(axis=0) + mesh.vertices.max(axis=0)) / 2)


def _split(mesh: Mesh) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, "n 2"] | None, Int[np.ndarray, "f 3"]]:
    """For each vertex to write the mesh's own, its texture coordinates, and the triangles of those to write."""
    if mesh.uvs is None or mesh.uv_faces is None:
        return np.arange(len(mesh.vertices)), None, mesh.faces
    count = len(mesh.uvs)
    used, number = np.unique(mesh.faces.astype(np.int64) * count + mesh.uv_faces, return_inverse=True)
    # a vertex on no face has no place in the texture, and none in a GLB either
    return used // count, mesh.uvs[used % count], number.reshape(mesh.faces.shape)


def _unit(normals: Points) -> Points:
    """The normals, upwards where there is none: glTF wants them all of length 1."""
    return np.where((normals == 0).all(axis=1, keepdims=True), [0.0, 1.0, 0.0], normals)


def _animation(binary: _Binary, seconds: float) -> dict[str, Any]:
    times, weights = (binary.array(np.array(ends), None) for ends in ([0.0, seconds], [0.0, 1.0]))
    return {
        "name": "morph",
        "samplers": [{"input": times, "output": weights, "interpolation": "LINEAR"}],
        "channels": [{"sampler": 0, "target": {"node": 0, "path": "weights"}}],
    }


def _materials(binary: _Binary, pictures: tuple[Picture, Picture] | None) -> dict[str, Any]:
    matt = {"metallicFactor": 0.0, "roughnessFactor": 0.9}
    if pictures is None:
        return {"materials": [{"name": "clay", "pbrMetallicRoughness": matt, "doubleSided": True}]}
    views = [binary.view(jpeg(Image.fromarray(picture))) for picture in pictures]
    return {
        "materials": [
            {"name": name, "pbrMetallicRoughness": {**matt, "baseColorTexture": {"index": k}}, "doubleSided": True}
            for k, name in enumerate(("A", "B"))
        ],
        "samplers": [{"wrapS": 10497, "wrapT": 10497}],
        "textures": [{"source": k, "sampler": 0} for k in range(2)],
        "images": [{"bufferView": view, "mimeType": "image/jpeg"} for view in views],
    }


def _packed(document: dict[str, Any], binary: _Binary) -> bytes:
    data = b"".join(binary.pieces)
    whole = {
        **document,
        "accessors": binary.accessors,
        "bufferViews": binary.views,
        "buffers": [{"byteLength": len(data)}],
    }
    text = json.dumps(whole, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + len(data))
    return head + struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\0") + data
