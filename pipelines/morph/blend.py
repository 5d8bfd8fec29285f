"""The blend of two meshes of one topology, as plain arithmetic on arrays."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Float, Int, UInt64

Points = Float[np.ndarray, "v 3"]
Triangles = Int[np.ndarray, "f 3"]


class Easing(StrEnum):
    """How the way from A to B is spread over the frames."""

    LINEAR = "linear"
    SMOOTH = "smooth"  # slow, fast, slow: 3t² - 2t³
    SINE = "sine"  # the same, milder: half a period of the cosine
    EASE_IN = "ease_in"  # slow at first: t²
    EASE_OUT = "ease_out"  # slow at last


def moments(frames: int, easing: Easing = Easing.LINEAR) -> tuple[float, ...]:
    """The t of each frame, in play order: first exactly 0, last exactly 1, never less than before.

    frames: at least 2.
    """
    return tuple(eased(k / (frames - 1), easing) for k in range(frames))


def eased(t: float, easing: Easing) -> float:
    """How far the morph is when the share t of its time is over; exactly 0 at 0 and 1 at 1."""
    match easing:
        case Easing.LINEAR:
            return t
        case Easing.SMOOTH:
            return t * t * (3.0 - 2.0 * t)
        case Easing.SINE:
            return 0.5 - 0.5 * math.cos(math.pi * t)
        case Easing.EASE_IN:
            return t * t
        case Easing.EASE_OUT:
            return 1.0 - (1.0 - t) * (1.0 - t)


def blend(a: Points, b: Points, t: float) -> Points:
    """The points at t on the straight lines from a to b: exactly a at 0, exactly b at 1."""
    return (1.0 - t) * a + t * b


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Normals:
    """The area-weighted vertex normals of every blend of two meshes, not normalised: a Bernstein polynomial in t.

    A corner's cross product is bilinear in the edges, and the edges are linear in t; so the sum over a vertex's
    triangles is (1-t)² start + 2t(1-t) middle + t² end: a vertex shader has it for any frame without the triangles.
    """

    start: Points
    middle: Points
    end: Points

    def at(self, t: float) -> Points:
        """The normals at t, unit length; zero where a vertex has no area around it."""
        raw = (1.0 - t) ** 2 * self.start + 2.0 * t * (1.0 - t) * self.middle + t**2 * self.end
        length = np.linalg.norm(raw, axis=1, keepdims=True)
        return np.asarray(np.divide(raw, length, out=np.zeros_like(raw), where=length > 0))


def normals(a: Points, b: Points, faces: Triangles) -> Normals:
    """The vertex normals of all blends of a and b; vertices that coincide in both share one (no seams)."""
    corners = np.ascontiguousarray(faces.T)
    first, second = _edges(a, corners), _edges(b, corners)
    middle = 0.5 * (_across(first[0], second[1]) + _across(second[0], first[1]))
    owner, count = _coincident(a, b)
    places = owner[faces].ravel()
    return Normals(
        start=_gathered(_across(*first), places, count)[owner],
        middle=_gathered(middle, places, count)[owner],
        end=_gathered(_across(*second), places, count)[owner],
    )


_Rows = Float[np.ndarray, "3 f"]
"""X, y and z in a row each, on which numpy is fastest."""


def _edges(vertices: Points, corners: Int[np.ndarray, "3 f"]) -> tuple[_Rows, _Rows]:
    first, second, third = (np.take(np.ascontiguousarray(vertices.T), corner, axis=1) for corner in corners)
    return second - first, third - first


def _across(one: _Rows, two: _Rows) -> _Rows:
    """The cross products."""
    (x, y, z), (u, v, w) = one, two
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u])


def _coincident(a: Points, b: Points) -> tuple[Int[np.ndarray, " v"], int]:
    """For each vertex the number of its place, and how many places there are: some files split vertices at seams."""
    both = np.hstack([a, b]) + 0.0  # + 0.0: -0.0 and 0.0 are one place
    hashed = _hashed(both)
    if (np.diff(np.sort(hashed)) > 0).all():
        return np.arange(len(both)), len(both)
    numbers, owner = np.unique(hashed, return_inverse=True)
    some = np.empty(len(numbers), np.intp)
    some[owner] = np.arange(len(both))
    if np.array_equal(both[some[owner]], both):
        return owner, len(numbers)
    rows = both.view(np.dtype((np.void, both.dtype.itemsize * both.shape[1]))).ravel()  # two places have one number
    places, owner = np.unique(rows, return_inverse=True)
    return owner, len(places)


def _hashed(rows: Float[np.ndarray, "v c"]) -> UInt64[np.ndarray, " v"]:
    """A number for each row: equal for equal rows, and nearly always different for others."""
    numbers = np.zeros(len(rows), np.uint64)
    for column in rows.view(np.uint64).T:
        numbers = (numbers ^ column ^ (column >> np.uint64(32))) * _SPREADS
    return numbers


_SPREADS = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that a product with it loses nothing, and of no pattern: 2**64 over the golden ratio."""


def _gathered(triangles: _Rows, places: Int[np.ndarray, " c"], count: int) -> Points:
    """The sum over the triangles around each place."""
    return np.stack([np.bincount(places, np.repeat(row, 3), count) for row in triangles], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Displacement:
    """How far the vertices move from A to B, in the meshes' unit; relative figures in percent of A's height."""

    largest: float
    mean: float
    largest_percent: float
    mean_percent: float


def displacement(a: Points, b: Points) -> Displacement:
    """The lengths of b - a, and their share of the extent of a along Y."""
    moved = np.linalg.norm(b - a, axis=1)
    height = float(np.ptp(a[:, 1]))
    share = 100.0 / height if height > 0 else 0.0
    largest, mean = float(moved.max()), float(moved.mean())
    return Displacement(largest=largest, mean=mean, largest_percent=largest * share, mean_percent=mean * share)
