"""Several meshes of one file as one: each moved to its place in the scene, in the file's order."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pipelines.morph.mesh import MOST_FACES, MOST_VERTICES
from pipelines.morph.polygons import Damaged, Material, Polygons


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """One mesh of a scene, as ``Polygons`` has it, and the matrix that puts it into its place."""

    vertices: Float[np.ndarray, "v 3"]
    corners: Int[np.ndarray, " c"]
    sizes: Int[np.ndarray, " f"]
    to_world: Float[np.ndarray, "4 4"]
    uvs: Float[np.ndarray, "t 2"] | None
    uv_corners: Int[np.ndarray, " c"] | None
    colors: Float[np.ndarray, "v 3"] | None
    face_materials: Int[np.ndarray, " f"]


def joined(parts: Iterable[Part], materials: tuple[Material, ...], warnings: tuple[str, ...] = ()) -> Polygons:
    """All parts as one; colours only where all parts have them. Raises Damaged when they are absurdly many."""
    kept = _within_reason(parts)
    if not kept:
        raise Damaged("it holds no triangles")
    all_colored = all(part.colors is not None for part in kept)
    uvs = [part.uvs for part in kept if part.uvs is not None]
    return Polygons(
        vertices=np.concatenate([_moved(part) for part in kept]),
        corners=_shifted([_facing(part, part.corners) for part in kept], [len(part.vertices) for part in kept]),
        sizes=np.concatenate([part.sizes for part in kept]),
        uvs=np.concatenate(uvs) if uvs else None,
        uv_corners=_uv_corners(kept) if uvs else None,
        colors=np.concatenate([part.colors for part in kept if part.colors is not None]) if all_colored else None,
        materials=materials,
        face_materials=np.concatenate([part.face_materials for part in kept]),
        warnings=warnings,
    )


def _within_reason(parts: Iterable[Part]) -> list[Part]:
    """The parts. Counted as they come: a small file can ask for one part a million times."""
    kept: list[Part] = []
    vertices = faces = 0
    for part in parts:
        _check_own(part)
        vertices, faces = vertices + len(part.vertices), faces + len(part.sizes)
        if vertices > MOST_VERTICES or faces > MOST_FACES:
            raise Damaged(f"over {MOST_VERTICES:,} vertices or {MOST_FACES:,} faces are more than visaged can morph")
        kept.append(part)
    return kept


def _check_own(part: Part) -> None:
    """Indices in the range of the part's own vertices: after joining they would point into another's."""
    for corners, there in (
        (part.corners, len(part.vertices)),
        (part.uv_corners, 0 if part.uvs is None else len(part.uvs)),
    ):
        if corners is not None and len(corners) and not -1 <= int(corners.min()) <= int(corners.max()) < there:
            raise Damaged(f"a face points to vertex {int(corners.max()) + 1:,}, but its mesh has only {there:,}")


def _moved(part: Part) -> Float[np.ndarray, "v 3"]:
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused later, with its vertex
        moved: Float[np.ndarray, "v 3"] = part.vertices @ part.to_world[:3, :3].T + part.to_world[:3, 3]
        return moved


def _facing(part: Part, corners: Int[np.ndarray, " c"]) -> Int[np.ndarray, " c"]:
    """The corners, each face's in reverse where the part is mirrored into its place: else it would be inside out."""
    if not np.linalg.det(part.to_world[:3, :3]) < 0:
        return corners
    starts = np.cumsum(part.sizes) - part.sizes
    return corners[np.repeat(2 * starts + part.sizes - 1, part.sizes) - np.arange(len(corners))]


def _shifted(rows: Sequence[Int[np.ndarray, " c"]], lengths: Sequence[int]) -> Int[np.ndarray, " all"]:
    starts = np.cumsum([0, *lengths[:-1]])
    return np.concatenate([np.where(row < 0, -1, row + start) for row, start in zip(rows, starts, strict=True)])


def _uv_corners(parts: Sequence[Part]) -> Int[np.ndarray, " all"]:
    rows = [np.full(len(p.corners), -1) if p.uv_corners is None else _facing(p, p.uv_corners) for p in parts]
    return _shifted(rows, [0 if p.uvs is None else len(p.uvs) for p in parts])
