"""An ear: a shell with a rim, a fold, a hollow and a lobe, set on the side of the head and leaning back."""

from __future__ import annotations

import numpy as np

from pipelines.morph.head.clay import Points, Values, ball, bone, carved, melted
from pipelines.morph.head.shape import Anatomy

LEAN = 0.2


def ear(of: Anatomy, points: Points) -> Values:
    """The ear on the +X side."""
    size = 1.0 + 0.16 * of.shape.ear_size
    flare = np.radians(24.0 + 14.0 * of.shape.ear_flare)
    away = points - np.array([6.75 * of.width + 0.35 + 0.2 * of.shape.ear_flare, -1.4, -1.3])
    clay = _shell(_own(away, flare) / size) * size
    # Rays from inside the head do not pass behind an ear, so what is there joins it to the head.
    behind = ball(away, (-0.25, -0.1 * size, -2.3), (0.45 + 0.5 * float(np.sin(flare)), 2.1 * size, 1.9))
    return melted(clay, behind, 1.1)


def _own(away: Points, flare: float) -> Points:
    """Places in the ear's own frame: out of its face, up along it, and forwards."""
    out = away @ np.array([np.cos(flare), 0.0, np.sin(flare)])
    forward = away @ np.array([-np.sin(flare), 0.0, np.cos(flare)])
    up = np.cos(LEAN) * away[:, 1] - np.sin(LEAN) * forward
    forward = np.sin(LEAN) * away[:, 1] + np.cos(LEAN) * forward
    return np.stack([out, up, forward - 0.11 * np.minimum(up, 0.0)], axis=1)


def _shell(own: Points) -> Values:
    out, up, forward = own.T
    clay = ball(own, (0.0, 0.0, 0.0), (0.42, 3.1, 1.75))
    around = np.hypot(up / 3.0, forward / 1.7)
    rim = np.hypot((around - 0.9) * 2.0, out - 0.28) - 0.27
    clay = melted(clay, np.maximum(rim, -up - 2.0), 0.3)
    clay = melted(clay, bone(own, (0.2, 1.5, -0.3), (0.2, -1.2, -0.75), (0.26, 0.22)), 0.3)
    clay = carved(clay, ball(own, (0.75, -0.2, 0.15), (0.85, 1.75, 1.0)), 0.35)
    clay = melted(clay, ball(own, (0.05, -2.75, 0.35), (0.42, 0.8, 0.7)), 0.4)
    return melted(clay, ball(own, (0.3, -0.5, 1.25), (0.35, 0.55, 0.35)), 0.3)
