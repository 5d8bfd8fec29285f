"""Where the camera stands: one framing that fits a whole morph, whatever unit its meshes are in."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Float

Points = Float[np.ndarray, "v 3"]

FIELD_OF_VIEW = math.radians(20.0)
"""Vertical. That of a portrait lens: a nose is not enlarged by being near."""
FILL_HEIGHT = 0.80
FILL_WIDTH = 0.92
"""The share of the picture that both meshes together take, at most."""
DIFFERENT, APART = 2.5, 0.5
"""Ratio of sizes, and distance of the middles in sizes, from which on two meshes are not meant to be so."""
ROUNDS = 12
"""Each leaves a few percent of the framing's error: perspective is weak at this angle."""
RINGS, ANGLES = 64, 36
"""How finely a turning head is sampled: its widest points by height, and the directions that it is seen from."""


class Side(StrEnum):
    """From where the head is seen; left is its own left."""

    FRONT = "front"
    THREE_QUARTER = "three_quarter"
    LEFT = "left"
    RIGHT = "right"
    TURNTABLE = "turntable"  # once around while it morphs, from the front to the front


_YAW = {Side.THREE_QUARTER: -35.0, Side.LEFT: -90.0, Side.RIGHT: 90.0}


def yaw(side: Side, share: float) -> float:
    """How far the head is turned about its vertical axis when that share of the film is over, in radians.

    Positive turns its nose to the right of the picture. On the turntable exactly 0 at share 0 and at share 1.
    """
    if side is Side.TURNTABLE:
        return math.tau * (share % 1.0)
    return math.radians(_YAW.get(side, 0.0))


def turn(angle: float) -> Float[np.ndarray, "3 3"]:
    """The rotation about the vertical axis by that angle in radians; it stands left of a column. Exact at 0."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Camera:
    """A camera on the +Z side that looks along -Z, +Y up: so it meets a face that looks to +Z.

    centre, unit: a point p stands at (p - centre) / unit in view space. distance: of the camera from that space's
    origin. shift: how far it stands to the right and up from there. depth: the least and greatest z in view space.
    side: how the head is turned before it stands in view space (``turn``), about an axis through centre.
    """

    centre: Float[np.ndarray, " 3"]
    unit: float
    distance: float
    shift: tuple[float, float]
    depth: tuple[float, float]
    side: Side = Side.FRONT

    def view(self, points: Points) -> Points:
        """The points in view space, not turned yet; numbers are near 1 whatever the unit: safe as float32."""
        return np.asarray((points - self.centre) / self.unit)

    def planes(self) -> tuple[float, float]:
        """The nearest and the farthest distance from the camera that is drawn."""
        margin = 0.05 * (self.depth[1] - self.depth[0]) + 1e-3
        return max(self.distance - self.depth[1] - margin, 1e-3), self.distance - self.depth[0] + margin

    def projection(self) -> Float[np.ndarray, "4 4"]:
        """The matrix from view space to OpenGL's clip space, for a square picture; it stands left of a column."""
        focal = 1.0 / math.tan(FIELD_OF_VIEW / 2)
        near, far = self.planes()
        matrix = np.zeros((4, 4))
        matrix[0, [0, 3]] = focal, -focal * self.shift[0]
        matrix[1, [1, 3]] = focal, -focal * self.shift[1]
        lens = np.array([[(far + near) / (near - far), 2 * far * near / (near - far)], [-1.0, 0.0]])
        matrix[2:, 2:] = lens @ [[1.0, -self.distance], [0.0, 1.0]]
        return matrix

    def seen(self, points: Points) -> Float[np.ndarray, "v 2"]:
        """Where points are in the film's first picture: x to the right and y up, -1 to 1."""
        turned = self.view(points) @ turn(yaw(self.side, 0.0)).T
        homogeneous = np.column_stack([turned, np.ones(len(points))]) @ self.projection().T
        return np.asarray(homogeneous[:, :2] / homogeneous[:, 3:])


