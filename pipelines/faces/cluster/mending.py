"""Clusters of a method that knows nothing of ties, changed as little as makes them keep the ties."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float16, Float64, Int32, Integer

from pipelines.faces.cluster.linkage import numbered
from pipelines.faces.cluster.ties import FREE, Ties, conflicts


def mended(
    labels: Integer[np.ndarray, " n"], embeddings: Float16[np.ndarray, "n d"], ties: Ties
) -> Int32[np.ndarray, " n"]:
    """The clusters, numbered from 0 by their first rows, so that every tie holds.

    A group goes where most of it is. A cluster that breaks a tie is dealt out anew: faces with owners first, then those
    most alike to the whole; each to the part that it is most alike to and may be in, else to a new part.
    """
    found = _gathered(labels.astype(np.int64), ties)
    forbidden = conflicts(ties, embeddings)
    broken = _broken(found, forbidden, ties)
    order = np.argsort(found, kind="stable")
    starts = np.searchsorted(found[order], broken)
    ends = np.searchsorted(found[order], broken, side="right")
    foes = _foes(forbidden)
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        rows = np.sort(order[start:end])
        found[rows] = len(labels) + rows[_dealt(rows, embeddings, ties, foes)]
    return numbered(found)


def _gathered(labels: Integer[np.ndarray, " n"], ties: Ties) -> Integer[np.ndarray, " n"]:
    """The labels, each group's all those of most of it, of equally many the smallest."""
    rows = np.flatnonzero(ties.group != FREE)
    kinds, many = np.unique(np.stack([ties.group[rows], labels[rows]]), axis=1, return_counts=True)
    best = np.lexsort((kinds[1], -many, kinds[0]))
    groups, first = np.unique(kinds[0][best], return_index=True)
    found = labels.copy()
    found[rows] = kinds[1][best][first][np.searchsorted(groups, ties.group[rows])]
    return found


def _broken(
    labels: Integer[np.ndarray, " n"], forbidden: Int32[np.ndarray, "m 2"], ties: Ties
) -> Integer[np.ndarray, " b"]:
    """The labels of the clusters that break a tie."""
    one, two = forbidden[:, 0], forbidden[:, 1]
    grouped = (ties.group[one] == ties.group[two]) & (ties.group[one] != FREE)
    foes = labels[one][(labels[one] == labels[two]) & ~grouped]
    owned = np.flatnonzero(ties.owner != FREE)
    owners = np.unique(np.stack([labels[owned], ties.owner[owned]]), axis=1)
    of, many = np.unique(owners[0], return_counts=True)
    banned = np.stack([labels[ties.apart[:, 0]], ties.apart[:, 1]])
    met = (banned[:, :, None] == owners[:, None, :]).all(axis=0).any(axis=1) if owners.size else []
    return np.unique(np.concatenate([foes, of[many > 1], banned[0][met]]))


def _foes(forbidden: Int32[np.ndarray, "m 2"]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for one, two in forbidden.tolist():
        found.setdefault(one, set()).add(two)
        found.setdefault(two, set()).add(one)
    return found


@dataclass(slots=True, kw_only=True, eq=False)
class _Part:
    """Faces that are to be together. first: its place among the cluster's rows."""

    first: int
    total: Float64[np.ndarray, " d"]
    rows: set[int] = field(default_factory=set)
    foes: set[int] = field(default_factory=set)
    owners: set[int] = field(default_factory=set)
    banned: set[int] = field(default_factory=set)

    def admits(self, other: _Part) -> bool:
        """Whether no tie keeps the other out."""
        owners = self.owners | other.owners
        return len(owners) < 2 and not (self.banned | other.banned) & owners and not self.foes & other.rows  # noqa: PLR2004

    def likeness(self, other: _Part) -> float:
        """The mean similarity to the other."""
        return float(self.total @ other.total) / (len(self.rows) * len(other.rows))

    def take(self, other: _Part) -> None:
        """Afterwards the other's faces are here."""
        self.total = self.total + other.total
        self.rows |= other.rows
        self.foes |= other.foes
        self.owners |= other.owners
        self.banned |= other.banned


def _dealt(
    rows: Integer[np.ndarray, " r"], embeddings: Float16[np.ndarray, "n d"], ties: Ties, foes: dict[int, set[int]]
) -> Integer[np.ndarray, " r"]:
    """For each row the place, among the rows, of the first of its part."""
    units: dict[int, _Part] = {}
    for place, row in enumerate(rows.tolist()):
        group = int(ties.group[row])
        unit = _Part(first=place, total=embeddings[row].astype(np.float64), rows={row}, foes=foes.get(row, set()))
        unit.owners = {int(ties.owner[row])} - {FREE}
        unit.banned = set(ties.apart[ties.apart[:, 0] == row, 1].tolist())
        known = units.setdefault(group if group != FREE else -2 - row, unit)
        if known is not unit:
            known.take(unit)
    whole = _Part(first=0, total=embeddings[rows].astype(np.float64).sum(axis=0), rows=set(rows.tolist()))
    parts: list[_Part] = []
    for unit in sorted(units.values(), key=lambda unit: (not unit.owners, -unit.likeness(whole), unit.first)):
        fitting = max((part for part in parts if part.admits(unit)), key=lambda part: part.likeness(unit), default=None)
        if fitting is None:
            parts.append(unit)
        else:
            fitting.take(unit)
    places = {row: part.first for part in parts for row in part.rows}
    return np.array([places[row] for row in rows.tolist()])
