"""Reads a gallery: all but the embeddings and chips into memory, and those where they are asked for."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float16, Int32, Int64

from pipelines.contract import Work
from pipelines.faces.columns import FACE, Chips, Picture, read_chips, read_pictures
from pipelines.faces.gallery.about import About, read_about
from pipelines.faces.gallery.overlay import Overlay
from pipelines.faces.gallery.records import read_census, read_decisions
from pipelines.faces.gallery.segments import ATTRIBUTES
from pipelines.faces.people.words import Census, Decision

ABOUT = "gallery.json"
_BLOCK = 16_384
STATE = "state"
"""The folder, below that of the stage ``cluster``, with what is new of a revision."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gallery:
    """A revision of a collection. Rows of faces, census and embeddings are the same.

    faces: FACE; ``picture`` is the row in pictures. decisions: all that was ever said, undone or not.
    """

    about: About
    files: Overlay
    pictures: tuple[Picture, ...]
    faces: np.ndarray
    census: Census
    decisions: tuple[Decision, ...]
    chips: tuple[Chips, ...]

    def __len__(self) -> int:
        return len(self.faces)

    @property
    def ids(self) -> Int64[np.ndarray, " n"]:
        """The faces' ids, rising."""
        found: np.ndarray = self.faces["id"]
        return found

    def embeddings(self) -> Float16[np.ndarray, "n d"]:
        """The embeddings; one segment maps its file, several are joined in memory (a gigabyte for a million)."""
        parts = [np.load(self._path(part.name, "embeddings.npy"), mmap_mode="r") for part in self.about.segments]
        parts = [part for part in parts if len(part)]
        if len(parts) == 1:
            only: Float16[np.ndarray, "n d"] = parts[0]
            return only
        empty = np.zeros((0, self.about.dimension), dtype=np.float16)
        return np.concatenate([empty, *parts])

    def blocks(self) -> Iterator[Float16[np.ndarray, "m d"]]:
        """The embeddings a few at a time, in the order of the rows, however many they are."""
        for part in self.about.segments:
            mapped = np.load(self._path(part.name, "embeddings.npy"), mmap_mode="r")
            for start in range(0, len(mapped), _BLOCK):
                yield mapped[start : start + _BLOCK]

    def chip(self, row: int) -> bytes:
        """The JPEG of a face."""
        for chips in self.chips:
            if row < len(chips):
                return chips[row]
            row -= len(chips)
        raise IndexError(row)

    def embeddings_of(self, rows: Int64[np.ndarray, " k"]) -> Float16[np.ndarray, "k d"]:
        """The embeddings of some faces, of which alone the files are read."""
        found = np.zeros((len(rows), self.about.dimension), dtype=np.float16)
        before = 0
        for part in self.about.segments:
            here = (rows >= before) & (rows < before + part.faces)
            if here.any():
                found[here] = np.load(self._path(part.name, "embeddings.npy"), mmap_mode="r")[rows[here] - before]
            before += part.faces
        return found

    def attributes(self) -> tuple[Path, ...]:
        """The tables of what was estimated of the faces, by their ids; none where nothing was."""
        found = (self.files.find(f"segments/{part.name}/{ATTRIBUTES}") for part in self.about.segments)
        return tuple(path for path in found if path is not None)

    def _path(self, segment: str, name: str) -> Path:
        return self.files.at(f"segments/{segment}/{name}")


def opened(work: Work) -> Gallery | None:
    """The gallery as this job sees it, with what its stage ``cluster`` wrote; None where there is none yet."""
    written = work.earlier("cluster") / STATE
    return read_gallery(Overlay(new=written if (written / ABOUT).is_file() else None, old=work.state))


def read_gallery(files: Overlay) -> Gallery | None:
    """The gallery in these files, or None where there is none. Raises ValueError or OSError for a damaged one."""
    path = files.find(ABOUT)
    if path is None:
        return None
    about = read_about(path)
    return assembled(files, about, read_census(files, about.faces), read_decisions(files))


def assembled(files: Overlay, about: About, census: Census, decisions: tuple[Decision, ...]) -> Gallery:
    """The gallery of these segments, with that census of all its faces."""
    found = [np.zeros(0, dtype=FACE)]
    pictures: list[Picture] = []
    chips = []
    for part in about.segments:
        faces = np.load(files.at(f"segments/{part.name}/faces.npy"))
        faces["picture"] += len(pictures)
        found.append(faces)
        pictures.extend(read_pictures(files.at(f"segments/{part.name}/pictures.jsonl")))
        chips.append(read_chips(files.at(f"segments/{part.name}/chips.bin").parent))
    return Gallery(
        about=about,
        files=files,
        pictures=tuple(pictures),
        faces=np.concatenate(found),
        census=census,
        decisions=decisions,
        chips=tuple(chips),
    )


def known(state: Path | None) -> frozenset[str]:
    """The SHA-256 of each picture that a revision holds and could look at; those need no second look."""
    files = Overlay(new=None, old=state)
    path = files.find(ABOUT)
    if path is None:
        return frozenset()
    parts = (read_pictures(files.at(f"segments/{part.name}/pictures.jsonl")) for part in read_about(path).segments)
    return frozenset(picture.sha256 for part in parts for picture in part if picture.problem is None)


def moments(faces: np.ndarray) -> Int32[np.ndarray, " n"]:
    """What each face's moment is called, a number: a picture is one moment, a video one for each time that was seen."""
    times = np.unique(np.nan_to_num(faces["time"], nan=-1.0), return_inverse=True)[1]
    keys = faces["picture"].astype(np.int64) * (times.max(initial=0) + 1) + times
    return np.unique(keys, return_inverse=True)[1].astype(np.int32)
