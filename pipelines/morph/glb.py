"""Binary glTF 2.0: the triangles of all meshes of the scene in the scene's space, joined in the order of its nodes.

Source: Khronos Group, glTF 2.0 specification (2021), section 3; KHR_texture_transform, with the rotation as all
viewers have it (glTF issue 1563: the sign in its listing is that of a V that points up).
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import base64
import binascii
import math
import struct
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pipelines.morph.glb_file import GlbFile, Told, opened
from pipelines.morph.joining import Part, joined
from pipelines.morph.polygons import Damaged, Material, Picture, Polygons
from pipelines.morph.wording import listed

_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_DEEPEST = 256
_READ = frozenset({"KHR_mesh_quantization", "KHR_materials_unlit", "EXT_texture_webp", "KHR_texture_transform"})
"""Extensions that a file may require."""


def parse(data: bytes, shape: str | None = None) -> Polygons:
    """The polygons of a GLB file; where a shape is named, with that blend shape (morph target) whole and no other.

    Raises Damaged. A shape that is not in ``shapes`` changes nothing.
    """
    try:
        file = opened(data)
        required = set(file.scene.get("extensionsRequired", ())) - _READ
        if required:
            raise Damaged(f"it needs {listed(sorted(required))}, which visaged does not read; export it without")
        materials = tuple(_material(file, told) for told in file.scene.get("materials", ()))
        return replace(joined(_parts(file, shape), materials), shapes=_shapes(file), turned_on=_turned_on(file))
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError, struct.error) as problem:
        raise Damaged("what it says of itself does not fit together") from problem


def _parts(file: GlbFile, shape: str | None) -> Iterator[Part]:
    for index, to_world in _placed(file):
        mesh = file.scene["meshes"][index]
        chosen = [number for number, name in enumerate(_names(mesh)) if name == shape]
        for primitive in mesh["primitives"]:
            if primitive.get("mode", _TRIANGLES) in {_TRIANGLES, _STRIP, _FAN}:
                yield _shaped(file, _part(file, primitive, to_world), [primitive["targets"][n] for n in chosen])


def _names(mesh: Told) -> list[str]:
    """What the blend shapes of a mesh are called, as Blender and others write it; without a name by their number."""
    count = max((len(primitive.get("targets", ())) for primitive in mesh["primitives"]), default=0)
    extras = mesh.get("extras")
    told = extras.get("targetNames", ()) if isinstance(extras, dict) else ()  # extras are anybody's, in any form
    names = [name if isinstance(name, str) else "" for name in told] if isinstance(told, list) else []
    return [name or f"shape {number}" for number, name in enumerate([*names, *[""] * count][:count], start=1)]


def _shapes(file: GlbFile) -> tuple[str, ...]:
    used = {index: None for index, _ in _placed(file)}
    return tuple(dict.fromkeys(name for index in used for name in _names(file.scene["meshes"][index])))


def _turned_on(file: GlbFile) -> tuple[str, ...]:
    """The blend shapes that a viewer of the file shows; a node's weights go before those of its mesh."""
    meshes, used = file.scene["meshes"], {index: None for index, _ in _placed(file)}
    given = {index: meshes[index].get("weights", ()) for index in used}
    given |= {node["mesh"]: node["weights"] for node in file.scene.get("nodes", ()) if {"mesh", "weights"} <= {*node}}
    shown = (zip(_names(meshes[index]), weights, strict=False) for index, weights in given.items() if index in used)
    return tuple(dict.fromkeys(name for one in shown for name, weight in one if weight))


def _shaped(file: GlbFile, part: Part, targets: list[dict[str, int]]) -> Part:
    vertices = part.vertices
    for target in targets:
        if "POSITION" in target:
            vertices = vertices + file.accessor(target["POSITION"])
    return replace(part, vertices=vertices)


def _placed(file: GlbFile) -> Iterator[tuple[int, Float[np.ndarray, "4 4"]]]:
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


def _part(file: GlbFile, primitive: dict[str, Any], to_world: Float[np.ndarray, "4 4"]) -> Part:
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
        uvs=None if uvs is None else _uvs(file, file.accessor(uvs), material),
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


def _base_color(told: Told) -> dict[str, Any]:
    found: dict[str, Any] = told.get("pbrMetallicRoughness", {}).get("baseColorTexture", {})
    return found


def _transform(asked: Told) -> dict[str, Any]:
    found: dict[str, Any] = asked.get("extensions", {}).get("KHR_texture_transform", {})
    return found


def _asked(file: GlbFile, material: int) -> dict[str, Any]:
    """What the material says of the texture of its base colour."""
    return _base_color(file.scene["materials"][material]) if material >= 0 else {}


def _uv_set(file: GlbFile, material: int) -> int:
    asked = _asked(file, material)
    return int(_transform(asked).get("texCoord", asked.get("texCoord", 0)))


def _uvs(file: GlbFile, given: Float[np.ndarray, "t 2"], material: int) -> Float[np.ndarray, "t 2"]:
    """The texture coordinates scaled, turned, shifted as the material says, V pointing up: glTF's points down."""
    told = _transform(_asked(file, material))
    if told:
        angle = float(told.get("rotation", 0.0))
        sine, cosine = math.sin(angle), math.cos(angle)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        given = (given * _two(told.get("scale", (1.0, 1.0)))) @ turn.T + _two(told.get("offset", (0.0, 0.0)))
    return np.asarray(given * _two((1.0, -1.0)) + _two((0.0, 1.0)))


def _two(values: Any) -> Float[np.ndarray, " 2"]:
    return np.array(values, dtype=np.float64).reshape(2)


def _material(file: GlbFile, told: dict[str, Any]) -> Material:
    name, asked = str(told.get("name", "")), _base_color(told)
    if not asked:
        return Material(name)
    texture = file.scene["textures"][asked["index"]]
    source = texture.get("extensions", {}).get("EXT_texture_webp", texture).get("source")
    return Material(name) if source is None else Material(name, _picture(file, source))


def _picture(file: GlbFile, index: int) -> Picture:
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
