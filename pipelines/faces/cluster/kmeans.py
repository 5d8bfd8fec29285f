"""As many people as the user says there are: spherical k-means."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32, Int32

from pipelines.faces.cluster.halves import halves
from pipelines.faces.cluster.mending import mended
from pipelines.faces.cluster.ties import Ties

ROUNDS = 60
"""At most so many; it has nearly always settled before."""
CHOSEN_WITH_CARE = 2**25
"""Faces times clusters up to which the first centres are chosen one by one; above they are drawn."""
BLOCK = 4096


def partition(
    embeddings: Float[np.ndarray, "n d"], clusters: int, ties: Ties | None = None, seed: int = 0
) -> Int32[np.ndarray, " n"]:
    """The cluster of each face, numbered from 0 by their first rows: so many clusters, or one a face where there are
    fewer faces, and more only where ties cannot be kept otherwise (``mending``).

    Source: k-means++ (Arthur and Vassilvitskii 2007), on the sphere; a cluster that got empty takes the face that fits
    its own worst. The same seed gives the same clusters. Raises ValueError for less than one cluster.
    """
    if clusters < 1:
        raise ValueError(f"clusters = {clusters}: there must be at least 1")
    kept = halves(embeddings)
    points = kept.astype(np.float32)
    many = min(clusters, len(points))
    labels = np.full(len(points), -1)
    centres = _first(points, many, np.random.default_rng(seed))
    for _ in range(ROUNDS):
        now, fit = _assigned(points, centres)
        for empty in np.flatnonzero(np.bincount(now, minlength=many) == 0):
            lonely = np.bincount(now, minlength=many)[now] == 1
            now[np.argmin(np.where(lonely, np.inf, fit))] = empty
        if (now == labels).all():
            break
        labels, centres = now, _means(points, now, many)
    return mended(labels, kept, ties or Ties.none(len(points)))


def _first(points: Float32[np.ndarray, "n d"], many: int, chance: np.random.Generator) -> Float32[np.ndarray, "k d"]:
    if len(points) * many > CHOSEN_WITH_CARE:
        return points[np.sort(chance.choice(len(points), many, replace=False))]
    chosen = [int(chance.integers(len(points)))] if many else []
    far = np.full(len(points), np.inf)
    while len(chosen) < many:
        far = np.minimum(far, np.maximum(0.0, 1.0 - points @ points[chosen[-1]]))
        far[chosen] = 0.0
        steps = np.cumsum(far)
        drawn = int(np.searchsorted(steps, chance.random() * steps[-1], side="right"))
        rest = np.delete(np.arange(len(points)), chosen) if not steps[-1] > 0 else None
        chosen.append(min(drawn, len(points) - 1) if rest is None else int(rest[0]))
    return points[chosen]


def _assigned(
    points: Float32[np.ndarray, "n d"], centres: Float32[np.ndarray, "k d"]
) -> tuple[Int32[np.ndarray, " n"], Float32[np.ndarray, " n"]]:
    """The nearest centre of each point, and how near it is."""
    labels, fit = np.zeros(len(points), dtype=np.int32), np.zeros(len(points), dtype=np.float32)
    for start in range(0, len(points), BLOCK):
        alike = points[start : start + BLOCK] @ centres.T
        best = np.argmax(alike, axis=1)
        labels[start : start + BLOCK], fit[start : start + BLOCK] = best, alike[np.arange(len(best)), best]
    return labels, fit


def _means(
    points: Float32[np.ndarray, "n d"], labels: Int32[np.ndarray, " n"], many: int
) -> Float32[np.ndarray, "k d"]:
    """The directions of the sums of each label's points; each label has some."""
    order = np.argsort(labels, kind="stable")
    sums = np.add.reduceat(points[order], np.searchsorted(labels[order], np.arange(many)), axis=0)
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), np.float32(1e-12))
