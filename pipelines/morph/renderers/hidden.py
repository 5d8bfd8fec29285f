"""Which triangles no frame can show, because others lie before them; and the proof of it for each frame.

Of a head with eyes, teeth and a back, seven triangles in ten are never seen, and on a processor each costs as much as
one that is. A vertex moves on a straight line, so over the whole morph a triangle stays within the box of its two ends
on the screen, and is never nearer than the nearest of them. What was behind all that the first drawings show is left
out. That is a guess for the moments between, so each frame is proved by its own depth: where the least depth of what
was left out lies beyond everything drawn around it, nothing that was left out could have been seen.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

TILE = 8
"""Pixels a side; depth is compared tile by tile."""
SPAN = 3
"""A triangle that reaches over more tiles than this, in either direction, is never left out."""
SLACK = 1e-4
"""Depth by which the device's arithmetic may differ from ours."""
RESERVE = 3.0 / 255.0
"""Depth by which a triangle must be hidden in the first drawings, so that the proof holds between them."""

NOTHING = 255
"""The depth of the background, in 255ths: what lies there cannot hide anything, and is left out of no drawing."""
_OFFSETS = tuple((row, column) for row in range(SPAN) for column in range(SPAN))

MARGIN = 1
"""Pixels by which what lies beside a triangle must hide it too."""

Depths = Float[np.ndarray, "y x"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sweep:
    """Where each triangle may be over a whole morph. tiles: its first and last column and row. near: its least depth.

    across: tiles along each side of the picture. Depths run from 0 at the camera to 1.
    """

    tiles: Int[np.ndarray, "4 f"]
    near: Float[np.ndarray, " f"]
    across: int


def swept(
    ends: tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]],
    triangles: Int[np.ndarray, "f 3"],
    projection: Float[np.ndarray, "4 4"],
    size: int,
) -> Sweep:
    """The sweep of triangles between their two ends (in view space, turned), on a picture of that size."""
    seen = [_window(points, projection) for points in ends]
    low = np.minimum(*seen)[triangles].min(axis=1)
    high = np.maximum(*seen)[triangles].max(axis=1)
    across = -(-size // TILE)
    scale = size / TILE
    columns = np.floor(np.stack([low[:, 0], high[:, 0]]) * scale + [[-0.01], [0.01]])
    rows = np.floor((1.0 - np.stack([high[:, 1], low[:, 1]])) * scale + [[-0.01], [0.01]])
    tiles = np.clip(np.concatenate([columns, rows]), 0, across - 1).astype(np.intp)
    return Sweep(tiles=tiles, near=low[:, 2] - SLACK, across=across)


def _window(points: Float[np.ndarray, "n 3"], projection: Float[np.ndarray, "4 4"]) -> Float[np.ndarray, "n 3"]:
    """Places in the picture and depths, all 0 to 1, y upwards."""
    placed = points @ projection[:, :3].T + projection[:, 3]
    return np.asarray(0.5 + 0.5 * placed[:, :3] / placed[:, 3:])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Guess:
    """What is left out of the drawings of a sweep. far: the depth of each tile that it is hidden by.

    near: for each tile the least depth of what was left out there, in 255ths, rounded down; NOTHING where nothing was.
    """

    sweep: Sweep
    far: Depths
    left_out: Bool[np.ndarray, " f"]
    near: UInt8[np.ndarray, "y x"]

    def proved(self, far: UInt8[np.ndarray, "y x"]) -> bool:
        """Whether in a drawing with these farthest depths nothing that was left out could have been seen."""
        return bool(((self.near > far) | (self.near == NOTHING)).all())


def guessed(sweep: Sweep, far: Depths) -> Guess:
    """Leaves out the triangles that lie wholly behind the far depth of every tile that they may touch."""
    left, right, top, bottom = sweep.tiles
    deepest = np.zeros(len(sweep.near))
    for row, column in _OFFSETS:
        at = far[np.minimum(top + row, bottom), np.minimum(left + column, right)]
        np.maximum(deepest, at, out=deepest)
    small = (right - left < SPAN) & (bottom - top < SPAN)
    left_out = np.asarray(small & (sweep.near > deepest + RESERVE))
    return Guess(sweep=sweep, far=far, left_out=left_out, near=_nearest(sweep, left_out))


def _nearest(sweep: Sweep, left_out: Bool[np.ndarray, " f"]) -> UInt8[np.ndarray, "y x"]:
    least = np.full((sweep.across, sweep.across), NOTHING / 255.0)
    left, right, top, bottom = sweep.tiles[:, left_out]
    near = sweep.near[left_out]
    for row, column in _OFFSETS:
        np.minimum.at(least, (np.minimum(top + row, bottom), np.minimum(left + column, right)), near)
    return np.asarray(np.floor(np.clip(least, 0.0, 1.0) * 255), np.uint8)


def spread(depth: Depths) -> Depths:
    """The depth, each pixel as far as the farthest one within MARGIN: an outline moves between the first drawings."""
    wide = depth.copy()
    for axis in (0, 1):
        for step in (1,) * MARGIN:
            before = wide.copy()
            ahead, behind = (
                (slice(step, None), slice(None, -step)) if axis == 0 else (np.s_[:, step:], np.s_[:, :-step])
            )
            np.maximum(wide[ahead], before[behind], out=wide[ahead])
            np.maximum(wide[behind], before[ahead], out=wide[behind])
    return wide


def farthest(depth: UInt8[np.ndarray, "h w"] | Float[np.ndarray, "h w"], tile: int = TILE) -> np.ndarray:
    """The greatest depth of each tile of a square picture. tile: pixels a side."""
    size = len(depth)
    across = -(-size // tile)
    if across * tile != size:
        depth = np.pad(depth, ((0, across * tile - size),) * 2)
    columns = np.ascontiguousarray(depth).reshape(across, tile, -1).max(axis=1)
    return np.asarray(columns.reshape(across, across, tile).max(axis=2))
