"""Mean similarities to people, by the sums of their faces' embeddings."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float16, Float32, Int32, Int64

from pipelines.faces.people.words import NOBODY

BLOCK = 8192
"""Faces that are looked at together."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """People with faces. numbers: rising. totals: of their embeddings. counts: of their faces."""

    numbers: Int32[np.ndarray, " p"]
    totals: Float32[np.ndarray, "p d"]
    counts: Int64[np.ndarray, " p"]

    def means(self) -> Float32[np.ndarray, "p d"]:
        """The mean embedding of each; its product with a face is that face's mean similarity to them."""
        return self.totals / self.counts[:, None].astype(np.float32)

    def of(self, chosen: Int64[np.ndarray, " k"]) -> Sums:
        """Those of some people, by their rows."""
        return Sums(numbers=self.numbers[chosen], totals=self.totals[chosen], counts=self.counts[chosen])


def summed(embeddings: Float[np.ndarray, "n d"], person: Int32[np.ndarray, " n"]) -> Sums:
    """The sums of everybody who has faces. person: each face's, or NOBODY."""
    numbers, at, counts = np.unique(person[person != NOBODY], return_inverse=True, return_counts=True)
    rows = np.flatnonzero(person != NOBODY)
    totals = np.zeros((len(numbers), embeddings.shape[1]), dtype=np.float32)
    order = np.argsort(at, kind="stable")
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        firsts = np.flatnonzero(np.diff(at[block], prepend=-1))
        totals[at[block][firsts]] += np.add.reduceat(embeddings[rows[block]].astype(np.float32), firsts, axis=0)
    return Sums(numbers=numbers.astype(np.int32), totals=totals, counts=counts)


def faceted(
    embeddings: Float[np.ndarray, "n d"],
    person: Int32[np.ndarray, " n"],
    cluster: Int32[np.ndarray, " n"],
    whole: Sums,
) -> Sums:
    """The sums of everybody, which are whole, and of each cluster of people who have several: as a child, with glasses.

    Numbers repeat. cluster: of each face; NOBODY: of none. A single face is too little to be a cluster here.
    """
    mine = np.flatnonzero((person != NOBODY) & (cluster != NOBODY))
    pairs, at, sizes = paired(person[mine], cluster[mine])
    people, several = np.unique(pairs[0], return_counts=True)
    wanted = np.isin(pairs[0], people[several > 1]) & (sizes > 1)
    part = np.full(len(person), NOBODY, dtype=np.int32)
    part[mine] = np.where(wanted[at], at, NOBODY)
    parts = summed(embeddings, part)
    return Sums(
        numbers=np.concatenate([whole.numbers, pairs[0, parts.numbers]]).astype(np.int32),
        totals=np.concatenate([whole.totals, parts.totals]),
        counts=np.concatenate([whole.counts, parts.counts]),
    )


def paired(
    first: Int32[np.ndarray, " n"], second: Int32[np.ndarray, " n"]
) -> tuple[Int32[np.ndarray, "2 m"], Int64[np.ndarray, " n"], Int64[np.ndarray, " m"]]:
    """The different pairs of numbers from 0, which of them each row has, and how many rows each has."""
    keys = first.astype(np.int64) << 32 | second.astype(np.int64)
    found, at, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.stack([found >> 32, found & 0xFFFFFFFF]).astype(np.int32), at, counts


def to_others(
    embeddings: Float16[np.ndarray, "n d"], person: Int32[np.ndarray, " n"], sums: Sums
) -> Float32[np.ndarray, " n"]:
    """The mean similarity of each face to the other faces of its person; NaN where there are none."""
    found = np.full(len(person), np.nan, dtype=np.float32)
    rows = np.flatnonzero(person != NOBODY)
    at = np.searchsorted(sums.numbers, person[rows])
    several = sums.counts[at] > 1
    rows, at = rows[several], at[several]
    for start in range(0, len(rows), BLOCK):
        block, whose = rows[start : start + BLOCK], at[start : start + BLOCK]
        each = embeddings[block].astype(np.float32)
        rest = sums.totals[whose] - each
        found[block] = np.einsum("ij,ij->i", each, rest) / (sums.counts[whose] - 1)
    return found
