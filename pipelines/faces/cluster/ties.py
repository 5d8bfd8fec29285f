"""What must be together, and what never may be, whatever the embeddings say."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float16, Int32

from pipelines.faces.cluster.halves import pairwise

FREE = -1
"""Of no group, with no owner, from no picture."""
MIRROR = 0.85
"""Similarity from which two faces of one picture may be one person: a mirror, a collage, a face found twice."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ties:
    """Row by row, a number or FREE.

    group: faces that the user put together; they are one before all else, even from one picture.
    owner: the named person that stands behind a face; faces of two owners are never together.
    picture: faces of one picture are never together, unless their similarity is mirror or more. (Each sampled moment of
    a video is a picture of its own.)
    apart: a row and an owner that it must not get, pair by pair.
    """

    group: Int32[np.ndarray, " n"]
    owner: Int32[np.ndarray, " n"]
    picture: Int32[np.ndarray, " n"]
    apart: Int32[np.ndarray, "m 2"]
    mirror: float = MIRROR

    def __post_init__(self) -> None:
        grouped = self.group != FREE
        owned = grouped & (self.owner != FREE)
        groups, owners = np.unique(np.stack([self.group[owned], self.owner[owned]]), axis=1)
        twice = groups[1:] == groups[:-1]
        if twice.any():
            at = int(np.argmax(twice))
            raise ValueError(f"group {groups[at]} has two owners, {owners[at]} and {owners[at + 1]}")

    @classmethod
    def none(cls, n: int) -> Ties:
        """Nothing is said of n faces."""
        free = np.full(n, FREE, dtype=np.int32)
        return cls(group=free, owner=free, picture=free, apart=np.empty((0, 2), dtype=np.int32))


def together(ties: Ties) -> Int32[np.ndarray, "m 2"]:
    """The pairs of rows that are to be one: each of a group with its first."""
    rows = np.flatnonzero(ties.group != FREE).astype(np.int32)
    _, first, inverse = np.unique(ties.group[rows], return_index=True, return_inverse=True)
    pairs = np.stack([rows[first][inverse], rows], axis=1)
    found: Int32[np.ndarray, "m 2"] = pairs[pairs[:, 0] != pairs[:, 1]]
    return found


def conflicts(ties: Ties, embeddings: Float16[np.ndarray, "n d"]) -> Int32[np.ndarray, "m 2"]:
    """The pairs of rows that must not be together because they are in one picture; the smaller row first."""
    order = np.argsort(ties.picture, kind="stable").astype(np.int32)
    order = order[ties.picture[order] != FREE]
    of = ties.picture[order]
    found = [np.empty((0, 2), dtype=np.int32)]
    step = 1
    while (same := np.flatnonzero(of[step:] == of[:-step])).size:  # the faces of a picture lie side by side
        found.append(np.stack([order[same], order[same + step]], axis=1))
        step += 1
    pairs = np.concatenate(found)
    return pairs[pairwise(embeddings, pairs) < ties.mirror]
