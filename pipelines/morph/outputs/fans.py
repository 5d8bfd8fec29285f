"""The faces as the file had them: which triangles were one quad before it was cut in two."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from pipelines.morph.mesh import Mesh

Triangles = Int[np.ndarray, "f 3"]
Begins = Bool[np.ndarray, " f"]


def begins(mesh: Mesh) -> Begins:
    """True for each triangle that begins a face, false for each that is the second half of a quad.

    Only a mesh all of quads can be told for sure from its triangles; of any other each triangle stays a face.
    """
    found = np.ones(len(mesh.faces), dtype=bool)
    layers = [layer for layer in (mesh.faces, mesh.uv_faces) if layer is not None]
    if 2 * mesh.face_count == len(mesh.faces) and all(map(_all_pairs, layers)):
        found[1::2] = False
    return found


def corners(triangles: Triangles, begin: Begins) -> Int[np.ndarray, " c"]:
    """The corners of the faces one after another: all three of a first triangle, the last one of a second."""
    return np.asarray(triangles[_kept(begin)])


def first_corners(begin: Begins) -> Bool[np.ndarray, " c"]:
    """True for each of ``corners`` that is the first of its face."""
    kept = _kept(begin)
    first = np.zeros(kept.shape, dtype=bool)
    first[:, 0] = begin
    return np.asarray(first[kept])


def _kept(begin: Begins) -> Bool[np.ndarray, "f 3"]:
    return np.stack([begin, begin, np.ones_like(begin)], axis=1)


def _all_pairs(triangles: Triangles) -> bool:
    """Whether each second triangle has the first corner of the one before and starts at its last edge."""
    one, two = triangles[::2], triangles[1::2]
    return bool(((one[:, 0] == two[:, 0]) & (one[:, 2] == two[:, 1])).all())
