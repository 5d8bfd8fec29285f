"""What is estimated of faces: age, gender, emotion, race."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int32

NAMES: Mapping[str, tuple[str, ...]] = {
    "gender": ("female", "male"),
    "emotion": ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"),
    "race": ("asian", "black", "indian", "latino hispanic", "middle eastern", "white"),
}
"""What each of them may be."""
UNKNOWN = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attributes:
    """Attributes of faces, row by row. age: years, NaN where unknown. kind: name -> index into NAMES, or UNKNOWN.

    score: name -> 0 to 1, NaN where unknown.
    """

    age: Float[np.ndarray, " n"]
    kind: Mapping[str, Int32[np.ndarray, " n"]]
    score: Mapping[str, Float[np.ndarray, " n"]]
