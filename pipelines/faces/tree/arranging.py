"""Who stands where under which name: all of it together, from holdings and the tree as it is. Pure."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool

from pipelines.contract import Shown
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.mishaps import seen
from pipelines.faces.tree.naming import Placed, placed
from pipelines.faces.tree.places import YOURS, Kind
from pipelines.faces.tree.said import Said, said
from pipelines.faces.tree.sights import Sight, Sights
from pipelines.faces.tree.wanted import deleted, hidden_of, spots


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Every picture and crop with its place, and the tree in which it was found.

    yours: path -> SHA-256 of files in copies that the user made of people's folders, which stay as they are. hidden:
    person -> how many of their faces the user deleted from their folder.
    """

    placed: tuple[Placed, ...]
    now: Sights
    yours: Mapping[str, str] = field(default_factory=dict)
    hidden: Mapping[int, int] = field(default_factory=dict)


def arranged(
    holdings: Holdings, shown: Sequence[Shown], *, crops: bool = False, chosen: Bool[np.ndarray, " n"] | None = None
) -> Arrangement:
    """Where everything is to stand, given what the tree holds now. chosen: the faces that may show; None: all."""
    now, spoken = seen(holdings, shown), said(holdings)
    every = tuple(placed(holdings, spots(holdings, spoken, chosen, crops=crops), now, crops=crops))
    known = {line.path: line.sha256 for line in shown if line.tag == YOURS and line.path}
    yours = known | {s.path: s.line.sha256 for s in now.known if _copied(holdings, spoken, s)}
    taken = {one.path for one in every}
    return Arrangement(
        placed=every,
        now=now,
        yours={path: sha256 for path, sha256 in yours.items() if path not in taken},
        hidden=hidden_of(holdings, deleted(holdings, spoken, crops=crops)),
    )


def _copied(holdings: Holdings, spoken: Said, sight: Sight) -> bool:
    """Whether it seems to be moved from a person to nobody's folder, but was heard to be deleted: it is a copy."""
    if not sight.moved or sight.was is None or sight.now is None or sight.now.kind is not Kind.PEOPLE:
        return False
    hidden = bool(spoken.faces.intersection(holdings.faces["id"][list(sight.faces)].tolist()))
    if not sight.faces and sight.picture >= 0:
        sha256 = holdings.pictures[sight.picture].sha256
        hidden = spoken.pictures.get(sha256, sight) is None
    return hidden
