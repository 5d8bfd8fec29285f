"""What ufbx finds in an FBX file, run as a process of its own: FBX on stdin, arrays (npz) or a reason on stdout.

Its argument is the name of the blend shape to show, as JSON ("null": none).

ufbx's Python objects do not keep alive what they point into, and a damaged file may ask for any amount of memory.
So every object is kept until the end, the process has a limit of memory, and it ends without tearing anything down.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
import ufbx

MEMORY = 4 * 1024**3
"""Bytes of address space: far more than the largest file that is read needs."""
SECONDS = 60
"""Of computing; the largest file that is read takes under ten."""
REFUSED = 65
"""Exit status when the file is at fault; the answer is then a line of text."""
T = TypeVar("T")

_KEPT: list[object] = []


def _kept(value: T) -> T:
    _KEPT.append(value)
    return value


def found(data: bytes, shape: str | None) -> dict[str, Any]:
    """The arrays of all meshes of the file, numbered ("0 vertices"), and under "told" the rest as JSON in bytes.

    The vertices are those of the blend shape of that name where there is one, else as modelled.
    """
    scene = _kept(
        ufbx.load_memory(
            data,
            file_format=ufbx.FileFormat.FBX,
            ignore_animation=True,
            load_external_files=False,
            index_error_handling=ufbx.IndexErrorHandling.NO_INDEX,  # else ufbx bends a bad index into range
            target_axes=ufbx.axes_right_handed_y_up,
        )
    )
    arrays: dict[str, Any] = {}
    materials = [_kept(material) for material in _kept(scene.materials)]
    order = {_kept(material).element_id: i for i, material in enumerate(materials)}
    count = 0
    shapes: dict[str, bool] = {}
    for node in _kept(scene.nodes):
        mesh = _kept(_kept(node).mesh)
        if mesh is not None:
            arrays |= {f"{count} {name}": value for name, value in _mesh(node, mesh, order).items()}
            for name, target, on in _shapes(mesh):
                shapes[name] = on or shapes.get(name, False)
                if name == shape:
                    _show(arrays[f"{count} vertices"], target)
            count += 1
    told = {
        "count": count,
        "shapes": shapes,
        "materials": [_material(m, arrays, i) for i, m in enumerate(materials)],
    }
    return {**arrays, "told": np.frombuffer(json.dumps(told).encode("ascii"), dtype=np.uint8)}


def _mesh(node: Any, mesh: Any, order: dict[int, int]) -> dict[str, Any]:
    m = _kept(node.geometry_to_world)
    arrays = {
        "to_world": np.array([[c.x, c.y, c.z] for c in map(_kept, (m.c0, m.c1, m.c2, m.c3))]).T,
        "vertices": np.array(_kept(mesh.vertices), dtype=np.float64).reshape(-1, 3),
        "faces": np.array(_kept(mesh.faces), dtype=np.int64).reshape(-1, 2),
        "corners": np.array(_kept(mesh.vertex_indices), dtype=np.int64),
        "face_materials": np.array(_kept(mesh.face_material), dtype=np.int64),
        "materials": np.array([order.get(_kept(m).element_id, -1) for m in _kept(node.materials)], dtype=np.int64),
    }
    for name, attribute, width in (("uv", _kept(mesh.vertex_uv), 2), ("color", _kept(mesh.vertex_color), 4)):
        if attribute.exists:
            arrays[f"{name}s"] = np.array(_kept(attribute.values), dtype=np.float64).reshape(-1, width)
            arrays[f"{name}_corners"] = np.array(_kept(attribute.indices), dtype=np.int64)
    return arrays


def _shapes(mesh: Any) -> Iterator[tuple[str, Any, bool]]:
    """The blend shapes of a mesh by the names of their sliders; of one with steps between, the last. Which are on."""
    for deformer in _kept(mesh.blend_deformers):
        for channel in _kept(_kept(deformer).channels):
            target = _kept(_kept(channel).target_shape)
            if target is not None:
                yield channel.name or target.name, target, bool(channel.weight)


def _show(vertices: np.ndarray, target: Any) -> None:
    """Afterwards the vertices are where the blend shape has them, with its whole weight."""
    which = np.array(_kept(target.offset_vertices), dtype=np.int64)
    offsets = np.array(_kept(target.position_offsets), dtype=np.float64).reshape(-1, 3)
    there = which < len(vertices)  # ufbx: the largest number stands for none
    np.add.at(vertices, which[there], offsets[there])


def _material(material: Any, arrays: dict[str, Any], index: int) -> dict[str, Any]:
    texture = _texture(material)
    if texture is None:
        return {"name": material.name, "path": None}
    content = _kept(texture.content)
    if content is not None and len(content):
        arrays[f"content {index}"] = np.frombuffer(bytes(content), dtype=np.uint8)
    paths = (texture.relative_filename, texture.filename, texture.absolute_filename, texture.name)
    return {"name": material.name, "path": next((path for path in paths if path), "")}


def _texture(material: Any) -> Any:
    for maps, name in ((_kept(material.fbx), "diffuse_color"), (_kept(material.pbr), "base_color")):
        texture = _kept(_kept(getattr(maps, name)).texture)
        if texture is not None:
            files = [_kept(file) for file in _kept(texture.file_textures)]  # those below a layered one
            return files[0] if files else texture
    return None


def main() -> None:
    """Answer on stdout: arrays as npz, or one line of text with the reason."""
    for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)  # which only the superuser may raise
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    answer, status = io.BytesIO(), 0
    try:
        np.savez(answer, **found(sys.stdin.buffer.read(), json.loads(sys.argv[1])))
    except (ufbx.UfbxError, MemoryError) as problem:
        answer, status = io.BytesIO(f"{type(problem).__name__}: {problem}".encode("utf-8", "replace")), REFUSED
    sys.stdout.buffer.write(answer.getvalue())
    sys.stdout.buffer.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
