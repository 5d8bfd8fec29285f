"""From a head's field to its mesh: rays of fixed directions find the surface, so all heads have one topology."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pipelines.morph.head.clay import Points, Values, melted, mirrored, ramp
from pipelines.morph.head.face import bare_head
from pipelines.morph.head.hair import hair
from pipelines.morph.head.shape import Anatomy

Grid = Float[np.ndarray, "r c 3"]

COLUMNS, ROWS, NECK_ROWS = 116, 76, 10
LOWEST = np.radians(-60.0)
"""Rays from the middle of the head go down to here; below it their origin goes down the neck."""
CUT = -16.5
AXIS = -2.5
FAR = 19.0
BEVEL = 0.25
STEPS, NEAR = 70, 2e-3
"""The most steps of a ray's march, and the centimetres from the surface at which it has arrived."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Topology:
    """What all heads share. uvs: V up. quads and triangles: indices of vertices; their uv corners beside them."""

    uvs: Float[np.ndarray, "t 2"]
    quads: Int[np.ndarray, "q 4"]
    quad_uvs: Int[np.ndarray, "q 4"]
    triangles: Int[np.ndarray, "f 3"]
    triangle_uvs: Int[np.ndarray, "f 3"]


def field(of: Anatomy, points: Points) -> Values:
    """The whole head, hair and all."""
    at = mirrored(points)
    return melted(bare_head(of, at), hair(of, at), 0.22)


def sculpted(of: Anatomy) -> Grid:
    """The head's surface on the grid: rows from the crown down to the neck, columns once around from behind.

    The first row is the crown, one place; the last the cut of the neck; the last column is the first again.
    """
    origins, directions = (rays[:, COLUMNS // 2 :] for rays in _rays())  # from the front to the back over +X
    start, towards = origins.reshape(-1, 3), directions.reshape(-1, 3)
    reach, active = np.full(len(start), FAR), np.arange(len(start))
    for _ in range(STEPS):
        distance = field(of, start[active] + towards[active] * reach[active, None])
        reach[active] -= 0.75 * distance
        active = active[np.abs(distance) > NEAR]
        if not len(active):
            break
    half = (start + towards * reach[:, None]).reshape(origins.shape)
    half[:, [0, -1], 0] = 0.0
    return _relaxed(np.concatenate([half[:, :0:-1] * (-1.0, 1.0, 1.0), half], axis=1))


def vertices(grid: Grid) -> Points:
    """The grid's places, each once: the crown, the rows below it, and the cut (a bevelled edge and its middle)."""
    ring = grid[-1, :-1]
    middle = ring.mean(axis=0, keepdims=True) - (0.0, BEVEL, 0.0)
    edge = middle + (1.0 - BEVEL / 4.0) * (ring - (0.0, BEVEL, 0.0) - middle)
    return np.vstack([grid[0, :1], grid[1:, :-1].reshape(-1, 3), edge, middle])


def topology() -> Topology:
    """The faces over ``vertices``, outwards, and the uvs: columns to U, rows to V."""
    rows = ROWS + NECK_ROWS
    at = 1 + np.arange(rows * COLUMNS).reshape(rows, COLUMNS)
    after = np.roll(at, -1, axis=1)
    across, down = np.meshgrid(np.linspace(0.0, 1.0, COLUMNS + 1), np.linspace(1.0, 0.0, rows))
    uvs = np.stack([across, down], axis=-1).reshape(-1, 2)
    spot = np.arange(rows * (COLUMNS + 1)).reshape(rows, COLUMNS + 1)
    spot = np.vstack([spot, spot[-1:]])  # the bevel has the colour of the neck's edge
    here, there = spot[:, :-1], spot[:, 1:]
    crown, floor = np.zeros(COLUMNS, dtype=int), np.full(COLUMNS, 1 + rows * COLUMNS)
    caps = np.vstack([np.stack([crown, at[0], after[0]], 1), np.stack([floor, after[-1], at[-1]], 1)])
    cap_uvs = np.vstack([np.stack([here[0], here[1], there[1]], 1), np.stack([here[-1], there[-1], here[-1]], 1)])
    return Topology(
        uvs=uvs,
        quads=np.stack([at[:-1], at[1:], after[1:], after[:-1]], -1).reshape(-1, 4),
        quad_uvs=np.stack([here[1:-1], here[2:], there[2:], there[1:-1]], -1).reshape(-1, 4),
        triangles=caps,
        triangle_uvs=cap_uvs,
    )


def _rays() -> tuple[Grid, Grid]:
    azimuth = _spread(
        np.linspace(-np.pi, np.pi, 4001),
        lambda a: 0.62 + 2.6 * np.exp(-((a / 0.62) ** 2)) + 1.5 * np.exp(-(((np.abs(a) - 1.45) / 0.25) ** 2)),
        COLUMNS + 1,
    )
    upper = _spread(
        np.linspace(np.pi / 2, LOWEST, 4001), lambda e: 0.8 + 1.5 * np.exp(-(((e + 0.38) / 0.42) ** 2)), ROWS
    )
    along_neck = np.arange(1, NECK_ROWS + 1) / NECK_ROWS
    elevation = np.concatenate([upper, LOWEST * (1.0 - along_neck)])[:, None]
    height = np.concatenate([np.zeros(ROWS), CUT * along_neck**1.1])[:, None]
    origins = np.zeros((len(elevation), COLUMNS + 1, 3))
    origins[..., 1], origins[..., 2] = height, AXIS - 1.2 * height / CUT
    flat = np.cos(elevation)
    sideways, forwards = flat * np.sin(azimuth), flat * np.cos(azimuth)
    return origins, np.stack([sideways, np.broadcast_to(np.sin(elevation), sideways.shape), forwards], axis=-1)


def _spread(over: Values, density: Callable[[Values], Values], count: int) -> Values:
    """Count places over a range, close together where the density is high."""
    weight = density(over)
    share = np.concatenate([[0.0], np.cumsum((weight[1:] + weight[:-1]) / 2)])
    return np.asarray(np.interp(np.linspace(0.0, share[-1], count), share, over))


def _relaxed(grid: Grid) -> Grid:
    """The grid, its places drawn towards their neighbours where a ray's step jumped (behind an ear, under the hair)."""
    for _ in range(4):
        inner = grid[1:-1]
        left, right = np.roll(inner[:, :-1], 1, axis=1), np.roll(inner[:, :-1], -1, axis=1)
        around = [np.concatenate([left, left[:, :1]], axis=1), np.concatenate([right, right[:, :1]], axis=1)]
        around += [grid[:-2], grid[2:]]
        longest = np.max([np.linalg.norm(near - inner, axis=-1) for near in around], axis=0)
        pull = 0.6 * ramp(longest, 0.9, 1.8)[..., None]
        drawn = inner + pull * (sum(around) / 4.0 - inner)
        grid = np.concatenate([grid[:1], drawn, grid[-1:]])
    return grid
