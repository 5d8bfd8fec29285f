"""What the tree is made of: all that a collection holds, row by row as the gallery has it."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64

from pipelines.faces.columns import Picture
from pipelines.faces.people.words import Census, Decision
from pipelines.faces.tree.attributes import Attributes

Rows = Int64[np.ndarray, " k"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Holdings:
    """A collection. faces: FACE, picture is a row of pictures, ids rise. decisions: all so far, in order.

    embeddings: rows -> unit vectors, a row each. chip: row -> JPEG. attributes: where they were estimated.
    """

    pictures: Sequence[Picture]
    faces: np.ndarray
    census: Census
    decisions: tuple[Decision, ...]
    embeddings: Callable[[Rows], Float[np.ndarray, "k d"]]
    chip: Callable[[int], bytes]
    attributes: Attributes | None = None

    def rows(self, ids: Sequence[int]) -> Rows:
        """The rows of faces by their ids; -1 for one that is not here any more."""
        have = self.faces["id"]
        if not len(have):
            return np.full(len(ids), -1, dtype=np.int64)
        asked = np.asarray(ids, dtype=np.int64)
        at = np.minimum(np.searchsorted(have, asked), len(have) - 1)
        return np.where(have[at] == asked, at, -1)

    def by_content(self) -> Mapping[str, int]:
        """SHA-256 -> row of the picture."""
        return {picture.sha256: row for row, picture in enumerate(self.pictures)}

    def of_pictures(self) -> Callable[[int], Rows]:
        """A function that gives the rows of a picture's faces."""
        order = np.argsort(self.faces["picture"], kind="stable")
        starts = np.searchsorted(self.faces["picture"][order], np.arange(len(self.pictures) + 1))
        return lambda picture: order[starts[picture] : starts[picture + 1]]
