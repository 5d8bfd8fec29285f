"""Which frame an iteration looks at."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from pipelines.talking_head.learning.engine import Turn

LEVELS = 8
"""Levels of opening from which every other frame is drawn evenly: closed mouths are many, and say little."""


def picked(opening: Float[Tensor, " t"], turn: Turn) -> int:
    """The frame of a turn: every other from all, the rest evenly over how far the mouth is open."""
    rows, chance = turn.rows, turn.chance
    if turn.iteration % 2:
        level = torch.randint(LEVELS, (1,), generator=chance)
        here = opening[rows]
        edges = torch.linspace(float(here.min()), float(here.max()) + 1e-6, LEVELS + 1)
        rows_here = rows[(here >= edges[level]) & (here < edges[level + 1])]
        rows = rows_here if len(rows_here) else rows
    return int(rows[torch.randint(len(rows), (1,), generator=chance)])
