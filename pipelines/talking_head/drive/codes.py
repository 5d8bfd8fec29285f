"""Mouths as a few numbers: principal components of lips and blendshapes, shared by all subjects, about each one's own.

Lips in the head's frame are free of its pose. Divided by how much a subject's own lips move, a mumbler and an announcer
speak the same code.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from pipelines.talking_head.landmarks.points import LIPS

CODES = 10
"""Numbers of a mouth."""
MOVING = tuple(range(23, 50))
"""Rows of the blendshapes that jaw and mouth have."""
_LIPS = 2 * len(LIPS)
_WEIGHT = 0.5
"""Of all blendshapes against all lips, in variance: the lips are what is seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Mouths:
    """What the mouth of one subject does. lips: as in ``Track.lips``."""

    lips: Float64[np.ndarray, "t 40 2"]
    blendshapes: Float64[np.ndarray, "t 52"]

    def __len__(self) -> int:
        return len(self.lips)

    def chosen(self, rows: np.ndarray) -> Mouths:
        """Those frames."""
        return Mouths(self.lips[rows], self.blendshapes[rows])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """What is one subject's own. rest: the mean mouth. lips, face: how much lips and blendshapes move about it."""

    rest: Float64[np.ndarray, " d"]
    lips: float
    face: float

    def normalised(self, mouths: Mouths) -> Float64[np.ndarray, "t d"]:
        """The mouths about the mean, in the subject's own measure."""
        return np.asarray((_rows(mouths) - self.rest) / self._scale)

    def shown(self, normalised: Float64[np.ndarray, "t d"]) -> Float64[np.ndarray, "t 40 2"]:
        """The lips again, about their own middle."""
        rows = normalised * self._scale + self.rest
        return np.asarray(rows[:, :_LIPS].reshape(len(rows), -1, 2))

    @property
    def _scale(self) -> Float64[np.ndarray, " d"]:
        face = self.face * np.sqrt(len(MOVING) / _LIPS / _WEIGHT)
        return np.concatenate([np.full(_LIPS, self.lips), np.full(len(MOVING), face)])


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """The directions that mouths move in, most first, in subjects' own measures."""

    directions: Float64[np.ndarray, "k d"]

    def codes(self, subject: Subject, mouths: Mouths) -> Float64[np.ndarray, "t k"]:
        """The mouths as codes."""
        return np.asarray(subject.normalised(mouths) @ self.directions.T)

    def lips(self, subject: Subject, codes: Float64[np.ndarray, "t k"]) -> Float64[np.ndarray, "t 40 2"]:
        """The codes as lips about their own middle."""
        return subject.shown(codes @ self.directions)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """The mouths that a subject was seen to make, from the least to the most of each code."""

    least: Float64[np.ndarray, " k"]
    most: Float64[np.ndarray, " k"]

    def clamped(self, codes: Float64[np.ndarray, "t k"]) -> Float64[np.ndarray, "t k"]:
        """The codes, none beyond what was seen: an engine has nothing to show there."""
        return np.asarray(np.clip(codes, self.least, self.most))

    def outside(self, codes: Float64[np.ndarray, "t k"]) -> Bool[np.ndarray, " t"]:
        """The frames in which a code had to be clamped."""
        return np.asarray(((codes < self.least) | (codes > self.most)).any(axis=1))


def subject(mouths: Mouths) -> Subject:
    """The subject whose mouths these are."""
    rows = _rows(mouths)
    rest = rows.mean(axis=0)
    away = (rows - rest) ** 2
    return Subject(
        rest=rest,
        lips=float(np.sqrt(away[:, :_LIPS].mean())) + 1e-9,
        face=float(np.sqrt(away[:, _LIPS:].mean())) + 1e-9,
    )


def basis(everybody: Sequence[Float64[np.ndarray, "t d"]], count: int = CODES) -> Basis:
    """The directions in which normalised mouths move most, each subject counting as much as any other."""
    even = np.concatenate([rows / np.sqrt(len(rows)) for rows in everybody])
    _, _, right = np.linalg.svd(even, full_matrices=False)
    return Basis(right[:count])


def seen(codes: Float64[np.ndarray, "t k"]) -> Seen:
    """The range of these codes."""
    return Seen(least=codes.min(axis=0), most=codes.max(axis=0))


def _rows(mouths: Mouths) -> Float64[np.ndarray, "t d"]:
    """Lips about their middle, then the blendshapes that move them, a row a frame."""
    about = mouths.lips - mouths.lips.mean(axis=1, keepdims=True)
    return np.concatenate([about.reshape(len(about), -1), mouths.blendshapes[:, list(MOVING)]], axis=1)
