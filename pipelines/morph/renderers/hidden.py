"""Which triangles no frame can show, because others lie before them; and the proof of it for each frame.

Of a head with eyes, teeth and a back, seven triangles in ten are never seen, and on a processor each costs as much as
one that is. A vertex moves on a straight line, so over the whole morph a triangle stays within the box of its two ends
on the screen, and is never nearer than the nearest of them. What was behind all that the first drawings show is left
out. That is a guess for the moments between, so each frame is proved by its own depth: where the least depth of what
was left out lies beyond everything drawn around it, nothing that was left out could have been seen.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8, UInt32

TILE = 8
"""Pixels a side; depth is compared tile by tile."""
SPAN = 3
"""A triangle that reaches over more tiles than this, in either direction, is never left out."""
SLACK = 1e-4
"""Depth by which the device's arithmetic may differ from ours."""
RESERVE = 3.0 / 255.0
"""Depth by which a triangle must be hidden in the first drawings, so that the proof holds between them."""
MORE_RESERVE = 6 * RESERVE
"""The same where the proof has failed once, because there it would soon fail again."""

NOTHING = 255
"""The depth of the background, in 255ths: what lies there cannot hide anything, and is left out of no drawing."""
_Box = tuple[Float[np.ndarray, "3 f"], Float[np.ndarray, "3 f"]]

LOOKS = 3
"""How many frames are drawn whole before the others, to see what lies behind: fewer are not worth it."""
MARGIN = 1
"""Pixels by which what lies beside a triangle must hide it too."""

