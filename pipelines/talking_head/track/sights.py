"""What the frames of a clip show, at one size: pictures, the background alone, and what is head and what is torso."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float64, UInt8

from pipelines.contract import write_atomic
from pipelines.talking_head import FPS
from pipelines.talking_head.ingest.footage import AT_ALL, Footage, Look
from pipelines.talking_head.track.person import Person
from pipelines.talking_head.track.plate import LOOKS, plated
from pipelines.talking_head.track.split import Split, divided
from pipelines.talking_head.track.sway import swayed
from pipelines.talking_head.track.tracked import Track

EVERY = 10 * FPS
"""Frames after which those seen so far are there for good."""
_DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sights:
    """Pictures of s by s pixels.

    ground: the background alone. head, torso: shares of pixels, in 255ths. sway: of the torso, as ``moved`` has it.
    """

    pictures: UInt8[np.ndarray, "t s s 3"]
    ground: UInt8[np.ndarray, "s s 3"]
    head: UInt8[np.ndarray, "t s s"]
    torso: UInt8[np.ndarray, "t s s"]
    sway: Float64[np.ndarray, "t 4"]


def sighted(footage: Footage, track: Track, person: Person, side: int, look: Look = AT_ALL) -> Sights:
    """What the frames of the footage show at that size. Whoever was stopped goes on, where there is a folder."""
    rows = Rows.of(look.folder, len(footage), side)
    surface = track.surface
    for row, picture in enumerate(footage.pictures(side, rows.done), start=rows.done):
        if look.told:
            look.told(row, len(footage))
        rows.add(row, picture, divided(person(picture), surface[row]))
    if rows.done < len(footage):
        raise RuntimeError("The video has fewer frames than when it was looked at first: was it changed?")
    pictures = rows.pictures
    known = track.learned
    looks = known[np.linspace(0, len(known) - 1, min(LOOKS, len(known))).astype(int)]
    return Sights(
        pictures=pictures,
        ground=plated((pictures[row], person(pictures[row])) for row in looks).picture,
        head=rows.head,
        torso=rows.torso,
        sway=swayed(pictures, rows.torso, footage.starts),
    )


class Rows:
    """The frames seen so far: in memory, or in files that a killed process leaves behind. done: how many are whole."""

    def __init__(self, folder: Path | None, done: int, arrays: Mapping[str, np.ndarray]) -> None:
        self._folder = folder
        self.done = done
        self.pictures, self.head, self.torso = arrays["pictures"], arrays["head"], arrays["torso"]

    @classmethod
    def of(cls, folder: Path | None, count: int, side: int) -> Rows:
        """Those in the folder, else none of so many."""
        shapes = {"pictures": (count, side, side, 3), "head": (count, side, side), "torso": (count, side, side)}
        if folder is None:
            return cls(None, 0, {name: np.zeros(shape, dtype=np.uint8) for name, shape in shapes.items()})
        folder.mkdir(exist_ok=True)
        kept = all((folder / name).exists() for name in (_DONE, *(f"{name}.npy" for name in shapes)))
        done = int((folder / _DONE).read_text("ascii")) if kept else 0  # who was stopped while tidying up begins anew
        mode: Literal["r+", "w+"] = "r+" if done else "w+"
        opened = {
            name: np.lib.format.open_memmap(folder / f"{name}.npy", mode, np.dtype(np.uint8), shape)
            for name, shape in shapes.items()
        }
        return cls(folder, done, opened)

    def add(self, row: int, picture: UInt8[np.ndarray, "s s 3"], split: Split) -> None:
        """Afterwards the row is there; each EVERY of them, for good."""
        self.pictures[row] = picture
        self.head[row], self.torso[row] = (np.rint(share * 255) for share in (split.head, split.torso))
        self.done = row + 1
        if self._folder is not None and self.done % EVERY == 0:
            for rows in (self.pictures, self.head, self.torso):
                if isinstance(rows, np.memmap):
                    rows.flush()
            write_atomic(self._folder / _DONE, str(self.done).encode("ascii"))
