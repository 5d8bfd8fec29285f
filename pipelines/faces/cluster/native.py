"""How functions over many faces are compiled, and the products of embeddings compiled."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float16, UInt16
from numba import config, njit, types

CARRIED = "VISAGED_COMPILED"
"""The variable that names what an image carries compiled: ``python -m pipelines.faces.cluster`` made it."""
HALVES = types.Array(types.uint16, 2, "C", readonly=True)
"""Embeddings as the bits of float16, whether they may be written or map a file."""
UP = np.float32(2.0**112)
"""What a float16's bits, moved into a float32's place, must be multiplied with: the difference of the exponents."""


def taken_along(carried: Path, into: Path) -> None:
    """Afterwards what was compiled elsewhere is in a folder that can be written: numba takes it from no other."""
    if not into.exists():
        partial = Path(tempfile.mkdtemp(dir=into.parent))
        shutil.copytree(carried, partial, dirs_exist_ok=True)
        try:
            partial.rename(into)
        except OSError:  # another process was quicker
            shutil.rmtree(partial)


if os.environ.get(CARRIED):
    _place = Path(tempfile.gettempdir(), "compiled")
    taken_along(Path(os.environ[CARRIED]), _place)
    config.CACHE_DIR = str(_place)  # type: ignore[attr-defined]  # made when numba is loaded


def compiled(*signature: Any, exact: bool = True) -> Callable[[Any], Any]:
    """A decorator: the function is compiled, now where a signature is given, else at the first call.

    What was compiled is kept on disk where numba finds a folder that can be written: NUMBA_CACHE_DIR, the code's own,
    the user's. Where there is none it is compiled in each process, which takes some seconds.

    exact: products and sums are rounded as they are written; else sums may be made in any order, for those that are
    exact in any.
    """
    decorate: Any = njit
    fast: Any = False if exact else {"reassoc", "nsz", "contract"}

    def decorator(function: Any) -> Any:
        for cache in (True, False):
            try:
                return decorate(*signature, nogil=True, error_model="numpy", fastmath=fast, cache=cache)(function)
            except RuntimeError as error:
                if not cache or "no locator" not in str(error):
                    raise
        raise AssertionError

    return decorator


@compiled()
def wide(bits: int) -> Any:
    """The float16 of these bits."""
    whole = np.uint32(bits)
    return np.uint32((whole & 0x8000) << 16 | (whole & 0x7FFF) << 13).view(np.float32) * UP


@compiled(types.float64(HALVES, types.intp, types.intp), exact=False)
def alike(embeddings: Any, one: int, two: int) -> float:
    """The exact product of two rows."""
    total = 0.0
    for at in range(embeddings.shape[1]):
        total += np.float64(wide(embeddings[one, at])) * np.float64(wide(embeddings[two, at]))
    return total


def bits(embeddings: Float16[np.ndarray, "n d"]) -> UInt16[np.ndarray, "n d"]:
    """The embeddings as compiled functions take them."""
    seen = np.ascontiguousarray(embeddings).view(np.uint16)
    seen.flags.writeable = False  # so that there is one type of array, whether a file is mapped or not
    return seen
