"""Pictures and faces as columns, and the files in which stages and galleries keep them: one folder is one Harvest.

::

    pictures.jsonl     one Picture a line
    faces.npy          FACE, one row a face
    embeddings.npy     float16, unit length, one row a face
    chips.npy          int64: where each face's chip begins in chips.bin, and the end of the last
    chips.bin          JPEG: the aligned face with a margin, CHIP x CHIP pixels; its centre is what was recognised
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int64

from pipelines.contract import write_atomic

CHIP = 168
"""Pixels along each side of a chip: the aligned 112 x 112 in its middle, and half as much again around it."""

FACE = np.dtype([
    ("id", "<i8"),  # for ever, in its collection; -1 until it is in a gallery
    ("picture", "<i4"),  # row of its picture in the same folder
    ("box", "<f4", (4,)),  # x0 y0 x1 y1, pixels of the upright picture
    ("points", "<f4", (5, 2)),  # left eye, right eye, nose, corners of the mouth, as the viewer sees them; pixels
    ("score", "<f4"),  # of the detector, 0 to 1
    ("size", "<f4"),  # shorter side of the box, pixels of the original
    ("sharpness", "<f4"),  # 0 to 1
    ("yaw", "<f4"),  # degrees, estimated from the five points; to the viewer's right is positive
    ("pitch", "<f4"),  # degrees, upwards is positive
    ("roll", "<f4"),  # degrees, clockwise is positive
    ("norm", "<f4"),  # of the embedding before it was made a unit
    ("quality", "<f4"),  # 0 to 1, of all these
    ("time", "<f4"),  # seconds into a video; NaN of a picture
])  # fmt: skip
"""One face. A structured type, so that a million of them map into memory and are read by column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture or video that was looked at.

    path: below the item, as it was dropped. item: what it was dropped as. width, height: pixels, upright (0: unknown).
    problem: why it could not be looked at, in a plain sentence; None: it could, whatever it holds.
    """

    sha256: str
    path: str
    item: str = ""
    kind: str = "picture"
    width: int = 0
    height: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Harvest:
    """Pictures and their faces, rows side by side. embeddings may map a file; chips: one JPEG a face."""

    pictures: Sequence[Picture]
    faces: np.ndarray
    embeddings: Float[np.ndarray, "n d"]
    chips: Chips


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chips:
    """JPEGs one after the other. starts: n + 1 offsets into data, which may map a file."""

    starts: Int64[np.ndarray, " n1"]
    data: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> bytes:
        return bytes(self.data[self.starts[row] : self.starts[row + 1]])


def packed(chips: Iterable[bytes]) -> Chips:
    """The chips one after the other."""
    each = list(chips)
    starts = np.zeros(len(each) + 1, dtype=np.int64)
    np.cumsum([len(chip) for chip in each], out=starts[1:])
    return Chips(starts=starts, data=np.frombuffer(b"".join(each), dtype=np.uint8))


def write_harvest(folder: Path, harvest: Harvest) -> None:
    """Afterwards folder holds the harvest, durably; faces.npy is written last, so that where it is, all is."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(dataclasses.asdict(p), separators=(",", ":")) + "\n" for p in harvest.pictures)
    write_atomic(folder / "pictures.jsonl", lines.encode("ascii"))
    write_atomic(folder / "chips.bin", harvest.chips.data.tobytes())
    _save(folder / "chips.npy", harvest.chips.starts)
    _save(folder / "embeddings.npy", harvest.embeddings.astype(np.float16))
    _save(folder / "faces.npy", harvest.faces)


def read_harvest(folder: Path) -> Harvest:
    """The harvest in folder; embeddings and chips map their files. Raises OSError or ValueError for a damaged one."""
    return Harvest(
        pictures=read_pictures(folder / "pictures.jsonl"),
        faces=np.load(folder / "faces.npy"),
        embeddings=np.load(folder / "embeddings.npy", mmap_mode="r"),
        chips=read_chips(folder),
    )


def read_chips(folder: Path) -> Chips:
    """The chips in folder, which map their file. Raises OSError or ValueError for damaged ones."""
    starts, data = np.load(folder / "chips.npy"), folder / "chips.bin"
    empty = np.zeros(0, dtype=np.uint8)
    return Chips(starts=starts, data=np.memmap(data, dtype=np.uint8, mode="r") if data.stat().st_size else empty)


def read_pictures(path: Path) -> tuple[Picture, ...]:
    """The pictures of a ``pictures.jsonl``."""
    with path.open(encoding="ascii") as file:
        return tuple(Picture(**json.loads(line)) for line in file)


def _save(path: Path, array: np.ndarray) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        np.save(file, array)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
