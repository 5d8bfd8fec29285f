"""The tables in which attributes are kept, of a shard by their stage, of a segment by the gallery."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float, Int32, Int64

from pipelines.faces.tree.attributes import NAMES, UNKNOWN, Attributes

SCHEMA = pa.schema([
    ("id", pa.int64()),  # of the face
    ("age", pa.float32()),  # years; null: not estimated
    *(field for name in NAMES for field in ((name, pa.string()), (f"{name}_score", pa.float32()))),  # score: 0 to 1
])  # fmt: skip
"""The columns of the file; a face that is not in it, or null, was not estimated."""


def write_attributes(path: Path, ids: Int64[np.ndarray, " n"], found: Attributes) -> None:
    """Afterwards path holds the attributes of the faces with these ids."""
    columns: dict[str, pa.Array] = {"id": pa.array(ids), "age": pa.array(found.age, pa.float32(), from_pandas=True)}
    for name, words in NAMES.items():
        kind = found.kind[name]
        columns[name] = pa.array(np.array(words)[kind], pa.string(), mask=kind == UNKNOWN)
        columns[f"{name}_score"] = pa.array(found.score[name], pa.float32(), from_pandas=True)
    pq.write_table(pa.table(columns, schema=SCHEMA), path)


def read_attributes(paths: Iterable[Path], ids: Int64[np.ndarray, " n"]) -> Attributes | None:
    """The attributes of the faces with these rising ids, from the files that are there; None where none is."""
    there = [pq.read_table(path, schema=SCHEMA) for path in paths if path.is_file()]
    if not there:
        return None
    table = pa.concat_tables(there)
    known = table["id"].to_numpy()
    at = np.searchsorted(ids, known)
    mine = (at < len(ids)) & (ids[np.minimum(at, len(ids) - 1)] == known) if len(ids) else np.zeros(len(known), bool)
    return _aligned(table.filter(pa.array(mine)), at[mine], len(ids))


def _aligned(table: pa.Table, at: Int64[np.ndarray, " k"], count: int) -> Attributes:
    def numbers(name: str) -> Float[np.ndarray, " n"]:
        column = np.full(count, np.nan, dtype=np.float32)
        column[at] = table[name].to_numpy()
        return column

    def kinds(name: str) -> Int32[np.ndarray, " n"]:
        column = np.full(count, UNKNOWN, dtype=np.int32)
        index = {word: number for number, word in enumerate(NAMES[name])}
        column[at] = [index.get(word, UNKNOWN) for word in table[name].to_pylist()]
        return column

    return Attributes(
        age=numbers("age"),
        kind={name: kinds(name) for name in NAMES},
        score={name: numbers(f"{name}_score") for name in NAMES},
    )
