"""What was said of faces, row by row: who is pinned where, who stands for somebody, who takes no part."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float16, Int32, Int64

from pipelines.faces.people.said import Said
from pipelines.faces.people.words import NOBODY, Census


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What decides where a face stands. same, join, review: mean cosine similarities, as ``thresholds`` says."""

    same: float
    join: float
    review: float
    min_faces: int = 2
    min_quality: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crowd:
    """All faces, and all that is known of them before they are sorted. Rows are those of the gallery.

    ids: rising. moments: faces of one number are in one picture. before: the census of the night before, of all rows.
    """

    ids: Int64[np.ndarray, " n"]
    moments: Int32[np.ndarray, " n"]
    quality: Float[np.ndarray, " n"]
    embeddings: Float16[np.ndarray, "n d"]
    before: Census
    said: Said

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, faces: Collection[int]) -> Int64[np.ndarray, " m"]:
        """The rows of those faces that are here, in the order in which they are named."""
        return rows_of(self.ids, faces)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pins:
    """What was said, row by row.

    placed: the person with whom the user put a face. owner: whom a face stands for when others gather around it: it is
    the person's anchor, or was placed there without being taken from elsewhere. nobody: no people. foreign: taken out
    of where it had gathered. poor: of too little quality. rejected: rows and people that they are not.
    """

    placed: Int32[np.ndarray, " n"]
    owner: Int32[np.ndarray, " n"]
    nobody: Bool[np.ndarray, " n"]
    foreign: Bool[np.ndarray, " n"]
    poor: Bool[np.ndarray, " n"]
    rejected: Int64[np.ndarray, "m 2"]

    @property
    def idle(self) -> Bool[np.ndarray, " n"]:
        """Who takes no part when faces gather."""
        found: Bool[np.ndarray, " n"] = self.nobody | self.foreign | self.poor
        return found

    @property
    def core(self) -> Bool[np.ndarray, " n"]:
        """Faces that are with somebody because the user put them there, and around which no others gather."""
        found: Bool[np.ndarray, " n"] = (self.placed != NOBODY) & self.idle
        return found

    def first(self, rows: int) -> Pins:
        """What was said of the first so many rows."""
        return Pins(
            placed=self.placed[:rows],
            owner=self.owner[:rows],
            nobody=self.nobody[:rows],
            foreign=self.foreign[:rows],
            poor=self.poor[:rows],
            rejected=self.rejected[self.rejected[:, 0] < rows],
        )


def pinned(crowd: Crowd, least: float) -> Pins:
    """What was said of each row. least: quality under which a face takes no part unless the user placed it."""
    said, n = crowd.said, len(crowd)
    placed = np.full(n, NOBODY, dtype=np.int32)
    _put(placed, crowd, said.placed.items())
    foreign, nobody = np.zeros((2, n), dtype=bool)
    foreign[crowd.rows(said.foreign)] = True
    nobody[crowd.rows(said.nobody)] = True
    owner = np.where(foreign, NOBODY, placed)
    _put(owner, crowd, ((face, person) for person, faces in sorted(said.anchors.items()) for face in faces))
    poor = (crowd.quality < least) & (owner == NOBODY) & (placed == NOBODY)
    pairs = [(face, person) for face, people in sorted(said.rejected.items()) for person in sorted(people)]
    rejected = _pairs(crowd.ids, pairs)
    return Pins(placed=placed, owner=owner, nobody=nobody, foreign=foreign, poor=poor, rejected=rejected)


def rows_of(ids: Int64[np.ndarray, " n"], faces: Collection[int]) -> Int64[np.ndarray, " m"]:
    """The rows of those faces that are here, in the order in which they are named. ids: rising."""
    wanted = np.fromiter(faces, dtype=np.int64, count=len(faces))
    at = np.searchsorted(ids, wanted)
    here = at < len(ids)
    here[here] = ids[at[here]] == wanted[here]
    return at[here]


def _put(into: Int32[np.ndarray, " n"], crowd: Crowd, pairs: Iterable[tuple[int, int]]) -> None:
    found = _pairs(crowd.ids, list(pairs))
    into[found[:, 0]] = found[:, 1]


def _pairs(ids: Int64[np.ndarray, " n"], pairs: list[tuple[int, int]]) -> Int64[np.ndarray, "m 2"]:
    """Pairs of a face's id and a number, the id as its row; those of faces that are not here are left out."""
    array = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    at = np.searchsorted(ids, array[:, 0])
    here = at < len(ids)
    here[here] = ids[at[here]] == array[here, 0]
    return np.stack([at[here], array[here, 1]], axis=1)
