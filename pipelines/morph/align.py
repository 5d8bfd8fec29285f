"""How one mesh lies to another as a whole, and the move that brings it there: least squares over the vertices.

Source: S. Umeyama, Least-squares estimation of transformation parameters between two point patterns, IEEE PAMI 13 (4),
1991, equations 38 to 43; without the scale it is the orthogonal Procrustes problem.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float

from pipelines.morph.mesh import Mesh
from pipelines.morph.wording import listed, shown

Points = Float[np.ndarray, "v 3"]
Turn = Float[np.ndarray, "3 3"]
How = Literal["none", "rigid", "similarity"]

LARGE_ROTATION, LARGE_TRANSLATION, LARGE_SCALE = 2.0, 0.05, 0.1
"""From where on a move is told unasked: degrees, share of the head's size, share of the scale (people's: 5 %)."""
EXPLAINED = 0.5
"""The share of the squared distances that may remain after a move that is told."""
_ONE_LINE = 1e-9
"""Below this share of the first, a second singular value is rounding: what corresponds lies on one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """The move that brings B to A: B is scaled and turned about its own middle, and its middle put on A's.

    rotation: degrees, 0 to 180. translation: from B's middle, once B is scaled about the origin, to A's; in A's unit.
    scale: A's size over B's; 1 where none was sought. rms_before, rms_after: root of the mean squared distance of
    corresponding vertices, in A's unit.
    """

    rotation: float = 0.0
    translation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: float = 1.0
    rms_before: float
    rms_after: float


def aligned(a: Mesh, b: Mesh, how: How) -> tuple[Mesh, Alignment]:
    """B, moved as a whole to where it is nearest to A ("none": left where it is), and that move.

    The same topology is the caller's. Vertices that no face uses follow the move and have no say in it.
    """
    first, second = _used(a, b)
    if how == "none":
        before = _rms(first, second)
        return b, Alignment(rms_before=before, rms_after=before)
    fit = _fitted(first, second, scaled=how == "similarity")
    return replace(b, vertices=fit.applied(b.vertices)), _told(fit, first, second)


def rigid_offset(a: Mesh, b: Mesh) -> Alignment:
    """The move that would bring B to A: rigid where both are of one size, with the scale where they are not."""
    first, second = _used(a, b)
    fit = _fitted(first, second, scaled=True)  # the turn is the same with and without a scale
    return _told(fit if _other_size(fit.scale) else replace(fit, scale=1.0), first, second)


def large(offset: Alignment, a: Mesh, b: Mesh) -> str | None:
    """What to tell of an offset (``rigid_offset``) that two heads of one base mesh do not have by nature: a sentence.

    Only where without it at least half of the squared distances is gone: else the shapes differ, and not how they lie
    (an open jaw turns the best fit by four degrees).
    """
    distance = math.hypot(*offset.translation)
    clauses = []
    if _other_size(offset.scale):
        clauses.append(f"is {1 / offset.scale:.4g} times as large as {{}}")
    if offset.rotation > LARGE_ROTATION:
        clauses.append(f"is turned by {offset.rotation:.3g} degrees against {{}}")
    if distance > LARGE_TRANSLATION * size(a):
        clauses.append(f"lies {distance:.3g} units beside {{}}")
    if not clauses or offset.rms_after**2 > EXPLAINED * offset.rms_before**2:
        return None
    way = "similarity" if _other_size(offset.scale) else "rigid"
    first, *others = clauses
    said = listed([first.format(shown(a.file)), *(clause.format("it") for clause in others)])
    return f'{shown(b.file)} {said}; align = "{way}" brings them together.'


def size(mesh: Mesh) -> float:
    """The largest extent along an axis of what the faces use, in the mesh's unit."""
    return float(np.ptp(mesh.vertices[mesh.used], axis=0).max())


def _other_size(scale: float) -> bool:
    return abs(math.log(scale)) > math.log1p(LARGE_SCALE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fit:
    turn: Turn
    scale: float
    middle: Float[np.ndarray, " 3"]
    to: Float[np.ndarray, " 3"]

    def applied(self, points: Points) -> Points:
        return np.asarray(self.scale * (points - self.middle) @ self.turn.T + self.to)


def _used(a: Mesh, b: Mesh) -> tuple[Points, Points]:
    used = a.used
    return (a.vertices, b.vertices) if len(used) == len(a.vertices) else (a.vertices[used], b.vertices[used])


def _told(fit: _Fit, a: Points, b: Points) -> Alignment:
    x, y, z = (float(part) for part in fit.to - fit.scale * fit.middle)
    return Alignment(
        rotation=_degrees(fit.turn),
        translation=(x, y, z),
        scale=fit.scale,
        rms_before=_rms(a, b),
        rms_after=_rms(a, fit.applied(b)),
    )


def _fitted(a: Points, b: Points, *, scaled: bool) -> _Fit:
    """The least-squares move of b to a. What cannot be told (a scale of nothing) is left as it is."""
    to, middle = a.mean(axis=0), b.mean(axis=0)
    first, second = a - to, b - middle
    spread_a, spread_b = _spread(first), _spread(second)
    left, singular, right = np.linalg.svd((first / spread_a).T @ (second / spread_b) / len(a))
    mirrored = np.array([1.0, 1.0, np.linalg.det(left) * np.linalg.det(right)]).round()
    turn = left @ np.diag(mirrored) @ right
    if singular[1] <= _ONE_LINE * singular[0]:
        turn = _shortest(right[0], left[:, 0]) if singular[0] > 0 else np.eye(3)
    share = float(singular @ mirrored)  # both spreads are 1, so this is the correlation
    scale = share * spread_a / spread_b if scaled and share > _ONE_LINE else 1.0
    return _Fit(turn=turn, scale=scale, middle=middle, to=to)


def _shortest(start: Float[np.ndarray, " 3"], end: Float[np.ndarray, " 3"]) -> Turn:
    """The smallest rotation that takes one unit vector to the other.

    It is two reflections: at the plane across start, then at the one across the bisector.
    """
    bisector = start + end
    if bisector @ bisector < _ONE_LINE:  # opposite: half a turn about any axis across
        axis = np.cross(start, np.eye(3)[np.abs(start).argmin()])
        return np.asarray(2.0 * np.outer(axis, axis) / (axis @ axis) - np.eye(3))
    mirror = np.eye(3) - 2.0 * np.outer(bisector, bisector) / (bisector @ bisector)
    return np.asarray(mirror @ (np.eye(3) - 2.0 * np.outer(start, start)))


def _degrees(turn: Turn) -> float:
    """The angle of a rotation; by both sine and cosine, as either alone is blind somewhere."""
    axis = turn - turn.T
    sine = math.hypot(axis[2, 1], axis[0, 2], axis[1, 0])
    return math.degrees(math.atan2(sine, float(np.trace(turn)) - 1.0))


def _spread(centred: Points) -> float:
    return _length(centred) / math.sqrt(len(centred)) or 1.0


def _rms(a: Points, b: Points) -> float:
    return _length(a - b) / math.sqrt(len(a))


def _length(rows: Points) -> float:
    return math.sqrt(float(np.einsum("vx,vx->", rows, rows)))  # a dot product wakes threads, for longer than it takes
