"""``python -m pipelines.faces.cluster``: all that is compiled for sorting is, and kept; an image is built with it."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Float16

from pipelines.faces.cluster import infomap
from pipelines.faces.cluster.graph import Search, built, extended, without
from pipelines.faces.cluster.linkage import agglomerated
from pipelines.faces.cluster.ties import FREE, Ties

FACES, DIMENSION, PEOPLE = 5000, 64, 700
"""Enough of them that nothing is done the plain way."""
SEARCH = Search(floor=0.3)
SAME = 0.4


def main() -> None:
    """Sorts drawn faces in each way that there is; who they are does not matter."""
    embeddings = drawn()
    graph = built(embeddings, SEARCH)
    extended(without(graph, np.arange(FACES - 500, FACES), embeddings[:-500], SEARCH), embeddings, SEARCH)
    agglomerated(embeddings, graph, SAME, ties())
    infomap.partition(embeddings, graph, SAME, ties())


def drawn() -> Float16[np.ndarray, "n d"]:
    """Faces around as many centres as there are people."""
    chance = np.random.default_rng(0)
    centres = chance.standard_normal((PEOPLE, DIMENSION))
    rows = centres[chance.integers(PEOPLE, size=FACES)] + 0.5 * chance.standard_normal((FACES, DIMENSION))
    found: Float16[np.ndarray, "n d"] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    return found


def ties() -> Ties:
    """Of every kind: groups, owners, pictures, and an owner that a face must not get."""
    rows = np.arange(FACES, dtype=np.int32)
    group = np.where(rows < FACES // 100, rows // 2, FREE).astype(np.int32)
    owner = np.where(rows % 500 == 0, rows, FREE).astype(np.int32)
    return Ties(group=group, owner=owner, picture=rows // 2, apart=np.array([[3, 500]], dtype=np.int32))


if __name__ == "__main__":
    main()
