"""What a renderer is given to draw: two shapes of one topology and what covers them; and that as one row a vertex."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

from pipelines.morph.blend import Normals
from pipelines.morph.camera import Camera

Picture = UInt8[np.ndarray, "h w 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Skin:
    """A picture, and where each corner of each triangle lies in it. uvs: V points up. corners: indices into uvs."""

    uvs: Float[np.ndarray, "t 2"]
    corners: Int[np.ndarray, "f 3"]
    texture: Picture


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Skins:
    """Two pictures, each looked up by its own mesh's uvs: they may be laid out differently and be of any size."""

    a: Skin
    b: Skin


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Colours:
    """Two colours a vertex, 0 to 1 as sRGB."""

    a: Float[np.ndarray, "v 3"]
    b: Float[np.ndarray, "v 3"]


@dataclass(frozen=True, slots=True)
class Clay:
    """No colours of its own: matt, light grey, lit so that the form shows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """Two shapes in the meshes' own unit, the normals of all their blends (``blend.normals``), and what covers them."""

    a: Float[np.ndarray, "v 3"]
    b: Float[np.ndarray, "v 3"]
    normals: Normals
    faces: Int[np.ndarray, "f 3"]
    surface: Skins | Colours | Clay


@dataclass(frozen=True, slots=True, eq=False)
class Paint:
    """Values to be seen as colours on the first shape. table: the colours, sRGB, 0 to 1.

    ends: the values that have the first and the last colour; what lies beyond has the nearer one.
    """

    values: Float[np.ndarray, " v"]
    table: Float[np.ndarray, "n 3"]
    ends: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """A subject as OpenGL takes it: one index of everything.

    columns: name in the shader -> one row a vertex. vertex: the subject's vertex that each row is.
    """

    columns: dict[str, Float[np.ndarray, "n c"]]
    triangles: Int[np.ndarray, "f 3"]
    vertex: Int[np.ndarray, " n"]


def rows(subject: Subject, camera: Camera) -> Rows:
    """The subject in the camera's view space as float32; a vertex with several uvs becomes several rows."""
    extra: dict[str, Float[np.ndarray, "n c"]] = {}
    vertex, triangles = np.arange(len(subject.a)), subject.faces
    match subject.surface:
        case Skins(a=a, b=b):
            uv_pairs, corner = _pairs(a.corners, b.corners)
            split, triangles = _pairs(subject.faces, corner)
            vertex = split[:, 0]
            extra = {"uv_a": a.uvs[uv_pairs[split[:, 1], 0]], "uv_b": b.uvs[uv_pairs[split[:, 1], 1]]}
        case Colours(a=first, b=second):
            extra = {"colour_a": first, "colour_b": second}
        case Clay():
            pass
    area = camera.unit**2  # normals grow with the square of the unit
    columns = {
        "position_a": camera.view(subject.a)[vertex],
        "position_b": camera.view(subject.b)[vertex],
        "normal_a": subject.normals.start[vertex] / area,
        "normal_m": subject.normals.middle[vertex] / area,
        "normal_b": subject.normals.end[vertex] / area,
        **extra,
    }
    ready = {name: np.ascontiguousarray(values, dtype=np.float32) for name, values in columns.items()}
    return Rows(columns=ready, triangles=np.ascontiguousarray(triangles, dtype=np.uint32), vertex=vertex)


def _pairs(
    first: Int[np.ndarray, "f 3"], second: Int[np.ndarray, "f 3"]
) -> tuple[Int[np.ndarray, "n 2"], Int[np.ndarray, "f 3"]]:
    """The different pairs (first, second) that corners have, and each corner's number among them."""
    base = int(second.max(initial=0)) + 1
    keys, number = np.unique(first.astype(np.int64) * base + second, return_inverse=True)
    return np.stack([keys // base, keys % base], axis=1), number.reshape(first.shape)
