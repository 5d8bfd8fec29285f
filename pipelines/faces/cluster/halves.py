"""Similarities of embeddings, without any rounding on the way.

Embeddings are kept as float16. Such a number is a whole multiple of 2^-24, a product of two of them one of 2^-48, and
no sum of products of two unit vectors leaves [-2, 2]: 49 bits, and a float64 has 53. So a sum of them in float64 is
exact in whatever order it is made, on every machine and by every library; and sums of up to 2^28 embeddings are exact
too. Whoever rounds the exact similarity to float32 gets the same bits, whether one face is compared or a million.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float16, Float32, Float64, Int32

LONGEST = 1.05
"""Length that no embedding has: they are unit vectors, but for rounding."""
LANES = 32
"""Partial sums in which a product of two sums of embeddings is made, so that every way to make it gives the same."""


def halves(embeddings: Float[np.ndarray, "n d"]) -> Float16[np.ndarray, "n d"]:
    """The embeddings as they are kept; those that are float16 already are not copied, so they may map a file.

    Raises ValueError where one is longer than a unit vector can be, or not finite.
    """
    kept = np.asarray(embeddings, dtype=np.float16)
    for start in range(0, len(kept), 65536):
        norms = np.square(kept[start : start + 65536].astype(np.float32)).sum(axis=1)
        if len(norms) and not norms.max() < LONGEST**2:  # also where one is not a number
            raise ValueError(f"embedding {start + int(np.argmax(norms))} is not a unit vector; scale it to length 1")
    return kept


def similarities(a: Float16[np.ndarray, "m d"], b: Float16[np.ndarray, "n d"]) -> Float32[np.ndarray, "m n"]:
    """The cosine similarity of each of a with each of b: exact, then rounded to float32 once."""
    return (a.astype(np.float64) @ b.astype(np.float64).T).astype(np.float32)


def pairwise(embeddings: Float16[np.ndarray, "n d"], pairs: Int32[np.ndarray, "m 2"]) -> Float32[np.ndarray, " m"]:
    """The cosine similarity of each pair of rows, the same bits as by ``similarities``."""
    found = np.empty(len(pairs), dtype=np.float32)
    for start in range(0, len(pairs), 65536):
        a, b = (embeddings[pairs[start : start + 65536, side]].astype(np.float64) for side in (0, 1))
        found[start : start + 65536] = np.einsum("ij,ij->i", a, b)
    return found


def products(sums: Float64[np.ndarray, "m d"], other: Float64[np.ndarray, " d"]) -> Float64[np.ndarray, " m"]:
    """The product of each of the sums of embeddings with another.

    Rounded, but always in the same way, whichever of the two is the other: by ``LANES``, then these one by one.
    """
    lanes = np.zeros((len(sums), LANES))
    for start in range(0, sums.shape[1], LANES):
        step = sums[:, start : start + LANES] * other[start : start + LANES]
        lanes[:, : step.shape[1]] += step
    total = np.zeros(len(sums))
    for lane in lanes.T:
        total += lane
    return total
