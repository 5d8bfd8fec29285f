"""Hair: a cap over the skull up to the hairline, and for long hair a curtain that leaves the face free."""

from __future__ import annotations

import numpy as np

from pipelines.morph.head.clay import Points, Values, ball, bone, carved, melted, ramp
from pipelines.morph.head.face import skull
from pipelines.morph.head.shape import Anatomy

AROUND = np.radians([0.0, 30.0, 44.0, 54.0, 66.0, 76.0, 92.0, 108.0, 130.0, 180.0])
HAIRLINE = np.array([7.1, 6.9, 5.8, 3.6, 0.6, -1.8, 0.5, -5.5, -8.0, -8.6])
"""Its height at the azimuths AROUND, 0 in front."""
FRINGE = 1.9


def hair(of: Anatomy, points: Points) -> Values:
    """The hair; without any, a field that lies under the skin."""
    s, up = of.shape, points[:, 1]
    scalp = melted(
        skull(of, points), bone(points, (0.0, -6.0, -3.0), (0.0, -20.0, -4.2), (of.neck, of.neck + 1.1)), 1.6
    )
    over_line = _over_hairline(of, points)
    thick = (0.55 + 0.35 * s.hair_volume + 0.35 * of.hair) * (0.75 + 0.6 * ramp(up, 2.0, 9.0))
    cap = scalp - thick * ramp(over_line, -0.3, 2.2) + 2.5 * (1.0 - ramp(over_line, -1.8, -0.05))
    return melted(cap, _curtain(of, points), 0.7) if of.hair > 0.0 else cap


def _over_hairline(of: Anatomy, points: Points) -> Values:
    around = np.abs(np.arctan2(points[:, 0], points[:, 2] + 2.5))
    fringe = FRINGE * of.hair * (1.0 - ramp(around, 0.5, 1.0))
    return np.asarray(points[:, 1] - np.interp(around, AROUND, HAIRLINE) + fringe)


def _curtain(of: Anatomy, points: Points) -> Values:
    """An egg whose lower half is drawn out downwards, cut off level below and by a leaning plane in front."""
    volume, long = of.shape.hair_volume, of.hair
    high, low = np.maximum(points[:, 1] - 1.5, 0.0), np.minimum(points[:, 1] - 1.5, 0.0)
    taper = 1.0 + 0.012 * low + 0.0025 * low**2 * np.exp(low / 9.0)
    egg = np.stack([points[:, 0] / taper, high, (points[:, 2] + 2.6) / taper], axis=1)
    radii = (7.7 * of.width + 0.7 * long + 0.4 * volume, 10.2 + 0.5 * volume, 8.2 + 0.4 * volume)
    clay = ball(egg, (0.0, 0.0, 0.0), radii)
    plane = 1.6 + 0.45 * np.maximum(points[:, 1] - 1.0, 0.0) - 0.06 * np.minimum(points[:, 1] + 2.0, 0.0)
    clay = carved(clay, plane - points[:, 2], 0.9)
    return carved(clay, points[:, 1] + 2.0 + 9.0 * long, 1.2)
