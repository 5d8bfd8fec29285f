"""Which Gaussians become more, and which are dropped: those that the picture pulls at, and those that nobody sees.

Source: B. Kerbl et al., 3D Gaussian Splatting for Real-Time Radiance Field Rendering, 2023, section 5.2.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When what grows.

    first, last: shares of the course between which it grows. every: iterations from one time to the next. large: of the
    median size, beyond which a Gaussian is split, else cloned. huge: beyond which it is dropped. faint: opacity below
    which it is dropped. reset: iterations from one time that opacities are lowered to the next; 0: never.
    """

    first: float = 0.05
    last: float = 0.6
    every: int = 100
    large: float = 1.5
    huge: float = 20.0
    faint: float = 0.005
    reset: int = 3000

    def growing(self, done: float) -> bool:
        """Whether there is growth at that share of the course."""
        return self.first <= done < self.last


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """What is known of Gaussians, a row each.

    size: of the longest axis. strain: the mean gradient of its place in the picture, in half pictures.
    """

    size: Float[Tensor, " n"]
    opacity: Float[Tensor, " n"]
    strain: Float[Tensor, " n"]


@dataclass(frozen=True, slots=True)
class Limits:
    """strain: beyond which there is too little of a Gaussian. room: how many more there may be."""

    strain: float
    room: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """What becomes of Gaussians. kept: rows that stay. cloned: rows that are there once more. split: rows made two."""

    kept: Int[Tensor, " k"]
    cloned: Int[Tensor, " c"]
    split: Int[Tensor, " s"]

    @property
    def rows(self) -> Int[Tensor, " n"]:
        """Which row each Gaussian comes from: first those that stay, then the copies, then the halves."""
        return torch.cat([self.kept, self.cloned, self.split, self.split])

    @property
    def fresh(self) -> int:
        """How many of these are new, the last ones."""
        return len(self.cloned) + 2 * len(self.split)

    def between(self, first: int, last: int) -> Change:
        """What becomes of the rows from first to before last, counted from first."""
        kept, cloned, split = (
            rows[(rows >= first) & (rows < last)] - first for rows in (self.kept, self.cloned, self.split)
        )
        return Change(kept=kept, cloned=cloned, split=split)


def changed(asked: Asked, rules: Rules, limits: Limits) -> Change:
    """What becomes of Gaussians; the most strained come first."""
    size = asked.size / asked.size.median()
    stays = (asked.opacity >= rules.faint) & (size <= rules.huge)
    strain = torch.where(stays, asked.strain, torch.zeros_like(asked.strain))
    first = strain.argsort(descending=True, stable=True)[: max(limits.room, 0)]
    chosen = first[strain[first] > limits.strain]
    large = size[chosen] > rules.large
    stays[chosen[large]] = False
    return Change(kept=stays.nonzero()[:, 0], cloned=chosen[~large], split=chosen[large])
