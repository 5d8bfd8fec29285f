"""Attributes of faces on their way from a stage into a gallery, where each face has an id."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import Int64
from pyarrow import parquet

from pipelines.faces.gallery.segments import Selection


def write_attributes(path: Path, selections: Sequence[Selection], ids: Sequence[Int64[np.ndarray, " m"]]) -> None:
    """Afterwards path holds the attributes of all faces that were selected, by their ids in the gallery."""
    tables = [_renamed(s, mine) for s, mine in zip(selections, ids, strict=True) if s.attributes is not None]
    parquet.write_table(pa.concat_tables(tables), path)


def _renamed(selection: Selection, ids: Int64[np.ndarray, " m"]) -> pa.Table:
    rows = np.flatnonzero(selection.faces)
    was = selection.harvest.faces["id"][rows]
    now = dict(zip(np.where(was < 0, rows, was).tolist(), ids.tolist(), strict=True))
    table = parquet.read_table(selection.attributes)
    found = [now.get(face, -1) for face in table["id"].to_pylist()]
    table = table.set_column(table.schema.get_field_index("id"), "id", pa.array(found, pa.int64()))
    return table.filter(pa.array([face >= 0 for face in found], pa.bool_()))
