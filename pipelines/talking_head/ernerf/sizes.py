"""How large the engine is: the paper's sizes, and a miniature for a processor."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt

from pipelines.talking_head.ernerf.planes import Layout

PACE = 2 * sqrt(3) / 128
"""From one sample of a ray to the next, in half sides of the head's box: .027."""
SMALL = 256
"""Pixels a side below which the miniature is learned: more levels and rays would find nothing to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What is large and what is small. The defaults are the paper's, and those of its code.

    planes: of the three hash planes. heard: numbers that sound, or a mouth's codes, become. hidden, attention, eye,
    doubt: of the nets. step: of a ray, in half sides of the box. samples: of a ray at most. cells: of the occupancy
    grid along a side. nodes: of a mouth's moves. rays: of a turn. rate: of the nets at the beginning. lips: the
    share of a course from which every other turn is theirs (100,000 of 125,000). own, torso_own: numbers a frame
    for what neither sound nor pose tells. torso: its grid. torso_hidden: of its nets.
    """

    planes: Layout = field(default_factory=lambda: Layout(levels=12, least=64, most=512, entries=1 << 14))
    heard: int = 32
    hidden: int = 64
    attention: int = 64
    eye: int = 16
    doubt: int = 32
    step: float = PACE
    samples: int = 16
    cells: int = 128
    nodes: int = 128
    rays: int = 65_536
    rate: float = 1e-3
    lips: float = 0.8
    own: int = 4
    torso_own: int = 8
    torso: Layout = field(
        default_factory=lambda: Layout(levels=16, least=16, most=2048, entries=1 << 16, features=2, tiled=True)
    )
    torso_hidden: int = 32


FEW = 4096
"""Rays of a turn at most where there is no GPU: a turn of all takes gigabytes."""


def sized(side: int) -> Sizes:
    """The sizes for pictures of so many pixels a side: the paper's, or below ``SMALL`` a miniature of them.

    The miniature has some thousand turns in place of some hundred thousand, so its nets go faster, and lips have every
    other turn from half-way on; and the head's planes have a row for each corner, which is what a processor is fast at.
    """
    if side >= SMALL:
        return Sizes()
    return Sizes(
        planes=Layout(levels=6, least=8, most=min(side, 126), entries=1 << 14),
        step=PACE * 4 / 3,
        cells=64,
        nodes=96,
        rays=max(1024, side**2 // 9),
        rate=3e-3,
        lips=0.5,
        torso=Layout(levels=8, least=8, most=2 * side, entries=1 << 14, features=2, tiled=True),
    )
