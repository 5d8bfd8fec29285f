"""Who stands where under which name: all of it together, from holdings and the tree as it is. Pure."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from pipelines.contract import Shown
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.naming import Placed, placed
from pipelines.faces.tree.said import said
from pipelines.faces.tree.sights import Sights, sights
from pipelines.faces.tree.wanted import spots


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Every picture and crop with its place, and the tree in which it was found."""

    placed: tuple[Placed, ...]
    now: Sights


def arranged(
    holdings: Holdings, shown: Sequence[Shown], *, crops: bool = False, chosen: Bool[np.ndarray, " n"] | None = None
) -> Arrangement:
    """Where everything is to stand, given what the tree holds now. chosen: the faces that may show; None: all."""
    now = sights(holdings, shown)
    every = spots(holdings, said(holdings), chosen, crops=crops)
    return Arrangement(placed=tuple(placed(holdings, every, now, crops=crops)), now=now)
