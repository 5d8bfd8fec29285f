"""What is to be looked at: the shards of this job, and segments of the gallery of which not all is known."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from pipelines.contract import Work
from pipelines.faces.attributes.estimating import lacking, unknown
from pipelines.faces.columns import Chips, read_chips
from pipelines.faces.gallery.about import read_about
from pipelines.faces.gallery.reading import ABOUT
from pipelines.faces.gallery.segments import ATTRIBUTES
from pipelines.faces.tree.attribute_files import read_attributes
from pipelines.faces.tree.attributes import Attributes

SEGMENTS = "segments"
"""The folder, below the stage's, of what was found of faces that the gallery had already."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unit:
    """Faces that are kept together. table: where what is found of them goes, below the stage's folder.

    ids: of all its faces, rising: in a gallery for ever, in a shard their rows. known: of all. rows: to be looked at.
    """

    table: str
    chips: Chips
    ids: Int64[np.ndarray, " n"]
    known: Attributes
    rows: Int64[np.ndarray, " k"]


def units(work: Work, names: Sequence[str]) -> Iterator[Unit]:
    """The units of this job in which there is a face to be looked at for one of these attributes."""
    if work.request.command is None:
        yield from (unit for unit in _shards(work, names) if len(unit.rows))
    yield from (unit for unit in _segments(work, names) if len(unit.rows))


def _shards(work: Work, names: Sequence[str]) -> Iterator[Unit]:
    listed = work.earlier("survey") / "shards.json"
    for name in json.loads(listed.read_bytes()) if listed.is_file() else ():
        folder = work.earlier("embed") / name
        if (folder / "faces.npy").is_file():
            chips = read_chips(folder)
            yield _unit(f"{name}.parquet", chips, np.arange(len(chips)), unknown(len(chips)), names)


def _segments(work: Work, names: Sequence[str]) -> Iterator[Unit]:
    state = work.state
    if state is None or not (state / ABOUT).is_file():
        return
    anew = work.request.command is not None and bool(work.request.arguments.get("full"))
    for part in read_about(state / ABOUT).segments:
        folder = state / SEGMENTS / part.name
        ids = np.load(folder / "faces.npy", mmap_mode="r")["id"].copy()
        known = None if anew else read_attributes([folder / ATTRIBUTES], ids)
        table = f"{SEGMENTS}/{part.name}.parquet"
        yield _unit(table, read_chips(folder), ids, unknown(len(ids)) if known is None else known, names)


def _unit(table: str, chips: Chips, ids: Int64[np.ndarray, " n"], known: Attributes, names: Sequence[str]) -> Unit:
    return Unit(table=table, chips=chips, ids=ids, known=known, rows=np.flatnonzero(lacking(known, names)))
