"""Which face of a picture is meant, where the user moved the whole picture."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from pipelines.faces.people.words import Standing
from pipelines.faces.tree.holdings import Holdings

MOST = 500
"""Faces of a person that are compared."""


def fitting(holdings: Holdings, faces: Sequence[int], person: int) -> int:
    """Of these faces (rows, at least one) that most like the person; the best seen if there are none of theirs."""
    own = np.flatnonzero((holdings.census.person == person) & _sure(holdings))
    return most_alike(holdings, faces, [int(row) for row in own if row not in faces])


def most_alike(holdings: Holdings, faces: Sequence[int], others: Sequence[int]) -> int:
    """Of these faces (rows, at least one) that which is most like the others; the best seen where there are none."""
    if len(faces) == 1:
        return faces[0]
    if not others:
        return max(faces, key=lambda row: (float(holdings.faces["quality"][row]), -row))
    centre = _embedded(holdings, others[:MOST]).sum(axis=0)
    alike = _embedded(holdings, faces) @ centre
    return faces[int(np.argmax(alike))]


def free_ones(holdings: Holdings, faces: Sequence[int]) -> tuple[int, ...]:
    """Those of the faces that are with nobody yet."""
    open_ = (Standing.UNSORTED, Standing.REVIEW)
    return tuple(row for row in faces if holdings.census.standing[row] in open_)


def _sure(holdings: Holdings) -> np.ndarray:
    return np.isin(holdings.census.standing, (Standing.JOINED, Standing.PLACED))


def _embedded(holdings: Holdings, rows: Sequence[int]) -> Float[np.ndarray, "k d"]:
    return np.asarray(holdings.embeddings(np.asarray(rows, dtype=np.int64)), dtype=np.float32)
