"""Faces that are left over, and people to whom they are alike: who joins somebody, and of whom the user is asked."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int8, Int32, Int64

from pipelines.faces.cluster.ties import MIRROR
from pipelines.faces.people.pins import Crowd, Limits, Pins
from pipelines.faces.people.sums import BLOCK, Sums
from pipelines.faces.people.words import NOBODY, Standing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Room:
    """Where faces stand while they are being placed; the columns are written to. similarity: see Census."""

    person: Int32[np.ndarray, " n"]
    standing: Int8[np.ndarray, " n"]
    similarity: Float32[np.ndarray, " n"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A face and a person to whom it is alike. core: the user put together whom the person is made of."""

    similarity: float
    row: int
    person: int
    core: bool


def neighbours_found(crowd: Crowd, pins: Pins, limits: Limits, sums: Sums, room: Room) -> None:
    """Afterwards each face that was left over, and is alike enough, is with its person, or in review for one.

    It joins whom the user put together, or where it was taken from somebody else, from limits.same on; else it is shown
    in review of people with names from limits.review on. The most alike go first. Never somebody whom the user said it
    is not, nor somebody who is in the same picture already.
    """
    company = Company(crowd)
    rejected = set(map(tuple, pins.rejected.tolist()))
    names = crowd.said.names
    for pair in sorted(_pairs(crowd, pins, limits, sums, room), key=lambda p: (-p.similarity, p.row, p.person)):
        joins = pair.similarity >= limits.same and (pair.core or bool(pins.foreign[pair.row]))
        if not joins and pair.person not in names:
            continue
        if room.person[pair.row] != NOBODY or (pair.row, pair.person) in rejected:
            continue
        if company.keeps_out(pair.row, pair.person, room):
            continue
        room.person[pair.row] = pair.person
        room.standing[pair.row] = Standing.JOINED if joins else Standing.REVIEW
        room.similarity[pair.row] = pair.similarity


class Company:
    """Who is in the same picture as whom."""

    def __init__(self, crowd: Crowd) -> None:
        self._embeddings = crowd.embeddings
        self._moments = crowd.moments
        self._order = np.argsort(crowd.moments, kind="stable")
        self._sorted = crowd.moments[self._order]

    def of(self, row: int) -> Int64[np.ndarray, " m"]:
        """The other faces in the picture of a face."""
        low, high = (
            np.searchsorted(self._sorted, self._moments[row]),
            np.searchsorted(self._sorted, self._moments[row], side="right"),
        )
        found = self._order[low:high]
        others: Int64[np.ndarray, " m"] = found[found != row]
        return others

    def keeps_out(self, row: int, person: int, room: Room) -> bool:
        """Whether the person is in the face's picture already, with another face that is no mirror of it."""
        others = self.of(row)
        others = others[room.person[others] == person]
        return bool(len(others)) and not self.mirrored(row, others)

    def mirrored(self, row: int, others: Int64[np.ndarray, " m"]) -> bool:
        """Whether a face is so alike to all these that they may be one person in one picture."""
        alike = self._embeddings[others].astype(np.float32) @ self._embeddings[row].astype(np.float32)
        return bool((alike >= MIRROR).all())


def _pairs(crowd: Crowd, pins: Pins, limits: Limits, sums: Sums, room: Room) -> Iterator[Pair]:
    left = (room.person == NOBODY) & ~pins.nobody & ~pins.poor
    cores = np.unique(pins.placed[pins.core])
    known = np.isin(sums.numbers, [*crowd.said.names, *cores.tolist()])
    least = min(limits.review, limits.same)
    for rows, people in (
        (np.flatnonzero(left & ~pins.foreign), np.flatnonzero(known)),
        (np.flatnonzero(left & pins.foreign), np.arange(len(known))),
    ):
        chosen = sums.of(people)
        core = np.isin(chosen.numbers, cores)
        for row, at, similarity in _alike(crowd, rows, chosen, least):
            yield Pair(similarity, row, int(chosen.numbers[at]), bool(core[at]))


def _alike(crowd: Crowd, rows: Int64[np.ndarray, " m"], sums: Sums, least: float) -> Iterator[tuple[int, int, float]]:
    """Rows and people, by their rows in sums, of at least that mean similarity."""
    if not len(rows) or not len(sums.numbers):
        return
    means = sums.means().T
    for start in range(0, len(rows), BLOCK // 8):
        block = rows[start : start + BLOCK // 8]
        alike = crowd.embeddings[block].astype(np.float32) @ means
        for at, person in np.argwhere(alike >= least).tolist():
            yield int(block[at]), person, float(alike[at, person])
