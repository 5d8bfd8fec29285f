"""Rotations, and the camera that every clip is seen by.

The head's frame is the canonical face's: centimetres, x to the viewer's right, y up, z to the viewer. The camera's:
x right, y down, z away from it. A picture is measured from the middle of the crop, in sides of the crop, so resolution
is no matter.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

FOCAL = 3.0
"""Focal length in sides of the crop. Fixed: one clip of one head cannot tell it from the distance."""
FACING = np.diag([1.0, -1.0, -1.0])
"""The turn of a head that looks straight into the camera."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Poses:
    """Where the head is, a row a frame. turns: from the head's frame to the camera's. moves: centimetres."""

    turns: Float64[np.ndarray, "t 3 3"]
    moves: Float64[np.ndarray, "t 3"]

    def __len__(self) -> int:
        return len(self.moves)

    def seen(self, points: Float64[np.ndarray, "t v 3"]) -> Float64[np.ndarray, "t v 3"]:
        """Points of the head in the camera's frame."""
        return np.asarray(points @ self.turns.transpose(0, 2, 1) + self.moves[:, None])

    def chosen(self, rows: np.ndarray) -> Poses:
        """Those frames."""
        return Poses(turns=self.turns[rows], moves=self.moves[rows])


def projected(seen: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n 2"]:
    """Where points of the camera's frame are in the picture."""
    return np.asarray(FOCAL * seen[..., :2] / seen[..., 2:])


def lifted(at: Float64[np.ndarray, "*n 2"], depth: Float64[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n 3"]:
    """The points at that depth that are seen at those places: the inverse of ``projected``."""
    return np.concatenate([at * depth[..., None] / FOCAL, depth[..., None]], axis=-1)


def slopes(seen: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n 2 3"]:
    """How the place in the picture changes with the point: the derivative of ``projected``."""
    found = np.zeros((*seen.shape[:-1], 2, 3))
    nearness = FOCAL / seen[..., 2]
    found[..., 0, 0] = found[..., 1, 1] = nearness
    found[..., :, 2] = -nearness[..., None] * seen[..., :2] / seen[..., 2:]
    return found


def joined(parts: Sequence[Poses]) -> Poses:
    """The poses, one after the other."""
    return Poses(
        turns=np.concatenate([part.turns for part in parts]), moves=np.concatenate([part.moves for part in parts])
    )


def rotation(vectors: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n 3 3"]:
    """The rotations about those axes by their lengths in radians (Rodrigues)."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    small = angle < 1e-8  # noqa: PLR2004  there sine and angle are equal
    safe = np.where(small, 1.0, angle)
    cross = crossing(vectors)
    sine = np.where(small, 1.0, np.sin(safe) / safe)
    rest = np.where(small, 0.5, (1 - np.cos(safe)) / safe**2)
    return np.asarray(np.eye(3) + sine * cross + rest * cross @ cross)


def vector(turns: Float64[np.ndarray, "*n 3 3"]) -> Float64[np.ndarray, "*n 3"]:
    """The axis of each rotation, as long as its angle: the inverse of ``rotation`` below half a turn."""
    axis = np.stack(
        [
            turns[..., 2, 1] - turns[..., 1, 2],
            turns[..., 0, 2] - turns[..., 2, 0],
            turns[..., 1, 0] - turns[..., 0, 1],
        ],
        axis=-1,
    )
    sine = np.linalg.norm(axis, axis=-1) / 2
    angle = np.arctan2(sine, (np.trace(turns, axis1=-2, axis2=-1) - 1) / 2)
    scale = np.where(sine > 1e-9, angle / np.where(sine > 1e-9, 2 * sine, 1.0), 0.5)  # noqa: PLR2004
    return np.asarray(axis * scale[..., None])


def crossing(vectors: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n 3 3"]:
    """The matrices that are the cross product with those vectors."""
    found = np.zeros((*vectors.shape[:-1], 3, 3))
    x, y, z = (vectors[..., axis] for axis in range(3))
    found[..., 0, 1], found[..., 0, 2], found[..., 1, 2] = -z, y, -x
    found[..., 1, 0], found[..., 2, 0], found[..., 2, 1] = z, -y, x
    return found


def nearest(matrices: Float64[np.ndarray, "*n 3 3"]) -> Float64[np.ndarray, "*n 3 3"]:
    """The rotation nearest to each matrix."""
    left, _, right = np.linalg.svd(matrices)
    mirrored = np.linalg.det(left @ right)
    left[..., :, 2] *= np.where(mirrored < 0, -1.0, 1.0)[..., None]
    return np.asarray(left @ right)
