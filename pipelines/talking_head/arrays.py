"""Arrays as files that are whole or not there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np


def saved(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Afterwards path holds the arrays, and never held a part of them."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    partial.replace(path)


def loaded(path: Path) -> dict[str, np.ndarray]:
    """The arrays that were saved there."""
    with np.load(path, allow_pickle=False) as held:
        return dict(held)
