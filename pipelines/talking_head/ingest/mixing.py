"""Which channels of a sound count, by how loud they are alone and together."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

DEAD = 1e-3
"""A channel is dead that is so many times as loud as the loudest, or less (-60 dB)."""
CANCELS = 0.1
"""Channels cancel each other whose mean is so many times as loud as they are, or less: one is wired the wrong way."""

Products = Float64[np.ndarray, "c c"]
"""Of each two channels, sample by sample, summed: their energies, and how much they agree."""


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """The channels whose mean is taken, and a sentence where that is not all of them."""

    rows: Int64[np.ndarray, " k"]
    note: str = ""

    def of(self, channels: Float32[np.ndarray, "c n"]) -> Float32[np.ndarray, " n"]:
        """The mean of those channels, from -1 to 1; one that is not there is silent."""
        there = channels[self.rows[self.rows < len(channels)]]
        mean = there.sum(axis=0, dtype=np.float32) / np.float32(len(self.rows))
        return np.asarray(np.clip(mean, -1.0, 1.0), dtype=np.float32)


def added(products: Products, channels: Float32[np.ndarray, "c n"]) -> Products:
    """The products with those of more sound, which may have more channels."""
    wide = channels.astype(np.float64)
    more = wide @ wide.T
    size = max(len(products), len(more))
    sized = [np.pad(one, (0, size - len(one))) for one in (products, more)]
    return np.asarray(sized[0] + sized[1])


def mixed(products: Products) -> Mix:
    """The channels that live; the louder one alone where they cancel each other."""
    energy = np.diag(products)
    loudest = float(energy.max(initial=0.0))
    living = np.flatnonzero(energy > DEAD**2 * loudest)
    if not len(living):
        return Mix(np.arange(len(energy)))
    if len(living) > 1 and products[np.ix_(living, living)].sum() / len(living) ** 2 < CANCELS**2 * loudest:
        note = "Its channels of sound cancel each other (one is wired the wrong way), so only the louder one was taken."
        return Mix(np.array([int(energy.argmax())]), note)
    silent = len(energy) - len(living)
    verb = "is" if silent == 1 else "are"
    note = f"{silent} of its {len(energy)} channels of sound {verb} silent and left out." if silent else ""
    return Mix(living, note)
