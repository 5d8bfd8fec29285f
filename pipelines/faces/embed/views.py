"""What is to be looked at and what was seen: pictures and frames on their way through the networks."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from pipelines.faces.columns import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is asked of every picture. min_size: pixels of a face. crops: a crop of each face is wanted too."""

    min_size: int = 24
    max_pixels: int = 200_000_000
    crops: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """One picture, or one frame of a video, to be looked at.

    place: of its file in the list of files. time: seconds into a video, NaN of a picture. pixels: of a frame; a
    picture is read from path. problem: why it is not to be looked at.
    """

    place: int
    picture: Picture
    path: Path
    time: float = float("nan")
    pixels: UInt8[np.ndarray, "h w 3"] | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What was seen in a view. faces: FACE, their picture 0. chips, crops: JPEGs, one a face (no crops: none wanted).

    note: something to be told about the picture although it was looked at.
    """

    place: int
    time: float
    picture: Picture
    faces: np.ndarray
    embeddings: Float32[np.ndarray, "n d"]
    chips: tuple[bytes, ...] = ()
    crops: tuple[bytes, ...] = ()
    note: str | None = None
