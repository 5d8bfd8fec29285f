"""Long arrays kept in chunks, so that a revision writes only those that changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipelines.faces.gallery.overlay import Overlay

ROWS = 65_536
"""Rows a chunk."""


def paths(name: str, rows: int) -> tuple[str, ...]:
    """The files in which an array of so many rows is kept."""
    return tuple(f"{name}-{chunk:05}.npy" for chunk in range(-(-rows // ROWS)))


def write_chunks(into: Path, old: Path | None, name: str, array: np.ndarray) -> None:
    """Afterwards into holds those chunks of the array that old does not hold with the very same bytes."""
    for path, start in zip(paths(name, len(array)), range(0, len(array), ROWS), strict=True):
        chunk = np.ascontiguousarray(array[start : start + ROWS])
        if old is not None and _same(old / path, chunk):
            continue
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        np.save(into / path, chunk)


def read_chunks(files: Overlay, name: str, rows: int) -> np.ndarray | None:
    """The array of so many rows, in memory, or None where there are none. FileNotFoundError: a chunk is gone."""
    chunks = [np.load(files.at(path)) for path in paths(name, rows)]
    return np.concatenate(chunks) if chunks else None


def _same(path: Path, chunk: np.ndarray) -> bool:
    if not path.is_file():
        return False
    there = np.load(path)
    return bool(there.dtype == chunk.dtype and there.shape == chunk.shape and there.tobytes() == chunk.tobytes())
