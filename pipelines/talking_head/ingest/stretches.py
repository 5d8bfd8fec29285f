"""A video looked at in stretches, each of which is kept, so that whoever is stopped goes on and ends the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from itertools import count, islice
from pathlib import Path

import numpy as np

from pipelines.talking_head import FPS
from pipelines.talking_head.arrays import loaded, saved
from pipelines.talking_head.ingest.frames import Picture
from pipelines.talking_head.ingest.survey import Survey, joined, surveyed
from pipelines.talking_head.landmarks.landmarker import Following, Landmarker, Square

STRETCH = 5 * FPS
"""Frames of a stretch: what is looked at again at most."""
_SQUARE = ("x", "y", "side", "angle")
_SURVEY = tuple(field.name for field in fields(Survey))


def looked(
    pictures: Callable[[int], Iterator[Picture]], landmarker: Landmarker, folder: Path | None, frames: int = STRETCH
) -> Survey:
    """What all of the video shows. pictures: from so manieth on.

    folder: where stretches of so many frames are kept, and taken from; None: nowhere.
    """
    landmarker.following = Following()
    parts: list[Survey] = []
    for path in _kept(folder):
        part, landmarker.following = _read(path)
        parts.append(part)
    row = sum(map(len, parts))
    shown = pictures(row) if not parts or len(parts[-1]) == frames else iter(())
    while not parts or len(parts[-1]) == frames:
        part = surveyed(islice(shown, frames), landmarker, row)
        if folder is not None:
            _keep(_named(folder, len(parts)), part, landmarker.following)
        parts.append(part)
        row += len(part)
    return joined(parts)


def _kept(folder: Path | None) -> Iterator[Path]:
    for number in count():
        if folder is None or not _named(folder, number).exists():
            return
        yield _named(folder, number)


def _named(folder: Path, number: int) -> Path:
    return folder / f"{number:06}.npz"


def _keep(path: Path, part: Survey, following: Following) -> None:
    path.parent.mkdir(exist_ok=True)
    last = following.last
    square = np.array([getattr(last, name) if last else np.nan for name in _SQUARE])
    arrays = {name: getattr(part, name) for name in _SURVEY}
    saved(path, {**arrays, "square": square, "searched": np.array(following.searched)})


def _read(path: Path) -> tuple[Survey, Following]:
    arrays = loaded(path)
    numbers = arrays.pop("square")
    last = None if np.isnan(numbers[0]) else Square(**dict(zip(_SQUARE, map(float, numbers), strict=True)))
    following = Following(last=last, searched=int(arrays.pop("searched")))
    return Survey(**arrays), following
