"""Embeddings in 8 bits: a quarter of the work, and a bound of what the similarity may be wrong by.

An embedding x is scale * code + rest, code whole numbers of -127 to 127. Of two of them
|x y - scale scale' (code code')| <= |rest| |y| + |rest'| |x| + |rest| |rest'| (Cauchy-Schwarz), about .015 for faces.
So a pair whose coded similarity is lower than wanted by more than that need not be looked at, and none is missed.

Codes lie as ``sweep`` takes them: 16 rows side by side, 4 numbers of each at a time.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float16, Float32, Int8, Int32

from pipelines.faces.cluster.halves import LONGEST

GROUP = 16
"""Rows side by side."""
STEP = 4
"""Numbers of a row at a time."""
AT_ONCE = 4800
"""Rows that are coded at once."""
SLACK = 1e-5
"""For the rounding of float32 in scales, similarities and bounds."""
NEVER = -9.0
"""The error of rows that only fill up: with it no similarity is ever enough."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Codes:
    """Embeddings, coded; the last rows may only fill up.

    total: the sum of a row's code. error: what the row adds to the bound of a pair.
    """

    packed: Int8[np.ndarray, "groups steps 16 4"]
    scale: Float32[np.ndarray, " n"]
    total: Int32[np.ndarray, " n"]
    error: Float32[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.scale)


def coded(embeddings: Float16[np.ndarray, "n d"], rows: Int32[np.ndarray, " m"], multiple: int) -> Codes:
    """The codes of those rows, filled up to a multiple of so many; of GROUP at least."""
    n = -(-len(rows) // multiple) * multiple
    steps = -(-embeddings.shape[1] // STEP)
    codes = Codes(
        packed=_aligned(n // GROUP, steps),
        scale=np.zeros(n, dtype=np.float32),
        total=np.zeros(n, dtype=np.int32),
        error=np.full(n, NEVER, dtype=np.float32),
    )
    for start in range(0, len(rows), AT_ONCE):
        these = rows[start : start + AT_ONCE]
        x = np.zeros((-(-len(these) // GROUP) * GROUP, steps * STEP), dtype=np.float32)
        x[: len(these), : embeddings.shape[1]] = embeddings[these]
        scale = np.maximum(np.abs(x).max(axis=1, initial=0.0) / 127, np.float32(1e-9))
        code = np.rint(x / scale[:, None])
        rest = np.linalg.norm(x - code * scale[:, None], axis=1)[: len(these)]
        block = slice(start, start + len(these))
        codes.scale[block] = scale[: len(these)]
        codes.total[block] = code.sum(axis=1)[: len(these)]
        codes.error[block] = rest * LONGEST + rest * rest / 2 + SLACK  # |rest| |rest'| is at most half of both squares
        groups = code.astype(np.int8).reshape(-1, GROUP, steps, STEP).transpose(0, 2, 1, 3)
        codes.packed[start // GROUP : start // GROUP + len(groups)] = groups
    return codes


def _aligned(groups: int, steps: int) -> Int8[np.ndarray, "groups steps 16 4"]:
    """Zeros that begin where a cache line does: the instruction takes whole ones."""
    size = groups * steps * GROUP * STEP
    room = np.zeros(size + 64, dtype=np.int8)
    start = -room.ctypes.data % 64
    return room[start : start + size].reshape(groups, steps, GROUP, STEP)
