"""What was found of a unit so far, in parts that are whole or not there, and in the end its table."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from jaxtyping import Bool, Int64

from pipelines.faces.attributes.estimating import joined
from pipelines.faces.attributes.units import Unit
from pipelines.faces.tree.attribute_files import read_attributes, write_attributes
from pipelines.faces.tree.attributes import Attributes


def write_part(folder: Path, ids: Int64[np.ndarray, " k"], found: Attributes) -> None:
    """Afterwards what was found of these faces is in folder, durably, behind what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{len(_parts(folder)):06}.parquet", ids, found)


def reached(folder: Path, ids: Int64[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Which of these faces were looked at, whatever was found of them."""
    done = [pq.read_table(path, columns=["id"])["id"].to_numpy() for path in _parts(folder)]
    return np.isin(ids, np.concatenate(done)) if done else np.zeros(len(ids), dtype=bool)


def close(folder: Path, unit: Unit, table: Path) -> None:
    """Afterwards table holds what is known of the unit with what is in the parts, and the parts are gone."""
    new = read_attributes(_parts(folder), unit.ids)
    found = unit.known if new is None else joined(unit.known, np.arange(len(unit.ids)), new)
    table.parent.mkdir(parents=True, exist_ok=True)
    _write(table, unit.ids, found)
    shutil.rmtree(folder, ignore_errors=True)


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.parquet"))


def _write(path: Path, ids: Int64[np.ndarray, " k"], found: Attributes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    write_attributes(partial, ids, found)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(path)
