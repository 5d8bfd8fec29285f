"""The bare head: skull, jaw and neck, brows and eyes, nose, mouth. Points are mirrored ones; centimetres."""

from __future__ import annotations

import numpy as np

from pipelines.morph.head.clay import Field, Points, Values, ball, bone, carved, melted, ramp
from pipelines.morph.head.ear import ear
from pipelines.morph.head.shape import Anatomy


def bare_head(of: Anatomy, points: Points) -> Values:
    """The head without hair."""
    clay = melted(skull(of, points), _jaw(of, points), 1.8)
    clay = melted(clay, _neck(of, points), 1.6)
    clay = _cheeks(of, points, clay)
    clay = _eyes(of, points, clay)
    clay = _nose(of, points, clay)
    clay = _mouth(of, points, clay)
    return melted(clay, ear(of, points), 0.4)


def skull(of: Anatomy, points: Points) -> Values:
    """Cranium, forehead and the block of the face: what hair lies on."""
    s, w = of.shape, of.width
    clay = ball(points, (0.0, 2.6, -1.3), (7.4 * w, 8.7 + 0.8 * s.cranium_height, 9.4))
    clay = melted(clay, ball(points, (0.0, 4.0, 2.6), (5.9 * w, 5.6 + 0.3 * s.cranium_height, 5.6)), 2.5)
    face = ball(points, (0.0, -3.0 + 0.5 * of.drop, 2.0), (5.95 * w, 8.0 - 0.5 * of.drop, 6.2))
    return melted(clay, face, 2.5)


def opening(of: Anatomy, x: Field, y: Field) -> Field:
    """How far inside the almond of the eye's opening a place of the front view is, in about centimetres; x outwards."""
    half, over, under = of.opening
    across = (x - of.eye[0]) / half
    height = y - of.eye[1] - 0.10 * across  # the outer corner lies a little higher
    arch = np.maximum(1.0 - across**2, 0.0)
    return np.minimum(over * arch**0.75 - height, height + under * arch)


def lips(of: Anatomy, points: Points) -> tuple[Values, Values, Values]:
    """The upper lip, the lower lip, and the line between them, each as a field of its own."""
    s, (_, y, z), (upper, lower) = of.shape, of.mouth, of.lips
    half = 0.55 * of.mouth_half
    corner = (of.mouth_half, y - 0.05, z - 1.12)
    over, under = (half, y + 0.25, z - 0.35), (half, y - 0.42, z - 0.42)
    above = melted(
        bone(points, (0.3, y + 0.38, z - 0.02), over, (upper * 0.92, upper * 0.68)),
        bone(points, over, corner, (upper * 0.68, 0.10)),
        0.2,
    )
    below = melted(
        bone(points, (0.0, y - 0.52, z - 0.16), under, (lower * 0.97, lower * 0.7)),
        bone(points, under, corner, (lower * 0.7, 0.10)),
        0.2,
    )
    front = z + 0.42 + 0.1 * s.lip_fullness
    bend, end = (half, y, front - 0.38), (corner[0] - 0.1, corner[1] + 0.02, corner[2] + 0.22)
    first, second = bone(points, (0.0, y - 0.06, front), bend, (0.16, 0.14)), bone(points, bend, end, (0.14, 0.05))
    return above, below, np.minimum(first, second)


def _jaw(of: Anatomy, points: Points) -> Values:
    wide, drop = of.jaw, of.drop
    angle = (wide * 0.93, -7.4 + 0.8 * drop, 1.2)
    front = (1.1 + 0.25 * of.shape.jaw_width, of.chin[1] + 0.4, of.chin[2] - 1.0)
    branch = bone(points, (wide, -5.6 + 0.5 * drop, 0.2), angle, (1.3, 1.4))
    return melted(branch, bone(points, angle, front, (1.4, 1.35)), 1.0)


def _neck(of: Anatomy, points: Points) -> Values:
    column = bone(points, (0.0, -6.0, -3.0), (0.0, -20.0, -4.2), (of.neck, of.neck + 1.1))
    shoulders = bone(points, (0.0, -20.0, -3.9), (9.0, -21.0, -3.9), (2.8, 2.4))
    return melted(column, shoulders, 3.2)


