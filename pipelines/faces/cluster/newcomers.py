"""Whom a new face joins until the next night: the person to whose faces it is most alike, on average."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32, Float64, Int32, Integer

from pipelines.faces.cluster.halves import halves

BLOCK = 1024


def provisional(
    embeddings: Float[np.ndarray, "m d"], sums: Float64[np.ndarray, "p d"], counts: Integer[np.ndarray, " p"]
) -> tuple[Int32[np.ndarray, " m"], Float32[np.ndarray, " m"]]:
    """The row of the person to whose faces each new one is most alike, and the mean similarity.

    sums, counts: of each person's embeddings; one without faces is nobody's. -1 and NaN where there is no person.
    """
    best = np.full(len(embeddings), -1, dtype=np.int32)
    similarity = np.full(len(embeddings), np.nan, dtype=np.float32)
    there = np.flatnonzero(counts > 0)
    if not len(there):
        return best, similarity
    means = sums[there] / counts[there, None]
    for start in range(0, len(embeddings), BLOCK):
        block = slice(start, start + BLOCK)
        alike = halves(embeddings[block]).astype(np.float64) @ means.T
        at = np.argmax(alike, axis=1)
        best[block], similarity[block] = there[at], alike[np.arange(len(at)), at]
    return best, similarity
