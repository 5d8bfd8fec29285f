"""How alike everybody in a collection is to a face or to somebody, read block by block."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32, Int32

from pipelines.faces.gallery import Gallery
from pipelines.faces.people.heirs import SETTLED


def to_faces(gallery: Gallery, vector: Float32[np.ndarray, " d"]) -> Float32[np.ndarray, " n"]:
    """The similarity of each face of the collection to a face, or to the mean of several."""
    blocks = [block.astype(np.float32) @ vector for block in gallery.blocks()]
    return np.concatenate([np.zeros(0, dtype=np.float32), *blocks])


def to_people(
    gallery: Gallery, alike: Float32[np.ndarray, " n"]
) -> tuple[Int32[np.ndarray, " p"], Float[np.ndarray, " p"]]:
    """The people who have faces, and how alike their faces are on average. alike: of each face of the collection."""
    settled = np.isin(gallery.census.standing, SETTLED)
    numbers, at = np.unique(gallery.census.person[settled], return_inverse=True)
    return numbers, np.bincount(at, weights=alike[settled]) / np.maximum(np.bincount(at), 1)