def framed(*meshes: Points, side: Side = Side.FRONT) -> Camera:
    """A camera that shows all of these meshes, centred, and so every blend of them, which lies between them.

    Together they take FILL_HEIGHT of the picture's height, or FILL_WIDTH of its width where they are broad; on a
    turntable that is so for the whole way around.
    """
    points = np.concatenate(meshes)
    low, high = points.min(axis=0), points.max(axis=0)
    centre = (low + high) / 2
    unit = float((high - low).max()) / 2 or 1.0
    placed = _turned((points - centre) / unit, side)
    x, y, z = (np.ascontiguousarray(column) for column in placed.T)  # numpy is ten times as fast on these
    top = float(z.max())
    right, up, distance = 0.0, 0.0, top + 4.0
    focal = 1.0 / math.tan(FIELD_OF_VIEW / 2)
    for _ in range(ROUNDS):
        scale = focal / (distance - z)
        across, along = scale * (x - right), scale * (y - up)
        (left_end, right_end), (low_end, high_end) = ((float(s.min()), float(s.max())) for s in (across, along))
        ratio = max((right_end - left_end) / 2 / FILL_WIDTH, (high_end - low_end) / 2 / FILL_HEIGHT)
        right += (left_end + right_end) / 2 * (distance - top) / focal
        up += (low_end + high_end) / 2 * (distance - top) / focal
        distance = top + max((distance - top) * ratio, 0.05)
    depth = (float(z.min()), top)
    return Camera(centre=centre, unit=unit, distance=distance, shift=(right, up), depth=depth, side=side)


def _turned(points: Points, side: Side) -> Points:
    """The points as the camera meets them; on a turntable the widest ones of each height, in all directions."""
    if side is not Side.TURNTABLE:
        return np.asarray(points @ turn(yaw(side, 0.0)).T)
    radius = np.hypot(points[:, 0], points[:, 2])
    order = np.argsort(points[:, 1])
    rings = [ring[np.argmax(radius[ring])] for ring in np.array_split(order, min(RINGS, len(order)))]
    widest = points[[order[0], order[-1], *rings]]
    around = [widest @ turn(math.tau * k / ANGLES).T for k in range(ANGLES)]
    deepest = float(radius.max())  # whatever lies between two of the directions
    ends = [[0.0, float(widest[0, 1]), -deepest], [0.0, float(widest[1, 1]), deepest]]
    return np.concatenate([*around, np.array(ends)])


def covers(camera: Camera, points: Points) -> float:
    """The share of the picture's height that a mesh takes, 0 to 1."""
    return float(np.ptp(camera.seen(points)[:, 1])) / 2


def followed(a: Points, b: Points) -> Points:
    """The points of b, moved to where a is when the two lie far apart: as a camera that goes along sees them.

    A constant move of b moves every blend by t times as much and changes no shape, so it is the camera's to make.
    """
    return np.asarray(b - _apart(a, b)) if _far(a, b) else b


def way(a: Points, b: Points) -> Float[np.ndarray, " 3"]:
    """How far the camera goes along from a to b: not at all where they do not lie far apart."""
    return _apart(a, b) if _far(a, b) else np.zeros(3)


def doubts(a: Points, b: Points) -> str | None:
    """What is odd about two meshes of one topology though each is fine: a sentence, or None.

    They are of very different size (other units), or lie so far apart that the camera follows.
    """
    small, large = sorted((_extent(a), _extent(b)))
    if large > DIFFERENT * small:
        ratio = f"{large / small:.3g} times as large as" if small else "infinitely larger than"
        return f"one mesh is {ratio} the other, so they may be in different units."
    if _far(a, b):
        distance = float(np.linalg.norm(_apart(a, b)))
        return (
            f"the meshes lie {distance:.3g} apart, {distance / large:.1f} times their size: the camera goes along, but "
            "the displacement figures contain it. Export both at one place if it is not meant."
        )
    return None


def _far(a: Points, b: Points) -> bool:
    return bool(np.linalg.norm(_apart(a, b)) > APART * max(_extent(a), _extent(b)))


def _apart(a: Points, b: Points) -> Float[np.ndarray, " 3"]:
    return np.asarray(b.mean(axis=0) - a.mean(axis=0))


def _extent(points: Points) -> float:
    columns = np.ascontiguousarray(points.T)  # numpy is ten times as fast on these
    return float((columns.max(axis=1) - columns.min(axis=1)).max())
