"""The tables: ``faces.csv`` and ``faces.parquet``, a row a face; ``pictures.csv``, a row a picture.

docs/faces.md says what each column means.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from jaxtyping import Int64

from pipelines.faces.people.words import NOBODY, Standing
from pipelines.faces.tree.attributes import NAMES, UNKNOWN
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.naming import Placed
from pipelines.faces.tree.wording import shown

_MEASURES = ("score", "size", "sharpness", "yaw", "pitch", "roll", "norm", "quality")
_WORDS = {
    Standing.UNSORTED: "unsorted",
    Standing.JOINED: "joined",
    Standing.PLACED: "placed",
    Standing.REVIEW: "review",
    Standing.NOT_PEOPLE: "not people",
}


def faces_table(holdings: Holdings, placed: Iterable[Placed]) -> pa.Table:
    """A row for each face of the collection, in the order of their ids."""
    faces, census = holdings.faces, holdings.census
    columns: dict[str, Any] = {
        "face": faces["id"],
        "person": pa.array(census.person, pa.int32(), mask=census.person == NOBODY),
        "name": _taken({number: p.name for number, p in census.people.items()}, census.person),
        "standing": _taken({int(k): v for k, v in _WORDS.items()}, census.standing),
        "cluster": census.cluster,
        "similarity": pa.array(census.similarity, pa.float32(), from_pandas=True),
    }
    columns |= _of_pictures(holdings, faces["picture"].astype(np.int64))
    columns["time"] = pa.array(faces["time"], pa.float32(), from_pandas=True)
    columns |= {edge: faces["box"][:, at] for at, edge in enumerate(("x0", "y0", "x1", "y1"))}
    columns |= {name: faces[name] for name in _MEASURES}
    columns["file"] = pa.array(_files(len(faces), placed), pa.string())
    return pa.table(columns | _attributes(holdings))


def pictures_table(holdings: Holdings, placed: Iterable[Placed]) -> pa.Table:
    """A row for each picture and video that was ever looked at, in the order in which they came."""
    count = len(holdings.pictures)
    files: dict[int, list[str]] = {}
    for one in placed:
        files.setdefault(one.spot.picture, []).append(one.path)
    joined = np.isin(holdings.census.standing, (Standing.JOINED, Standing.PLACED))
    names = {number: shown(person.folder) for number, person in holdings.census.people.items()}
    people: dict[int, dict[str, None]] = {}
    for row in np.flatnonzero(joined).tolist():
        name = names.get(int(holdings.census.person[row]))
        if name:
            people.setdefault(int(holdings.faces["picture"][row]), {})[name] = None
    return pa.table({
        **_of_pictures(holdings, np.arange(count)),
        "kind": [p.kind for p in holdings.pictures],
        "width": pa.array([p.width for p in holdings.pictures], pa.int32()),
        "height": pa.array([p.height for p in holdings.pictures], pa.int32()),
        "faces": np.bincount(holdings.faces["picture"], minlength=count),
        "people": ["; ".join(people.get(row, ())) for row in range(count)],
        "files": ["; ".join(shown(path) for path in sorted(files.get(row, ()))) for row in range(count)],
        "problem": pa.array([p.problem and shown(p.problem) for p in holdings.pictures], pa.string()),
    })  # fmt: skip


def write_csv(path: Path, table: pa.Table) -> None:
    """Afterwards path holds the table as CSV, UTF-8, with a line of names; what is not known is empty."""
    pyarrow.csv.write_csv(table, path)


def write_parquet(path: Path, table: pa.Table) -> None:
    """Afterwards path holds the table as Parquet."""
    pyarrow.parquet.write_table(table, path, compression="zstd")


def _of_pictures(holdings: Holdings, rows: Int64[np.ndarray, " n"]) -> dict[str, Any]:
    chosen = pa.array(rows)
    texts = {
        "picture": [shown(p.path) for p in holdings.pictures],
        "item": [shown(p.item) for p in holdings.pictures],
        "sha256": [p.sha256 for p in holdings.pictures],
    }
    return {name: pa.array(text, pa.string()).take(chosen) for name, text in texts.items()}


def _taken(words: Mapping[int, str | None], at: np.ndarray) -> pa.Array:
    """The word of each number; null where it has none."""
    numbers = sorted(words)
    place = np.searchsorted(numbers, at) if numbers else np.zeros(len(at), dtype=np.int64)
    here = np.asarray([*numbers, NOBODY - 1])[place] == at
    table = pa.array([words[n] and shown(words[n] or "") for n in numbers] + [None], pa.string())
    return table.take(pa.array(np.where(here, place, len(numbers))))


def _files(count: int, placed: Iterable[Placed]) -> Sequence[str | None]:
    files: list[str | None] = [None] * count
    for one in placed:
        for face in one.spot.faces:
            files[face] = shown(one.path)
    return files


def _attributes(holdings: Holdings) -> dict[str, Any]:
    found, count = holdings.attributes, len(holdings.faces)
    if found is None:
        return {"age": pa.nulls(count, pa.float32())} | {
            column: pa.nulls(count, kind)
            for name in NAMES
            for column, kind in ((name, pa.string()), (f"{name}_score", pa.float32()))
        }
    columns: dict[str, Any] = {"age": pa.array(found.age, pa.float32(), from_pandas=True)}
    for name, words in NAMES.items():
        kind = found.kind[name]
        columns[name] = pa.array(np.asarray(words)[kind], pa.string(), mask=kind == UNKNOWN)
        columns[f"{name}_score"] = pa.array(found.score[name], pa.float32(), from_pandas=True)
    return columns
