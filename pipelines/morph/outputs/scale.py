"""The range of values that a colour bar shows, and where its ticks are."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pipelines.morph.outputs.palettes import Table, diverging, sequential

_ROBUST = 99.0
"""Percent of the values that a bar shows; a few outliers would make all the rest one colour."""
_ALIKE, _FLAT = 0.5, 1e-3
"""Shares of the reach: lengths are alike that are all over the first, and have nothing to show within the second."""
_MOST_TICKS = 6
_NOTHING = 1e-290
"""Smaller lengths are none: their tenth could no longer be told from zero."""
Values = Float[np.ndarray, "*n"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scale:
    """table: the colours from lo to hi. least, most: what values there really are; beyond lo and hi, colours end."""

    table: Table
    lo: float
    hi: float
    least: float
    most: float

    def colours(self, values: Values) -> Float[np.ndarray, "*n 3"]:
        """The colour of each value, 0 to 1, interpolated between the entries of the table: what the bar shows."""
        place = np.clip((values - self.lo) / (self.hi - self.lo), 0.0, 1.0) * 255
        below = np.minimum(place.astype(np.int64), 254)
        part = (place - below)[..., None]
        return np.asarray(self.table[below] * (1 - part) + self.table[below + 1] * part)

    def ticks(self) -> tuple[float, ...]:
        """Round numbers from lo to hi, at most _MOST_TICKS, in steps of 1, 2 or 5 times a power of ten."""
        rough = (self.hi - self.lo) / (_MOST_TICKS - 1)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
        first, last = math.ceil(self.lo / step - 1e-9), math.floor(self.hi / step + 1e-9)
        return tuple(k * step for k in range(first, last + 1))

    def told(self, value: float) -> str:
        """The value with as many digits as tell a hundredth of the bar."""
        more = math.ceil(math.log10(max(abs(self.lo), abs(self.hi)) / (self.hi - self.lo)))
        return f"{value:.{3 + max(more, 0)}g}"


def about_zero(values: Values) -> Scale:
    """A scale for signed values: as far below zero as above, so white is zero."""
    reach = _reach(np.abs(values))
    return _scale(diverging(), (-reach, reach), values)


def of_lengths(values: Values) -> Scale:
    """A scale for lengths: the darkest colour is zero, unless all of them are much alike and far from it.

    Then, as where one mesh lies beside the other, a bar from zero would show one colour; so it starts at the least.
    """
    reach = _reach(values)
    least = percentile(values, 100 - _ROBUST) if values.size else 0.0
    start = least if _ALIKE * reach < least < (1 - _FLAT) * reach else 0.0
    return _scale(sequential(), (start, reach), values)


def _scale(table: Table, ends: tuple[float, float], values: Values) -> Scale:
    least, most = float(values.min(initial=math.inf)), float(values.max(initial=-math.inf))
    if not values.size:
        least = most = 0.0
    return Scale(table=table, lo=ends[0], hi=ends[1], least=least, most=most)


def _reach(lengths: Values) -> float:
    """How far the bar goes; where nearly all is zero to the largest, and to 1 where all is."""
    if not lengths.size:
        return 1.0
    largest = float(lengths.max())
    reach = percentile(lengths, _ROBUST)
    reach = reach if reach > largest * 1e-9 else largest
    return reach if reach > _NOTHING else 1.0


def percentile(values: Values, percent: float) -> float:
    """As ``np.percentile``, to the last bit, of at least one value.

    Numpy's own loads its masked arrays for it, at its first call, which takes longer than all that is done here.
    """
    place = (values.size - 1) * (percent / 100)
    below = math.floor(place)
    above = min(below + 1, values.size - 1)
    row = np.partition(values, (below, above), axis=None)
    low, high, part = row[below], row[above], place - below
    step = high - low
    return float(high - step * (1 - part) if part >= 0.5 else low + step * part)  # noqa: PLR2004  from the nearer
