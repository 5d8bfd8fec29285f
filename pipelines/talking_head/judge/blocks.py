"""Who is held out when: contiguous blocks with guards, so that no frame is judged by what has seen its neighbours."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Int64

from pipelines.talking_head import FPS

BLOCKS = 5
HELD, MOST = 0.2, 10 * FPS
"""Share of a clip that is held out where one block is, and at most so many frames."""
GUARD = -(-FPS // 2)
"""Frames on each side of a held-out block that nobody learns from: 0.5 s."""


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """learned: frames to learn from. held: frames to be judged, contiguous."""

    learned: Int64[np.ndarray, " l"]
    held: Int64[np.ndarray, " h"]


def folds(frames: int, blocks: int = BLOCKS, guard: int = GUARD) -> tuple[Fold, ...]:
    """So many folds; every frame is held out in exactly one, and the blocks differ by a frame at most.

    Raises ValueError where a fold would have nothing to hold out or to learn from.
    """
    edges = np.linspace(0, frames, blocks + 1).astype(int)
    rows = np.arange(frames, dtype=np.int64)
    found = []
    for first, last in pairwise(edges):
        learned = rows[(rows < first - guard) | (rows >= last + guard)]
        if last <= first or not len(learned):
            raise ValueError(f"{frames} frames are too few for {blocks} blocks with {guard} frames of guard.")
        found.append(Fold(learned, rows[first:last]))
    return tuple(found)


def ending(frames: int, starts: Sequence[int] | Int64[np.ndarray, " k"] = (0,)) -> Fold:
    """The end of the last take is held out; all before it is learned but guards, there and where takes are joined.

    starts: the first frame of each take.
    """
    first = frames - min(round(HELD * frames), MOST, frames - int(starts[-1]))
    rows = np.arange(frames, dtype=np.int64)
    near = np.min([abs(rows - join + 0.5) for join in (first, *starts[1:])], axis=0) < GUARD
    return Fold(rows[(rows < first) & ~near], rows[first:])
