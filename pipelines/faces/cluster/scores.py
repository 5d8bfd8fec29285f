"""How well a partition of faces agrees with the truth: pairwise and BCubed precision, recall and F."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, Integer


@dataclass(frozen=True, slots=True)
class Score:
    """Precision and recall, 0 to 1."""

    precision: float
    recall: float

    @property
    def f(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def pairwise(labels: Integer[np.ndarray, " n"], truth: Integer[np.ndarray, " n"]) -> Score:
    """Over pairs of faces: of those put together the share that belong so, and the other way round. No pair: 1."""
    together, ours, theirs = _sizes(labels, truth)
    right = _pairs(together)
    return Score(_share(right, _pairs(ours)), _share(right, _pairs(theirs)))


def bcubed(labels: Integer[np.ndarray, " n"], truth: Integer[np.ndarray, " n"]) -> Score:
    """Over faces: the mean share of a face's fellows that belong with it, and of those that belong that are with it.

    A face is its own fellow. Source: Bagga and Baldwin 1998; Amigó et al. 2009. No face: 1.
    """
    if not len(labels):
        return Score(1.0, 1.0)
    _, ours = np.unique(labels, return_inverse=True)
    _, theirs = np.unique(truth, return_inverse=True)
    _, both, together = np.unique(
        ours.astype(np.int64) * (theirs.max() + 1) + theirs, return_inverse=True, return_counts=True
    )
    fellows = together[both].astype(np.float64)
    return Score(
        float((fellows / np.bincount(ours)[ours]).mean()), float((fellows / np.bincount(theirs)[theirs]).mean())
    )


def _sizes(
    labels: Integer[np.ndarray, " n"], truth: Integer[np.ndarray, " n"]
) -> tuple[Int64[np.ndarray, " a"], Int64[np.ndarray, " b"], Int64[np.ndarray, " c"]]:
    _, ours = np.unique(labels, return_inverse=True)
    _, theirs = np.unique(truth, return_inverse=True)
    _, together = np.unique(ours.astype(np.int64) * (len(theirs) + 1) + theirs, return_counts=True)
    return together, np.bincount(ours), np.bincount(theirs)


def _pairs(sizes: Int64[np.ndarray, " n"]) -> int:
    return int((sizes.astype(np.int64) * (sizes - 1) // 2).sum())


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
