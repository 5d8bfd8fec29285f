"""How large EGSTalker is: the paper's numbers, and a miniature's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

SMALL = 256
"""Pixels a side of a picture below which the miniature is learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Widths of the nets and how many Gaussians there may be; the defaults are those of the paper and its code.

    planes: pixels a side of each tri-plane. channels: of each. agents: tokens between sources and Gaussians. hidden: of
    the nets after the attention. degree: of the spherical harmonics that colours have. camera: whether the pose moves
    the face, which nets learn by heart. most: Gaussians of the head and of the torso at the end. strain: the gradient
    from which on a Gaussian becomes two, as ``growing`` has it.
    """

    planes: tuple[int, ...] = (64, 128)
    channels: int = 32
    agents: int = 200
    hidden: int = 128
    degree: int = 3
    camera: bool = False
    most: int = 50_000
    strain: float = 2e-4

    @property
    def width(self) -> int:
        """Numbers that a place has, and a token."""
        return len(self.planes) * self.channels


MINIATURE = Sizes(planes=(16, 32), channels=16, agents=32, hidden=32, degree=1, most=3_000, strain=4e-3)
"""For half a minute of film at 96 to 128 pixels, in some minutes on a CPU."""


def sized(side: int) -> Sizes:
    """What suits pictures of that many pixels a side."""
    return MINIATURE if side < SMALL else Sizes()


def written(sizes: Sizes) -> dict[str, Any]:
    """As JSON can hold it."""
    return {**asdict(sizes), "planes": list(sizes.planes)}


def read(raw: Mapping[str, Any]) -> Sizes:
    """What was written so."""
    return Sizes(**{**raw, "planes": tuple(raw["planes"])})
