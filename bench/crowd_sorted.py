"""One crowd, drawn and sorted in a process of its own: times, memory, and how right it was.

``python -m bench.crowd_sorted SIZE POWER BROAD FILE`` writes what it found as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.crowd import crowd, nature, sizes
from pipelines.faces.cluster import infomap, scores
from pipelines.faces.cluster.graph import Graph, Search, built, extended, without
from pipelines.faces.cluster.halves import similarities
from pipelines.faces.cluster.linkage import agglomerated
from pipelines.faces.cluster.thresholds import Thresholds, thresholds
from pipelines.faces.registry import PACKS
from pipelines.faces.sorting.settings import method_for

DATA = Path(os.environ.get("VISAGED_DATA", Path(__file__).parents[2] / "shared" / "data"))
REAL = DATA / "bench" / "lfw_rest_w600k_mbf.npz"
IMPOSTORS = PACKS["buffalo_sc"].impostors
EXACT = 20_000
"""Faces up to which SciPy sorts all pairs as well."""
MORE = 64
"""Neighbours of another graph, to see what the shipped number hides from average linkage."""
METHODS = {"average": agglomerated, "infomap": infomap.partition}
SEED = 20261122
"""Not the one of the draws on which thresholds were found."""
BLOCK = 500


def main(argv: list[str]) -> None:
    """Afterwards the file holds what was found."""
    size, power, broad, path = int(argv[0]), float(argv[1]), float(argv[2]), Path(argv[3])
    unfinished = path.with_suffix(".partial")
    unfinished.write_text(json.dumps(found(size, power, broad)), encoding="utf-8")
    unfinished.rename(path)


def found(size: int, power: float, broad: float) -> dict[str, Any]:
    """What one crowd shows; the compiled code is loaded before the clock runs."""
    faces, person = _drawn(size, power, broad)
    limits = thresholds(IMPOSTORS, size)
    search = Search(floor=limits.floor)
    warm = built(faces[:5000], search)
    infomap.partition(faces[:5000], warm, limits.same)
    result: dict[str, Any] = {"size": size, "power": power, "broad": broad, "same": limits.same}
    result["people"] = len(np.unique(person))
    graph, result["graph"] = _timed(lambda: built(faces, search))
    result["edges"] = int((graph.neighbours >= 0).sum())
    labels = {}
    for name, partition in METHODS.items():
        labels[name], result[name] = _timed(partial(partition, faces, graph, limits.same))
        result[f"{name} score"] = scored(labels[name], person)
    result["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    result["shipped"] = method_for(size)
    result |= _night(faces, graph, labels[method_for(size)], limits)
    if size <= EXACT:
        exact = _scipys(faces, limits.same)
        more = built(faces, Search(floor=limits.floor, k=MORE))
        result["exact score"] = scored(exact, person)
        result["other"] = elsewhere(labels["average"], exact)
        result["more other"] = elsewhere(agglomerated(faces, more, limits.same), exact)
    return result


def elsewhere(labels: np.ndarray, others: np.ndarray) -> int:
    """Faces that stand apart from most of those with which the other partition has them; the greater of both ways."""
    both, many = np.unique(np.stack([labels, others]), axis=1, return_counts=True)
    kept = []
    for clusters in both:
        most = np.zeros(clusters.max() + 1, dtype=np.int64)
        np.maximum.at(most, clusters, many)
        kept.append(int(most.sum()))
    return len(labels) - min(kept)


def _drawn(size: int, power: float, broad: float) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng([SEED, size, round(10 * power)])
    with np.load(REAL) as real:
        like = nature(real["embedding"], real["identity"])
    made = crowd(like, sizes(size, power, chance), chance, broad)
    return made.embeddings, made.person


def _night(faces: np.ndarray, graph: Graph, labels: np.ndarray, limits: Thresholds) -> dict[str, Any]:
    """The last hundredth comes to the others, which are sorted by the shipped method."""
    search = Search(floor=limits.floor)
    known = len(faces) - len(faces) // 100
    old = without(graph, np.arange(known, len(faces)), faces[:known], search)
    again, extending = _timed(lambda: extended(old, faces, search))
    sorted_again, sorting = _timed(lambda: METHODS[method_for(len(faces))](faces, again, limits.same))
    same = bool((again.neighbours == graph.neighbours).all() and (again.similarity == graph.similarity).all())
    return {
        "extending": extending,
        "sorting": sorting,
        "same graph": same,
        "same partition": bool((sorted_again == labels).all()),
    }


def _scipys(faces: np.ndarray, threshold: float) -> np.ndarray:
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415  a second to load, and used once

    n, at = len(faces), 0
    far = np.empty(n * (n - 1) // 2)
    for start in range(0, n, BLOCK):
        alike = similarities(faces[start : start + BLOCK], faces[start:])
        for row in range(len(alike)):
            rest = alike[row, row + 1 :]
            far[at : at + len(rest)] = 1.0 - rest.astype(np.float64)
            at += len(rest)
    return fcluster(linkage(far, "average"), 1 - threshold, "distance")


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def scored(labels: np.ndarray, truth: np.ndarray) -> list[float]:
    """F, precision and recall, pairwise; then F of BCubed."""
    pairs, faces = scores.pairwise(labels, truth), scores.bcubed(labels, truth)
    return [pairs.f, pairs.precision, pairs.recall, faces.f]


if __name__ == "__main__":
    main(sys.argv[1:])
