"""How far each vertex moves from A to B, taken apart by the surface of A."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pipelines.morph.outputs.statistics import Statistics, statistics

Points = Float[np.ndarray, "v 3"]
PerVertex = Float[np.ndarray, " v"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Displacements:
    """One value a vertex, in the meshes' unit. normal: signed, positive is outwards; tangent, total: lengths."""

    normal: PerVertex
    tangent: PerVertex
    total: PerVertex

    def figures(self) -> tuple[Statistics, ...]:
        """The rows of the three in ``statistics.csv``."""
        return (
            statistics("shape", "normal_displacement", self.normal),
            statistics("shape", "tangent_displacement", self.tangent),
            statistics("shape", "total_displacement", self.total),
        )


def displacements(a: Points, b: Points, normals: Points) -> Displacements:
    """The way d = b - a taken apart: d·n, the length of d - (d·n)n, and the length of d.

    normals: of A, unit length (``blend.Normals.at(0)``); where one is zero, all of d counts as tangent.
    """
    moved = b - a
    normal = np.einsum("vc,vc->v", moved, normals)
    along = moved - normal[:, None] * normals
    return Displacements(normal=normal, tangent=_lengths(along), total=_lengths(moved))


def _lengths(vectors: Points) -> PerVertex:
    return np.asarray(np.sqrt(np.einsum("vc,vc->v", vectors, vectors)))
