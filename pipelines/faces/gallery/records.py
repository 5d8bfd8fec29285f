"""What a gallery remembers of people: who there is, where each face stands, and what was said."""

# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from pipelines.faces.gallery.chunks import read_chunks, write_chunks
from pipelines.faces.gallery.overlay import Overlay
from pipelines.faces.people.words import NOBODY, Census, Decision, Person, Standing, Verb

PEOPLE = "people.json"
DECISIONS = "decisions.jsonl"
COLUMNS: Mapping[str, tuple[np.dtype[Any], float]] = {
    "census/person": (np.dtype("<i4"), NOBODY),
    "census/standing": (np.dtype("i1"), Standing.UNSORTED),
    "census/cluster": (np.dtype("<i4"), NOBODY),
    "census/similarity": (np.dtype("<f4"), np.nan),
}
"""The columns of a census: where they are kept, of which type, and what a face holds that was never sorted."""


def read_census(files: Overlay, rows: int) -> Census:
    """The census of so many faces."""
    columns = {}
    for name, (dtype, _) in COLUMNS.items():
        found = read_chunks(files, name, rows)
        columns[_column(name)] = np.zeros(0, dtype=dtype) if found is None else found
    people = (Person(**raw) for raw in json.loads(files.at(PEOPLE).read_bytes()))
    return Census(people={person.number: person for person in people}, **columns)


def write_census(into: Path, old: Path | None, census: Census) -> None:
    """Afterwards into holds what of the census old does not hold already."""
    for name, (dtype, _) in COLUMNS.items():
        write_chunks(into, old, name, getattr(census, _column(name)).astype(dtype))
    people = [dataclasses.asdict(census.people[number]) for number in sorted(census.people)]
    (into / PEOPLE).write_bytes(json.dumps(people, separators=(",", ":")).encode("ascii"))


def empty_census(rows: int) -> Census:
    """The census in which nobody is anybody yet."""
    columns = {_column(name): np.full(rows, fill, dtype=dtype) for name, (dtype, fill) in COLUMNS.items()}
    return Census(people={}, **columns)


def padded(census: Census, rows: int) -> Census:
    """The census, with faces after its own that were never sorted."""
    new = empty_census(rows - len(census.person))
    columns = {name: np.concatenate([getattr(census, name), getattr(new, name)]) for name in map(_column, COLUMNS)}
    return Census(people=census.people, **columns)


def of_rows(census: Census, rows: Bool[np.ndarray, " n"]) -> Census:
    """The census of some of the faces alone."""
    columns = {name: getattr(census, name)[rows] for name in map(_column, COLUMNS)}
    return Census(people=census.people, **columns)


def read_decisions(files: Overlay) -> tuple[Decision, ...]:
    """All that was ever said, in order."""
    path = files.find(DECISIONS)
    if path is None:
        return ()
    with path.open(encoding="ascii") as file:
        return tuple(_decision(json.loads(line)) for line in file)


def write_decisions(into: Path, decisions: Sequence[Decision]) -> None:
    """Afterwards into holds the decisions, one a line."""
    with (into / DECISIONS).open("w", encoding="ascii") as file:
        file.writelines(_lines(decisions))


def _column(path: str) -> str:
    return path.rpartition("/")[2]


def _lines(decisions: Iterable[Decision]) -> Iterable[str]:
    return (json.dumps(dataclasses.asdict(d), separators=(",", ":")) + "\n" for d in decisions)


def _decision(raw: dict[str, Any]) -> Decision:
    lists = {name: tuple(raw.get(name, ())) for name in ("faces", "others", "pictures")}
    return Decision(**{**raw, **lists, "verb": Verb(raw["verb"])})