def _cheeks(of: Anatomy, points: Points, clay: Values) -> Values:
    s, drop = of.shape, of.drop
    clay = melted(clay, ball(points, of.chin, (1.7 + 0.25 * s.jaw_width, 1.35, 1.5)), 1.6)
    clay = melted(clay, ball(points, (0.0, -7.4 + 0.8 * drop, 6.0), (3.4, 2.9, 2.4)), 1.6)
    bones = (1.45 + 0.3 * s.cheekbones, 1.1, 1.6)
    clay = melted(clay, ball(points, (4.55 * of.width, -2.2, 4.7 + 0.3 * s.cheekbones), bones), 1.8)
    full = 0.8 * s.cheek_fullness
    return melted(clay, ball(points, (3.5, -5.2 + 0.5 * drop, 5.2), (1.9 + full, 2.3, 1.7 + full)), 2.0)


def _eyes(of: Anatomy, points: Points, clay: Values) -> Values:
    x, y, z = of.eye
    clay = carved(clay, ball(points, (x, y - 0.15, 8.9 - 0.5 * of.shape.eye_depth), (2.2, 1.45, 1.75)), 1.3)
    clay = melted(clay, _brow(of, points), 1.1)
    from_centre = np.linalg.norm(points - np.array(of.eye), axis=1)
    clay = melted(clay, from_centre - (of.eyeball + 0.30), 0.5)
    open_here = ramp(opening(of, points[:, 0], points[:, 1]), -0.04, 0.12) * (points[:, 2] > z)
    return np.asarray(clay + (np.maximum(clay, from_centre - of.eyeball) - clay) * open_here)


def _brow(of: Anatomy, points: Points) -> Values:
    ridge = of.shape.brow_ridge
    thick = 0.75 + 0.3 * ridge
    arch = (4.0, 2.15, 6.75 + 0.3 * ridge)
    inner = bone(points, (1.2, 1.75, 7.55 + 0.35 * ridge), arch, (thick, thick * 0.9))
    return melted(inner, bone(points, arch, (5.3, 1.3, 4.9), (thick * 0.9, thick * 0.6)), 0.9)


def _nose(of: Anatomy, points: Points, clay: Values) -> Values:
    s, (_, y, z), (_, wing_y, wing_z) = of.shape, of.nose_tip, of.nostril_wing
    thick = 0.66 + 0.12 * s.nose_width
    root_y, root_z = 0.9, 7.5 + 0.4 * s.nose_bridge
    middle = (0.0, root_y + 0.55 * (y - root_y) + 0.15, root_z + 0.55 * (z - root_z) + 0.05 + 0.3 * s.nose_bridge)
    bridge = bone(points, (0.0, root_y, root_z), middle, (thick, thick * 1.05))
    nose = melted(bridge, bone(points, middle, of.nose_tip, (thick * 1.05, 0.85 + 0.15 * s.nose_width)), 0.5)
    nose = melted(nose, ball(points, (0.0, y - 0.1, z - 0.05), (1.0 + 0.2 * s.nose_width, 0.9, 0.95)), 0.4)
    nose = melted(nose, ball(points, of.nostril_wing, (0.78 + 0.1 * s.nose_width, 0.78, 1.15)), 0.55)
    nose = melted(nose, bone(points, (0.0, y - 0.6, z - 0.6), (0.0, wing_y - 0.35, 8.4), (0.42, 0.5)), 0.4)
    hole = (0.36 + 0.08 * s.nose_width, 0.42, 0.6)
    nostril = ball(points, (0.58 + 0.15 * s.nose_width, wing_y - 0.66, wing_z + 0.62), hole)
    return carved(melted(clay, nose, 1.0), nostril, 0.22)


def _mouth(of: Anatomy, points: Points, clay: Values) -> Values:
    _, y, z = of.mouth
    groove = bone(points, (0.0, y + 1.9, z + 0.85), (0.0, y + 0.9, z + 0.8), (0.28, 0.36))
    clay = carved(clay, groove, 0.6)
    above, below, line = lips(of, points)
    clay = carved(melted(melted(clay, above, 0.26), below, 0.26), line, 0.2)
    return carved(clay, ball(points, (0.0, y - 1.75, z + 0.75), (1.5, 0.42, 0.6)), 0.9)
