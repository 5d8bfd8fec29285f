"""At which scales a picture is searched for faces. Pure.

The figures are measured (docs/faces.md): an SCRFD sees faces from about 12 pixels up to two thirds of the longer side
of what it is shown; over 450 pixels it sees none, which is why one look at 640 loses close-ups. What is at most 320
pixels long is shown as it is, once: on LFW that finds more than an enlargement to 640 does.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import ceil, sqrt

STEP = 32
"""Pixels: the coarsest stride of the networks, of which every side of what they see is a multiple."""
USUAL = 640
"""Pixels of the longer side at which a picture is searched at least, unless it is smaller itself."""
CLOSE = 256
"""Pixels of the longer side at which close-ups are found, where that is not how the picture is seen anyway."""
ALONE = 320
"""Pixels of the longer side up to which one look finds small faces and close-ups."""
SEEN = 12
"""Pixels of the shorter side from which a face is seen."""
MOST = 2_000_000
"""Pixels that one look has at most: a larger picture is made smaller, whatever is lost."""
SHARED = 128
"""Pixels that neighbouring tiles share: a face up to that size is whole in one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What a network is shown: of the picture made factor times as large, width x height from the corner at."""

    factor: float
    width: int
    height: int
    at: tuple[int, int] = (0, 0)


def finest(width: int, height: int, least: float) -> float:
    """How many times as large a picture is searched for its smallest faces: 1 or less.

    least: pixels of the shorter side of a face under which nobody wants one.
    """
    affordable = min(SEEN / max(least, SEEN), sqrt(MOST / (width * height)))
    return min(1.0, max(USUAL / max(width, height), affordable))


def scales(width: int, height: int, least: float, fixed: tuple[int, int] | None) -> tuple[Scale, ...]:
    """The scales at which a picture of that size is searched. fixed: all that the network takes; None: any size."""
    long = max(width, height)
    factors = [finest(width, height, least)]
    if factors[0] * long > ALONE:
        factors.append(min(1.0, CLOSE / long))
    if fixed is None:
        return tuple(_whole(width, height, factor) for factor in factors)
    if factors[0] * long > max(fixed):
        factors.insert(1, min(fixed[0] / width, fixed[1] / height))
    return tuple(tile for factor in factors for tile in _tiles(width, height, factor, fixed))


def _whole(width: int, height: int, factor: float) -> Scale:
    wide, high = (max(1, int(side * factor)) for side in (width, height))
    return Scale(factor=factor, width=ceil(wide / STEP) * STEP, height=ceil(high / STEP) * STEP)


def _tiles(width: int, height: int, factor: float, fixed: tuple[int, int]) -> tuple[Scale, ...]:
    """Tiles of the network's own size that cover the picture, neighbours sharing SHARED pixels."""
    columns, rows = (
        _starts(max(1, int(side * factor)), tile) for side, tile in zip((width, height), fixed, strict=True)
    )
    return tuple(
        Scale(factor=factor, width=fixed[0], height=fixed[1], at=(left, top)) for top, left in product(rows, columns)
    )


def _starts(side: int, tile: int) -> tuple[int, ...]:
    if side <= tile:
        return (0,)
    count = ceil((side - SHARED) / (tile - SHARED))
    return tuple(round(number * (side - tile) / (count - 1)) for number in range(count))
