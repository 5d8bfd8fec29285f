"""Writes segments: harvests become part of a gallery, or a segment becomes less by those who are to be forgotten."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int64

from pipelines.faces.columns import FACE, Chips, Harvest, Picture
from pipelines.faces.gallery.about import Part

ATTRIBUTES = "attributes.parquet"
"""Beside the faces, where attributes were estimated: a table with their ids."""
_BLOCK = 8192
"""Faces that are copied at once: chips of a million do not fit into memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selection:
    """What of a harvest goes into a segment. pictures: rows; faces: a mask.

    attributes: a table of them, ``id`` is the harvest's id of the face, or its row where it has none yet.
    """

    harvest: Harvest
    pictures: Int64[np.ndarray, " p"]
    faces: Bool[np.ndarray, " n"]
    attributes: Path | None = None

    @property
    def count(self) -> int:
        """How many faces."""
        return int(self.faces.sum())


def selected(harvest: Harvest, seen: dict[str, bool], attributes: Path | None = None) -> Selection:
    """The pictures of the harvest that were not seen before, with their faces; seen knows them afterwards.

    seen: SHA-256 -> whether the picture could be looked at. One that could not be before, and can now, is new.
    """
    rows = []
    for row, picture in enumerate(harvest.pictures):
        readable = picture.problem is None
        if picture.sha256 not in seen or (readable and not seen[picture.sha256]):
            seen[picture.sha256] = readable
            rows.append(row)
    pictures = np.asarray(rows, dtype=np.int64)
    mine = np.isin(harvest.faces["picture"], pictures)
    return Selection(harvest=harvest, pictures=pictures, faces=mine, attributes=attributes)


def left(harvest: Harvest, gone: Bool[np.ndarray, " n"], attributes: Path | None = None) -> Selection:
    """The harvest without some of its faces, and without pictures that held nobody but them."""
    held, holds = (np.unique(harvest.faces["picture"][mask]) for mask in (gone, ~gone))
    pictures = np.setdiff1d(np.arange(len(harvest.pictures)), np.setdiff1d(held, holds))
    return Selection(harvest=harvest, pictures=pictures, faces=~gone, attributes=attributes)


def write_segment(folder: Path, selections: Sequence[Selection], ids: Int64[np.ndarray, " n"]) -> Part:
    """Afterwards folder is a segment of all that was selected, one after the other, its faces with these ids."""
    folder.mkdir(parents=True)
    pictures = [s.harvest.pictures[row] for s in selections for row in s.pictures.tolist()]
    _write_pictures(folder / "pictures.jsonl", pictures)
    faces = _faces(selections)
    faces["id"] = ids
    np.save(folder / "faces.npy", faces)
    _write_embeddings(folder / "embeddings.npy", selections, len(faces))
    _write_chips(folder, selections)
    if any(s.attributes for s in selections):
        from pipelines.faces.gallery.attributes import write_attributes  # noqa: PLC0415  few have any

        write_attributes(folder / ATTRIBUTES, selections, _split(ids, selections))
    return Part(name=folder.name, pictures=len(pictures), faces=len(faces))


def _faces(selections: Sequence[Selection]) -> np.ndarray:
    found, before = [np.zeros(0, dtype=FACE)], 0
    for selection in selections:
        place = np.full(len(selection.harvest.pictures), -1, dtype=np.int64)
        place[selection.pictures] = np.arange(len(selection.pictures)) + before
        faces = selection.harvest.faces[selection.faces].copy()
        faces["picture"] = place[faces["picture"]]
        found.append(faces)
        before += len(selection.pictures)
    return np.concatenate(found)


def _write_pictures(path: Path, pictures: Iterable[Picture]) -> None:
    with path.open("w", encoding="ascii") as file:
        for picture in pictures:
            file.write(json.dumps(dataclasses.asdict(picture), separators=(",", ":")) + "\n")


def _write_embeddings(path: Path, selections: Sequence[Selection], count: int) -> None:
    dimension = max(s.harvest.embeddings.shape[1] for s in selections)
    if not count:
        np.save(path, np.zeros((0, dimension), dtype=np.float16))
        return
    into = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(count, dimension))
    done = 0
    for selection in selections:
        for rows in _blocks(selection):
            into[done : done + len(rows)] = selection.harvest.embeddings[rows]
            done += len(rows)
    into.flush()


def _write_chips(folder: Path, selections: Sequence[Selection]) -> None:
    sizes = [np.diff(s.harvest.chips.starts)[s.faces] for s in selections]
    np.save(folder / "chips.npy", np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64))
    with (folder / "chips.bin").open("wb") as file:
        for selection in selections:
            for rows in _blocks(selection):
                _copy_chips(selection.harvest.chips, rows, file.write)


def _copy_chips(chips: Chips, rows: Int64[np.ndarray, " m"], write: Callable[[bytes], object]) -> None:
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    for run in np.split(rows, breaks):  # chips that follow each other are copied as one
        write(chips.data[chips.starts[run[0]] : chips.starts[run[-1] + 1]].tobytes())


def _split(ids: Int64[np.ndarray, " n"], selections: Sequence[Selection]) -> list[Int64[np.ndarray, " m"]]:
    return np.split(ids, np.cumsum([s.count for s in selections])[:-1])


def _blocks(selection: Selection) -> Iterable[Int64[np.ndarray, " m"]]:
    rows = np.flatnonzero(selection.faces)
    return (rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK))
