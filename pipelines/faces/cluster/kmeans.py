"""As many people as the user says there are: spherical k-means."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32, Float64, Int32, Int64

from pipelines.faces.cluster.halves import halves
from pipelines.faces.cluster.mending import mended
from pipelines.faces.cluster.ties import Ties

ROUNDS = 60
"""At most so many; it has nearly always settled before."""
CHOSEN_WITH_CARE = 2**25
"""Faces times clusters up to which the first centres are chosen one by one; above they are drawn."""
STARTS = 10
"""Ways to begin, of which the one is taken that ends nearest to all."""
QUICK = 2**31
"""Products of numbers that all ways to begin may cost a round; above, there is one."""
BLOCK = 4096


def partition(
    embeddings: Float[np.ndarray, "n d"], clusters: int, ties: Ties | None = None, seed: int = 0
) -> Int32[np.ndarray, " n"]:
    """The cluster of each face, numbered from 0 by their first rows.

    So many clusters, or one a face where there are fewer faces, and more only where ties cannot be kept otherwise
    (``mending``). Source: k-means++ (Arthur and Vassilvitskii 2007), on the sphere; a cluster that got empty takes the
    face that fits its own worst. The same seed gives the same clusters. Raises ValueError for less than one cluster.
    """
    if clusters < 1:
        raise ValueError(f"clusters = {clusters}: there must be at least 1")
    kept = halves(embeddings)
    points = kept.astype(np.float32)
    many = min(clusters, len(points))
    chance = np.random.default_rng(seed)
    ways = STARTS if STARTS * points.size * many <= QUICK else 1
    settled = (_settled(points, _first(points, many, chance)) for _ in range(ways))
    labels, _ = max(settled, key=lambda found: found[1])  # of equal ones the first
    return mended(labels, kept, ties or Ties.none(len(points)))


def _settled(
    points: Float32[np.ndarray, "n d"], centres: Float32[np.ndarray, "k d"]
) -> tuple[Int32[np.ndarray, " n"], float]:
    """The clusters to which these centres lead, and how near all points are to theirs, in sum."""
    many, fit = len(centres), np.zeros(len(points), dtype=np.float32)
    labels = np.full(len(points), -1, dtype=np.int32)
    for _ in range(ROUNDS):
        now, fit = _assigned(points, centres)
        for empty in np.flatnonzero(np.bincount(now, minlength=many) == 0):
            lonely = np.bincount(now, minlength=many)[now] == 1
            now[np.argmin(np.where(lonely, np.inf, fit))] = empty
        if (now == labels).all():
            break
        labels, centres = now, _means(points, now, many)
    return labels, float(fit.sum(dtype=np.float64))


def _first(points: Float32[np.ndarray, "n d"], many: int, chance: np.random.Generator) -> Float32[np.ndarray, "k d"]:
    if len(points) * many > CHOSEN_WITH_CARE:
        return points[np.sort(chance.choice(len(points), many, replace=False))]
    chosen = [int(chance.integers(len(points)))] if many else []
    far = np.full(len(points), np.inf)
    tries = 2 + int(np.log(max(many, 1)))
    while len(chosen) < many:
        far = np.minimum(far, _far(points, chosen[-1:])[0])
        far[chosen] = 0.0
        if far.sum() > 0:  # of some that are drawn, far ones rather, the one that brings a centre near to most
            drawn = chance.choice(len(points), tries, p=far / far.sum())
            chosen.append(int(drawn[np.argmin(np.minimum(far, _far(points, drawn)).sum(axis=1))]))
        else:
            chosen.append(int(np.delete(np.arange(len(points)), chosen)[0]))
    return points[chosen]


def _far(
    points: Float32[np.ndarray, "n d"], rows: Sequence[int] | Int64[np.ndarray, " r"]
) -> Float64[np.ndarray, "r n"]:
    """How far each point is from each of those rows: half the square of the distance."""
    return np.asarray(np.maximum(0.0, 1.0 - (points[rows] @ points.T).astype(np.float64)))


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
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), np.float32(1e-12)))
