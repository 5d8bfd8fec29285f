"""Balls and bones that melt together: signed distance fields, negative inside, as plain functions of points.

The smooth minimum is the polynomial one of Inigo Quilez ("smooth minimum", quadratic form), the ellipsoid's distance
his first-order estimate: right on the surface, near enough around it for a march that takes three quarters of a step.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from pipelines.morph.head.shape import Point

Points = Float[np.ndarray, "n 3"]
Values = Float[np.ndarray, " n"]
Field = Float[np.ndarray, "..."]


def ramp(values: Field, low: float, high: float) -> Field:
    """0 up to low, 1 from high on, and a smooth step between."""
    s = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(s * s * (3.0 - 2.0 * s))


def melted(a: Values, b: Values, softness: float) -> Values:
    """The union of two fields; where they meet, a fillet of about softness."""
    h = np.clip(0.5 + 0.5 * (b - a) / softness, 0.0, 1.0)
    return np.asarray(b + (a - b) * h - softness * h * (1.0 - h))


def carved(a: Values, b: Values, softness: float) -> Values:
    """What of a is not in b; the edge is rounded by about softness."""
    return -melted(-a, b, softness)


def ball(points: Points, centre: Point, radii: Point) -> Values:
    """An ellipsoid along the axes."""
    offset = points - np.array(centre)
    radius = np.array(radii)
    k1 = np.linalg.norm(offset / radius, axis=1)
    k2 = np.linalg.norm(offset / radius**2, axis=1)
    return np.asarray(k1 * (k1 - 1.0) / np.maximum(k2, 1e-9))


def bone(points: Points, a: Point, b: Point, radii: tuple[float, float]) -> Values:
    """A rounded stick from a to b, whose radius goes from the first to the second of radii."""
    start, along = np.array(a), np.subtract(b, a)
    h = np.clip((points - start) @ along / (along @ along), 0.0, 1.0)
    away = np.linalg.norm(points - start - h[:, None] * along, axis=1)
    return np.asarray(away - (radii[0] + (radii[1] - radii[0]) * h))


def mirrored(points: Points) -> Points:
    """The points, all moved to the +X side: what is built there is built on both."""
    both = points.copy()
    both[:, 0] = np.abs(both[:, 0])
    return both
