"""One crowd, drawn and sorted in a process of its own: times, memory, and how right it was.

``python -m bench.crowd_sorted SIZE POWER FILE`` writes what it found as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
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

DATA = Path(os.environ.get("VISAGED_DATA", Path(__file__).parents[2] / "shared" / "data"))
REAL = DATA / "bench" / "lfw_rest_w600k_mbf.npz"
IMPOSTORS = PACKS["buffalo_sc"].impostors
EXACT = 20_000
"""Faces up to which SciPy sorts all pairs as well."""
MORE = 64
"""Neighbours of another graph, to see what the shipped number hides from average linkage."""
SEED = 20261120
BLOCK = 500


def main(argv: list[str]) -> None:
    """Afterwards the file holds what was found."""
    size, power, path = int(argv[0]), float(argv[1]), Path(argv[2])
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(found(size, power)), encoding="utf-8")
    partial.rename(path)


def found(size: int, power: float) -> dict[str, Any]:
    """What one crowd shows; the compiled code is loaded before the clock runs."""
    faces, person = _drawn(size, power)
    limits = thresholds(IMPOSTORS, size)
    search = Search(floor=limits.floor)
    warm = built(faces[:5000], search)
    infomap.partition(faces[:5000], warm, limits.same)
    result: dict[str, Any] = {"size": size, "power": power, "people": len(np.unique(person)), "same": limits.same}
    graph, result["graph"] = _timed(lambda: built(faces, search))
    result["edges"] = int((graph.neighbours >= 0).sum())
    labels, result["average"] = _timed(lambda: agglomerated(faces, graph, limits.same))
    result["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    result["score"] = scored(labels, person)
    result |= _night(faces, graph, labels, limits)
    walked, result["infomap"] = _timed(lambda: infomap.partition(faces, graph, limits.same))
    result["infomap score"] = scored(walked, person)
    if size <= EXACT:
        exact = _scipys(faces, limits.same)
        result["exact score"] = scored(exact, person)
        more = built(faces, Search(floor=limits.floor, k=MORE))
        result["as exact"] = scored(labels, exact)[0]
        result["more as exact"] = scored(agglomerated(faces, more, limits.same), exact)[0]
    return result


def _drawn(size: int, power: float) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng([SEED, size, round(10 * power)])
    with np.load(REAL) as real:
        like = nature(real["embedding"], real["identity"])
    made = crowd(like, sizes(size, power, chance), chance)
    return made.embeddings, made.person


def _night(faces: np.ndarray, graph: Graph, labels: np.ndarray, limits: Thresholds) -> dict[str, Any]:
    """The last hundredth comes to the others."""
    search = Search(floor=limits.floor)
    known = len(faces) - len(faces) // 100
    old = without(graph, np.arange(known, len(faces)), faces[:known], search)
    again, extending = _timed(lambda: extended(old, faces, search))
    sorted_again, agglomerating = _timed(lambda: agglomerated(faces, again, limits.same))
    same = bool((again.neighbours == graph.neighbours).all() and (again.similarity == graph.similarity).all())
    return {
        "extending": extending,
        "agglomerating": agglomerating,
        "same": limits.same,
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
