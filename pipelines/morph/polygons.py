"""What a reader found in a mesh file, not yet judged: polygons as the file has them, and the pictures it asks for."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


class Damaged(Exception):
    """A file that its reader cannot make sense of. The message goes on from "x.obj cannot be used: ", no full stop."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a material asks for. path: as the file writes it. data: the picture itself, where embedded."""

    path: str
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """A material by name, and the picture of its base colour where the mesh's file itself says which."""

    name: str
    picture: Picture | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Polygons:
    """Polygons, face after face, in the file's order.

    corners: indices into vertices, all faces' corners in a row; sizes: how many of them each face has.
    uvs: V points up; uv_corners: an index into uvs for each corner, -1 where it has none.
    face_materials: an index into materials for each face, -1 where it has none.
    libraries: the material libraries that the file names (OBJ), whose materials have no pictures here.
    shapes: the names of its blend shapes, in the file's order; turned_on: those that the file has at a weight other
    than 0, which is not how they are shown.
    """

    vertices: Float[np.ndarray, "v 3"]
    corners: Int[np.ndarray, " c"]
    sizes: Int[np.ndarray, " f"]
    uvs: Float[np.ndarray, "t 2"] | None = None
    uv_corners: Int[np.ndarray, " c"] | None = None
    colors: Float[np.ndarray, "v 3"] | None = None
    materials: tuple[Material, ...] = ()
    face_materials: Int[np.ndarray, " f"] | None = None
    libraries: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    turned_on: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
