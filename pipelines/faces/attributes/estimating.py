"""What estimates attributes, and what came of it as attributes of faces."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt8

from pipelines.faces.tree.attributes import NAMES, UNKNOWN, Attributes

ALL = ("age", *NAMES)
"""Every attribute."""
_OLDEST = 116.0


class Estimator(Protocol):
    """Networks that look at faces."""

    def __call__(self, chips: UInt8[np.ndarray, "n c c 3"]) -> Mapping[str, Float32[np.ndarray, "n k"]]:
        """What they say of each: ``age`` years (k = 1), each other attribute probabilities in the order of NAMES.

        chips: red, green, blue, at least one.
        """
        ...


Opens = Callable[[Sequence[str], Path], Estimator]
"""(attributes, folder of weights) -> what estimates them."""


def unknown(count: int) -> Attributes:
    """The attributes of so many faces of which nothing is known."""
    return Attributes(
        age=np.full(count, np.nan, dtype=np.float32),
        kind={name: np.full(count, UNKNOWN, dtype=np.int32) for name in NAMES},
        score={name: np.full(count, np.nan, dtype=np.float32) for name in NAMES},
    )


def lacking(known: Attributes, names: Iterable[str]) -> Bool[np.ndarray, " n"]:
    """The faces of which one of these is not known."""
    found = np.zeros(len(known.age), dtype=bool)
    for name in names:
        found |= np.isnan(known.age) if name == "age" else known.kind[name] == UNKNOWN
    return found


def estimated(said: Mapping[str, Float32[np.ndarray, "n k"]], good: Bool[np.ndarray, " n"], count: int) -> Attributes:
    """What was said of those of count faces that are good."""
    found = unknown(count)
    for name, values in said.items():
        if name == "age":
            found.age[good] = np.clip(values[:, 0], 0, _OLDEST)
        else:
            whole = np.maximum(values.sum(axis=1), np.finfo(np.float32).tiny)
            found.kind[name][good] = values.argmax(axis=1)
            found.score[name][good] = values.max(axis=1) / whole
    return found


def joined(known: Attributes, rows: Int64[np.ndarray, " k"], new: Attributes) -> Attributes:
    """What is known, and of these rows what is new; what is new and not known leaves what was."""
    found = Attributes(
        age=known.age.copy(),
        kind={name: column.copy() for name, column in known.kind.items()},
        score={name: column.copy() for name, column in known.score.items()},
    )
    here = ~np.isnan(new.age)
    found.age[rows[here]] = new.age[here]
    for name in NAMES:
        here = new.kind[name] != UNKNOWN
        found.kind[name][rows[here]] = new.kind[name][here]
        found.score[name][rows[here]] = new.score[name][here]
    return found
