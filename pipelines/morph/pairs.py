"""Which meshes are morphed into which, and whether two of them can be."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np

from pipelines.morph.mesh import Mesh
from pipelines.morph.wording import counted, natural, shown

_NEED = "A morph needs two meshes made from one base mesh, with the same vertices in the same order."


def pairs(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """All unordered pairs of different names, each in natural order (face 2 before face 10), and so the pairs."""
    return tuple(combinations(sorted(set(names), key=natural), 2))


def why_not(a: Mesh, b: Mesh) -> str | None:
    """Why a cannot become b: a sentence that names both and the first thing that differs; None when it can.

    They need as many vertices and the same triangles, by index. Texture coordinates may differ.
    """
    if len(a.vertices) != len(b.vertices) or len(a.faces) != len(b.faces):
        return f"{_size(a)}, {_size(b)}. {_NEED}"
    different = (a.faces != b.faces).any(axis=1)
    if not different.any():
        return None
    which = int(np.argmax(different))
    return (
        f"{_name(a)} and {_name(b)} have equally many vertices and faces, but the faces are others: "
        f"triangle {which + 1:,} joins vertices {_corners(a, which)} in the first and {_corners(b, which)} in the "
        f"second. {_NEED}"
    )


def _size(mesh: Mesh) -> str:
    vertices = counted(len(mesh.vertices), "vertex", "vertices")
    triangles = "" if mesh.face_count == len(mesh.faces) else f" ({counted(len(mesh.faces), 'triangle')})"
    return f"{_name(mesh)} has {vertices} and {counted(mesh.face_count, 'face')}{triangles}"


def _name(mesh: Mesh) -> str:
    return shown(mesh.file or mesh.name)


def _corners(mesh: Mesh, triangle: int) -> str:
    return ", ".join(f"{vertex + 1:,}" for vertex in mesh.faces[triangle])