Depths = Float[np.ndarray, "y x"]
Depth = UInt8[np.ndarray, "h w"] | UInt32[np.ndarray, "h w"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sweep:
    """Where each triangle may be over a whole morph. tiles: its first and last column and row. near: its least depth.

    across: tiles along each side of the picture. Depths run from 0 at the camera to 1.
    """

    tiles: Int[np.ndarray, "4 f"]
    near: Float[np.ndarray, " f"]
    across: int


def looks(frames: int) -> tuple[int, ...]:
    """The numbers of the frames that are drawn first, evenly spread; none where nearly all would be."""
    if frames <= 2 * LOOKS:
        return ()
    return tuple(round(k * (frames - 1) / (LOOKS - 1)) for k in range(LOOKS))


def swept(
    ends: tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]],
    triangles: Int[np.ndarray, "f 3"],
    projection: Float[np.ndarray, "4 4"],
    size: int,
) -> Sweep:
    """The sweep of triangles between their two ends (in view space, turned), on a picture of that size."""
    low, high = _boxes([_window(points, projection) for points in ends], triangles)
    across = -(-size // TILE)
    scale = size / TILE
    edges = np.stack([low[0] * scale, high[0] * scale, (1.0 - high[1]) * scale, (1.0 - low[1]) * scale])
    edges += np.array([[-0.01], [0.01], [-0.01], [0.01]])
    tiles = np.clip(np.floor(edges), 0, across - 1).astype(np.intp)
    return Sweep(tiles=tiles, near=low[2] - SLACK, across=across)


def outline(
    ends: tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]], projection: Float[np.ndarray, "4 4"]
) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of all that lies between both ends, each -1 to 1 on the picture."""
    seen = np.concatenate([2.0 * _window(points, projection)[:2] - 1.0 for points in ends], axis=1)
    (left, bottom), (right, top) = seen.min(axis=1).tolist(), seen.max(axis=1).tolist()
    return left, bottom, right, top


def _window(points: Float[np.ndarray, "n 3"], projection: Float[np.ndarray, "4 4"]) -> Float[np.ndarray, "3 n"]:
    """Places in the picture and depths, all 0 to 1, y upwards; one row each, on which numpy is fastest."""
    placed = projection[:, :3] @ points.T + projection[:, 3:]
    return np.asarray(0.5 + 0.5 * placed[:3] / placed[3])


def _boxes(ends: Sequence[Float[np.ndarray, "3 n"]], triangles: Int[np.ndarray, "f 3"]) -> _Box:
    """The least and the greatest of the corners of each triangle, at all ends."""
    low, high = np.minimum(*ends), np.maximum(*ends)
    first, second, third = (np.ascontiguousarray(column) for column in triangles.T)
    return (
        np.minimum(np.minimum(low[:, first], low[:, second]), low[:, third]),
        np.maximum(np.maximum(high[:, first], high[:, second]), high[:, third]),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Guess:
    """What is left out of the drawings of a sweep. far: the depth of each tile that it is hidden by.

    near: for each tile the least depth of what was left out there, in 255ths, rounded down; NOTHING where nothing was.
    """

    sweep: Sweep
    far: Depths
    left_out: Bool[np.ndarray, " f"]
    near: UInt8[np.ndarray, "y x"]

    def proved(self, far: UInt8[np.ndarray, "y x"]) -> Bool[np.ndarray, "y x"]:
        """For each tile, whether in a drawing with these farthest depths nothing left out could have been seen."""
        return np.asarray((self.near > far) | (self.near == NOTHING))

    def loosened(self, far: UInt8[np.ndarray, "y x"]) -> Guess:
        """The guess that leaves out less in and beside the tiles where it is not proved, with more in reserve."""
        doubted = spread((~self.proved(far)).astype(np.uint8)) > 0
        seen = spread(far) / 255.0 + MORE_RESERVE
        return guessed(self.sweep, np.where(doubted, np.maximum(self.far, seen), self.far))


def guessed(sweep: Sweep, far: Depths) -> Guess:
    """Leaves out the triangles that lie wholly behind the far depth of every tile that they may touch."""
    left, right, top, bottom = sweep.tiles
    small = (right - left < SPAN) & (bottom - top < SPAN)
    blocks = np.empty((SPAN, SPAN, sweep.across, sweep.across))
    place = np.ravel_multi_index((bottom - top, right - left, top, left), blocks.shape, mode="clip")
    left_out = np.asarray(small & (sweep.near > _deepest(far, blocks).ravel()[place] + RESERVE))
    blocks.fill(NOTHING / 255.0)
    np.minimum.at(blocks.ravel(), place[left_out], sweep.near[left_out])
    near = np.asarray(np.floor(np.clip(_nearest(blocks), 0.0, 1.0) * 255), np.uint8)
    return Guess(sweep=sweep, far=far, left_out=left_out, near=near)


_Blocks = Float[np.ndarray, "span span y x"]
"""Something of each block of tiles: [1, 2] is two tiles tall and three wide; the tile is the one at its top left."""


def _deepest(far: Depths, blocks: _Blocks) -> _Blocks:
    """Afterwards the blocks have the greatest depth of their tiles: each is two smaller ones, side by side."""
    blocks[0, 0] = far
    for more in range(1, SPAN):
        blocks[0, more] = blocks[0, more - 1]
        np.maximum(blocks[0, more, :, :-1], blocks[0, more - 1, :, 1:], out=blocks[0, more, :, :-1])
    for more in range(1, SPAN):
        blocks[more] = blocks[more - 1]
        np.maximum(blocks[more, :, :-1], blocks[more - 1, :, 1:], out=blocks[more, :, :-1])
    return blocks


def _nearest(blocks: _Blocks) -> Depths:
    """The least depth of each tile, where the blocks have that of what lies in all their tiles. Changes the blocks."""
    for less in range(SPAN - 2, -1, -1):
        np.minimum(blocks[less], blocks[less + 1], out=blocks[less])
        np.minimum(blocks[less, :, 1:], blocks[less + 1, :, :-1], out=blocks[less, :, 1:])
    row = blocks[0]
    for less in range(SPAN - 2, -1, -1):
        np.minimum(row[less], row[less + 1], out=row[less])
        np.minimum(row[less, :, 1:], row[less + 1, :, :-1], out=row[less, :, 1:])
    return np.asarray(row[0])


def spread(depth: Depth) -> Depth:
    """Each value as great as the greatest within MARGIN: an outline moves between the first looks."""
    wide = depth.copy()
    for step in (1,) * MARGIN:
        tall = wide.copy()
        np.maximum(tall[step:], wide[:-step], out=tall[step:])
        np.maximum(tall[:-step], wide[step:], out=tall[:-step])
        wide = tall.copy()
        np.maximum(wide[:, step:], tall[:, :-step], out=wide[:, step:])
        np.maximum(wide[:, :-step], tall[:, step:], out=wide[:, :-step])
    return wide


def farthest(depth: Depth) -> Depth:
    """The greatest depth of each tile of a square picture."""
    size = len(depth)
    across = -(-size // TILE)
    if across * TILE != size:
        depth = np.pad(depth, ((0, across * TILE - size),) * 2)
    columns = np.ascontiguousarray(depth).reshape(across, TILE, -1).max(axis=1)
    return np.asarray(columns.reshape(across, across, TILE).max(axis=2))
