"""Which meshes are morphed into which, and whether two of them can be."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

import numpy as np
from jaxtyping import Int

from pipelines.morph.mesh import Mesh, fanned
from pipelines.morph.wording import counted, natural, shown

_NEED = "A morph needs two meshes made from one base mesh, with the same vertices in the same order."

Corners = Int[np.ndarray, " c"]
Sizes = Int[np.ndarray, " p"]


def pairs(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """All unordered pairs of different names, each in natural order (face 2 before face 10), and so the pairs."""
    return tuple(combinations(sorted(set(names), key=natural), 2))


def why_not(a: Mesh, b: Mesh) -> str | None:
    """Why a cannot become b: a sentence that names both and the first thing that differs; None when it can."""
    found = matched(a, b)
    return found if isinstance(found, str) else None


def matched(a: Mesh, b: Mesh) -> Mesh | str:
    """B with exactly the triangles of A, or a sentence: why A cannot become B, with the first thing that differs.

    They need as many vertices and the same faces, by index. A file may have the faces in another order and begin each
    at another corner: then b's are put as a's are, its texture coordinates with them. Texture coordinates may differ.
    """
    if len(a.vertices) != len(b.vertices) or len(a.faces) != len(b.faces):
        return f"{_size(a)}, {_size(b)}. {_NEED}"
    if np.array_equal(a.faces, b.faces):
        return b
    return _by_polygons(a, b) or _by_triangles(a, b) or _other_faces(a, b)


def _by_triangles(a: Mesh, b: Mesh) -> Mesh | None:
    sizes = np.full(len(a.faces), 3)
    places = _places(a.faces.reshape(-1), sizes, b.faces.reshape(-1), sizes)
    if places is None:
        return None
    uv_faces = None if b.uv_faces is None else b.uv_faces.reshape(-1)[places].reshape(-1, 3)
    return replace(b, faces=a.faces, sizes=a.sizes, uv_faces=uv_faces)


def _by_polygons(a: Mesh, b: Mesh) -> Mesh | None:
    """Where a polygon begins at another corner, its triangles are others: so polygons are compared as a whole."""
    if a.sizes is None or b.sizes is None or len(a.sizes) != len(b.sizes):
        return None
    fan, other = fanned(a.sizes), fanned(b.sizes)
    places = _places(_unfanned(a.faces, fan), a.sizes, _unfanned(b.faces, other), b.sizes)
    if places is None:
        return None
    uv_faces = None if b.uv_faces is None else _unfanned(b.uv_faces, other)[places][fan]
    return replace(b, faces=a.faces, sizes=a.sizes, uv_faces=uv_faces)


def _unfanned(triangles: Int[np.ndarray, "f 3"], fan: Int[np.ndarray, "f 3"]) -> Corners:
    """What the corners of the polygons have, in a row, where fan (``mesh.fanned``) made the triangles of them."""
    row = np.empty(int(fan.max()) + 1, dtype=triangles.dtype)
    row[fan] = triangles
    return row


def _places(a: Corners, sizes_a: Sizes, b: Corners, sizes_b: Sizes) -> Corners | None:
    """For each corner of a the place of the same corner in b; None where the polygons are not the same."""
    places = np.empty(len(a), dtype=np.int64)
    if not np.array_equal(np.sort(sizes_a), np.sort(sizes_b)):
        return None
    for size in np.unique(sizes_a):
        mine, others = _ordered(a, sizes_a, int(size)), _ordered(b, sizes_b, int(size))
        if not np.array_equal(a[mine], b[others]):
            return None
        places[mine] = others
    return places


def _ordered(corners: Corners, sizes: Sizes, size: int) -> Int[np.ndarray, "p n"]:
    """Where the corners of all polygons of one size are: each begins at its least vertex, and all are sorted by them.

    A polygon that names a vertex twice may begin at either place: such two count as different.
    """
    starts = (np.cumsum(sizes) - sizes)[sizes == size]
    rows = starts[:, None] + np.arange(size)
    least = corners[rows].argmin(axis=1)
    rows = starts[:, None] + (np.arange(size) + least[:, None]) % size
    return np.asarray(rows[np.lexsort(corners[rows].T[::-1])])


def _other_faces(a: Mesh, b: Mesh) -> str:
    which = int(np.argmax((a.faces != b.faces).any(axis=1)))
    told = (
        f"{_name(a)} and {_name(b)} have equally many vertices and triangles, but the faces are others: "
        f"triangle {which + 1:,} joins vertices {_corners(a, which)} in the first and {_corners(b, which)} in the "
        f"second. {_NEED}"
    )
    if a.face_count == b.face_count:
        return told
    return f"{told} One of the two was cut into triangles otherwise: export both with their polygons."


def _size(mesh: Mesh) -> str:
    vertices = counted(len(mesh.vertices), "vertex", "vertices")
    triangles = "" if mesh.face_count == len(mesh.faces) else f" ({counted(len(mesh.faces), 'triangle')})"
    return f"{_name(mesh)} has {vertices} and {counted(mesh.face_count, 'face')}{triangles}"


def _name(mesh: Mesh) -> str:
    return shown(mesh.file or mesh.name)


def _corners(mesh: Mesh, triangle: int) -> str:
    return ", ".join(f"{vertex + 1:,}" for vertex in mesh.faces[triangle])
