"""The method infomap: people are where a walker along the graph's edges stays for long.

The map equation, two levels, undirected (Rosvall and Bergstrom 2008): the number of bits a step by which the walk can
be told, L = f(Q) - 2 sum f(q) + sum f(q + p) - sum f(p of faces), f(x) = x log2 x, where p is the share of time in a
cluster, q that of leaving it, and Q the sum of all q. It is made small as by Louvain: faces move to the neighbouring
cluster that saves most, clusters become faces, and so on until nothing saves any more; then faces move once more.

Lists of k neighbours make small worlds of a person of hundreds, and a cluster more costs few bits then. So clusters of
few strangers are made with a stricter threshold, and joined by average linkage: neither method alone is as good.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Float64, Int32
from scipy.sparse import csr_array

from pipelines.faces.cluster.graph import Graph
from pipelines.faces.cluster.halves import halves
from pipelines.faces.cluster.linkage import agglomerated
from pipelines.faces.cluster.mending import mended
from pipelines.faces.cluster.moving import Walk, moved
from pipelines.faces.cluster.ties import Ties

ROUNDS = 4
"""Times that faces move again when clusters no longer do; nearly all is gained in the first."""
STRICTER = 0.07
"""How much more alike faces must be for an edge to count than clusters to be joined; see bench/results/clusters.md."""
TINY = 1e-9
"""Bits that are not worth another round."""


def partition(
    embeddings: Float[np.ndarray, "n d"], graph: Graph, threshold: float, ties: Ties | None = None
) -> Int32[np.ndarray, " n"]:
    """The cluster of each face, numbered from 0 by their first rows; all ties are kept.

    Clusters of a walk along edges of at least threshold + ``STRICTER``, joined while their mean similarity is at least
    threshold. The same graph always gives the same clusters. Raises ValueError as ``agglomerated`` does.
    """
    said = ties or Ties.none(len(graph))
    pairs, similarity = graph.edges(threshold + STRICTER)
    found = clusters(walk(len(graph), pairs, similarity.astype(np.float64)))
    kept = mended(found, halves(embeddings), said)
    return agglomerated(embeddings, graph, threshold, replace(said, group=kept))


def walk(n: int, pairs: Int32[np.ndarray, "m 2"], weight: Float64[np.ndarray, " m"]) -> Walk:
    """A walk among n places along edges without direction, by their weight."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    flow = np.concatenate([weight, weight]) / max(2.0 * float(weight.sum()), 1e-300)
    return _walk(csr_array((flow, (both[:, 0], both[:, 1])), shape=(n, n)))


def clusters(whole: Walk) -> Int32[np.ndarray, " n"]:
    """The cluster of each place, so that a step takes few bits."""
    found = moved(whole, np.arange(len(whole.time), dtype=np.int32))
    for _ in range(ROUNDS):
        found = _coarser(whole, found)
        again = moved(whole, found)
        if bits(whole, again) > bits(whole, found) - TINY:
            return found
        found = again
    return _coarser(whole, found)


def bits(whole: Walk, found: Int32[np.ndarray, " n"]) -> float:
    """The bits a step: what is made small."""
    level = _level(whole, found)
    terms = -2 * _f(level.leaves) + _f(level.leaves + level.time)
    return float(_f(level.leaves.sum()) + terms.sum() - _f(whole.time).sum())


def _f(x: Float64[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n"]:
    return np.asarray(x * np.log2(np.maximum(x, 1e-300)))


def _coarser(whole: Walk, found: Int32[np.ndarray, " n"]) -> Int32[np.ndarray, " n"]:
    """The clusters, joined with others as long as that saves bits."""
    while True:
        level = _level(whole, found)
        joined = moved(level, np.arange(len(level.time), dtype=np.int32))
        if joined.max(initial=-1) + 1 == len(level.time):
            return found
        found = joined[found]


def _level(whole: Walk, found: Int32[np.ndarray, " n"]) -> Walk:
    """The same walk, where only the cluster is seen."""
    n = int(found.max(initial=-1)) + 1
    rows = np.repeat(found, np.diff(whole.start))
    flow = csr_array((whole.flow, (rows, found[whole.to])), shape=(n, n))
    return _walk(flow, np.bincount(found, weights=whole.time, minlength=n))


def _walk(flow: csr_array, time: Float64[np.ndarray, " n"] | None = None) -> Walk:
    flow.sum_duplicates()
    whole = flow.sum(axis=1)
    stays = flow.diagonal()
    return Walk(
        start=flow.indptr.astype(np.int64),
        to=flow.indices.astype(np.int32),
        flow=flow.data,
        time=whole if time is None else time,
        leaves=np.maximum(whole - stays, 0.0),
    )
