"""The kernels that draw tiles of Gaussians, front to back, and carry the gradients of what they drew.

A program a tile, CHUNK Gaussians at a time for all of its pixels; it stops when nothing shows through. Backward goes
front to back as well: what lies behind a Gaussian is the whole less what lies before. Each pair of tile and Gaussian
has a row of its own for its gradients, and a second kernel adds up the rows of a Gaussian: no atomics, so that the same
pictures always give the same gradients.

Source: as ``splat``, of which these are the equations.
"""

from __future__ import annotations

import triton
import triton.language as tl

ROW = 9
"""Numbers of a pair's row: the powers' gradients times 1, x, y, xx, xy, yy, and three of the colour."""


@triton.jit
def _pixels(
    tile: tl.tensor, across: tl.tensor, down: tl.tensor, width: tl.tensor, height: tl.tensor, TILE: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Column and line of each pixel of a tile, whether it is in its picture, and where it lies among all pictures'."""
    pixel = tl.arange(0, TILE * TILE)
    column = tile % across * TILE + pixel % TILE
    line = tile // across % down * TILE + pixel // TILE
    inside = (column < width) & (line < height)
    return column, line, inside, (tile // (across * down) * height + line).to(tl.int64) * width + column


@triton.jit
def _shares(
    at: tl.tensor, conic: tl.tensor, opacity: tl.tensor, who: tl.tensor, here: tl.tensor, x: tl.tensor, y: tl.tensor,
    CUT: tl.constexpr, MOST: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """The share of each of these Gaussians in each pixel, pixels by Gaussians, and what is left behind each."""
    dx = x[:, None] - tl.load(at + 2 * who, mask=here, other=0.0)[None, :]
    dy = y[:, None] - tl.load(at + 2 * who + 1, mask=here, other=0.0)[None, :]
    a = tl.load(conic + 3 * who, mask=here, other=0.0)[None, :]
    b = tl.load(conic + 3 * who + 1, mask=here, other=0.0)[None, :]
    c = tl.load(conic + 3 * who + 2, mask=here, other=0.0)[None, :]
    full = tl.log(tl.maximum(tl.load(opacity + who, mask=here, other=0.0), 1e-12))
    power = full[None, :] - 0.5 * (a * dx * dx + c * dy * dy) - b * dx * dy
    share = tl.where(power > CUT, tl.minimum(tl.exp(power), MOST), 0.0)
    return share, tl.cumprod(1.0 - share, 1)


@triton.jit
def _colour(colour: tl.tensor, who: tl.tensor, here: tl.tensor) -> tl.tensor:
    """Red, green and blue of these Gaussians, beside the pixels."""
    red = tl.load(colour + 3 * who, mask=here, other=0.0)[None, :]
    green = tl.load(colour + 3 * who + 1, mask=here, other=0.0)[None, :]
    return red, green, tl.load(colour + 3 * who + 2, mask=here, other=0.0)[None, :]


@triton.jit
def _three(values: tl.tensor, to: tl.tensor, inside: tl.tensor) -> tl.tensor:
    """The three numbers of each pixel."""
    one = tl.load(values + 3 * to, mask=inside, other=0.0)
    other = tl.load(values + 3 * to + 1, mask=inside, other=0.0)
    return one, other, tl.load(values + 3 * to + 2, mask=inside, other=0.0)


@triton.jit
def paint(
    at: tl.tensor, conic: tl.tensor, opacity: tl.tensor, colour: tl.tensor, member: tl.tensor, begins: tl.tensor,
    picture: tl.tensor, through: tl.tensor,
    across: tl.tensor, down: tl.tensor, width: tl.tensor, height: tl.tensor,
    TILE: tl.constexpr, CHUNK: tl.constexpr, CUT: tl.constexpr, MOST: tl.constexpr, DARK: tl.constexpr,
) -> None:  # fmt: skip
    """Afterwards that tile of its picture is drawn, and what shows through it is known."""
    tile = tl.program_id(0)
    column, line, inside, to = _pixels(tile, across, down, width, height, TILE)
    light = tl.where(inside, 1.0, 0.0)
    red = tl.zeros((TILE * TILE,), tl.float32)
    green = tl.zeros((TILE * TILE,), tl.float32)
    blue = tl.zeros((TILE * TILE,), tl.float32)
    first, last = tl.load(begins + tile), tl.load(begins + tile + 1)
    while (first < last) & (tl.max(light, 0) > DARK):
        at_pair = first + tl.arange(0, CHUNK)
        here = at_pair < last
        who = tl.load(member + at_pair, mask=here, other=0)
        share, kept = _shares(at, conic, opacity, who, here, column + 0.5, line + 0.5, CUT, MOST)
        weight = light[:, None] * share * kept / (1.0 - share)
        own_red, own_green, own_blue = _colour(colour, who, here)
        red += tl.sum(weight * own_red, 1)
        green += tl.sum(weight * own_green, 1)
        blue += tl.sum(weight * own_blue, 1)
        light *= tl.min(kept, 1)
        first += CHUNK
    tl.store(picture + 3 * to, red, mask=inside)
    tl.store(picture + 3 * to + 1, green, mask=inside)
    tl.store(picture + 3 * to + 2, blue, mask=inside)
    tl.store(through + to, light, mask=inside)


@triton.jit
def _moments(own: tl.tensor, of_power: tl.tensor, here: tl.tensor, TILE: tl.constexpr) -> None:
    """Afterwards the first six numbers of these rows are there.

    Places are told from the tile's middle: small numbers, whose squares keep their digits.
    """
    pixel = tl.arange(0, TILE * TILE)
    u, v = (pixel % TILE + 0.5 - TILE / 2)[:, None], (pixel // TILE + 0.5 - TILE / 2)[:, None]
    tl.store(own, tl.sum(of_power, 0), mask=here)
    tl.store(own + 1, tl.sum(of_power * u, 0), mask=here)
    tl.store(own + 2, tl.sum(of_power * v, 0), mask=here)
    tl.store(own + 3, tl.sum(of_power * u * u, 0), mask=here)
    tl.store(own + 4, tl.sum(of_power * u * v, 0), mask=here)
    tl.store(own + 5, tl.sum(of_power * v * v, 0), mask=here)


@triton.jit
def carry(
    at: tl.tensor, conic: tl.tensor, opacity: tl.tensor, colour: tl.tensor, member: tl.tensor, begins: tl.tensor,
    row: tl.tensor, picture: tl.tensor, through: tl.tensor, of_picture: tl.tensor, of_through: tl.tensor,
    rows: tl.tensor, across: tl.tensor, down: tl.tensor, width: tl.tensor, height: tl.tensor,
    TILE: tl.constexpr, CHUNK: tl.constexpr, CUT: tl.constexpr, MOST: tl.constexpr, DARK: tl.constexpr,
    ROW: tl.constexpr,
) -> None:  # fmt: skip
    """Afterwards each pair of that tile that was drawn has its row."""
    tile = tl.program_id(0)
    column, line, inside, to = _pixels(tile, across, down, width, height, TILE)
    red, green, blue = _three(of_picture, to, inside)
    drawn_red, drawn_green, drawn_blue = _three(picture, to, inside)
    behind = tl.load(of_through + to, mask=inside, other=0.0) * tl.load(through + to, mask=inside, other=0.0)
    behind += red * drawn_red + green * drawn_green + blue * drawn_blue
    light = tl.where(inside, 1.0, 0.0)
    first, last = tl.load(begins + tile), tl.load(begins + tile + 1)
    while (first < last) & (tl.max(light, 0) > DARK):
        at_pair = first + tl.arange(0, CHUNK)
        here = at_pair < last
        who = tl.load(member + at_pair, mask=here, other=0)
        share, kept = _shares(at, conic, opacity, who, here, column + 0.5, line + 0.5, CUT, MOST)
        weight = light[:, None] * share * kept / (1.0 - share)
        own_red, own_green, own_blue = _colour(colour, who, here)
        gained = weight * (red[:, None] * own_red + green[:, None] * own_green + blue[:, None] * own_blue)
        of_power = gained - share / (1.0 - share) * (behind[:, None] - tl.cumsum(gained, 1))
        own = rows + tl.load(row + at_pair, mask=here, other=0) * ROW
        _moments(own, tl.where(share < MOST, of_power, 0.0), here, TILE)
        tl.store(own + 6, tl.sum(weight * red[:, None], 0), mask=here)
        tl.store(own + 7, tl.sum(weight * green[:, None], 0), mask=here)
        tl.store(own + 8, tl.sum(weight * blue[:, None], 0), mask=here)
        behind -= tl.sum(gained, 1)
        light *= tl.min(kept, 1)
        first += CHUNK


@triton.jit
def _shifted(told: tl.tensor, here: tl.tensor, u: tl.tensor, v: tl.tensor) -> tl.tensor:
    """The first six numbers of these rows, as they are from u, v instead of from the tile's middle."""
    m, mx = tl.load(told, mask=here, other=0.0), tl.load(told + 1, mask=here, other=0.0)
    my, mxx = tl.load(told + 2, mask=here, other=0.0), tl.load(told + 3, mask=here, other=0.0)
    mxy, myy = tl.load(told + 4, mask=here, other=0.0), tl.load(told + 5, mask=here, other=0.0)
    square, both = mxx - 2 * u * mx + u * u * m, mxy - u * my - v * mx + u * v * m
    return m, mx - u * m, my - v * m, square, both, myy - 2 * v * my + v * v * m


@triton.jit
def gather(
    at: tl.tensor, conic: tl.tensor, opacity: tl.tensor, start: tl.tensor, box: tl.tensor, rows: tl.tensor,
    of_at: tl.tensor, of_conic: tl.tensor, of_opacity: tl.tensor, of_colour: tl.tensor, count: tl.tensor,
    TILE: tl.constexpr, ROW: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Afterwards each of these Gaussians has the gradients of all its pairs."""
    one = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    own = one < count
    x, y = tl.load(at + 2 * one, mask=own, other=0.0), tl.load(at + 2 * one + 1, mask=own, other=0.0)
    left, top = tl.load(box + 4 * one, mask=own, other=0), tl.load(box + 4 * one + 1, mask=own, other=0)
    wide, high = tl.load(box + 4 * one + 2, mask=own, other=0), tl.load(box + 4 * one + 3, mask=own, other=0)
    first = tl.load(start + one, mask=own, other=0)
    s, sx, sy = tl.zeros((BLOCK,), tl.float32), tl.zeros((BLOCK,), tl.float32), tl.zeros((BLOCK,), tl.float32)
    sxx, sxy, syy = tl.zeros((BLOCK,), tl.float32), tl.zeros((BLOCK,), tl.float32), tl.zeros((BLOCK,), tl.float32)
    red, green, blue = tl.zeros((BLOCK,), tl.float32), tl.zeros((BLOCK,), tl.float32), tl.zeros((BLOCK,), tl.float32)
    for nth in range(tl.max(wide * high, 0)):
        here = nth < wide * high
        across = tl.maximum(wide, 1)
        # The Gaussian's middle, as the tile's middle sees it: what the row's places are moved to.
        u = x - ((left + nth % across) * TILE + TILE / 2)
        v = y - ((top + nth // across) * TILE + TILE / 2)
        told = rows + (first + nth) * ROW
        m, mx, my, mxx, mxy, myy = _shifted(told, here, u, v)
        s, sx, sy = s + m, sx + mx, sy + my
        sxx, sxy, syy = sxx + mxx, sxy + mxy, syy + myy
        red += tl.load(told + 6, mask=here, other=0.0)
        green += tl.load(told + 7, mask=here, other=0.0)
        blue += tl.load(told + 8, mask=here, other=0.0)
    a, b = tl.load(conic + 3 * one, mask=own, other=0.0), tl.load(conic + 3 * one + 1, mask=own, other=0.0)
    c, full = tl.load(conic + 3 * one + 2, mask=own, other=0.0), tl.load(opacity + one, mask=own, other=1.0)
    tl.store(of_at + 2 * one, a * sx + b * sy, mask=own)
    tl.store(of_at + 2 * one + 1, b * sx + c * sy, mask=own)
    tl.store(of_conic + 3 * one, -0.5 * sxx, mask=own)
    tl.store(of_conic + 3 * one + 1, -sxy, mask=own)
    tl.store(of_conic + 3 * one + 2, -0.5 * syy, mask=own)
    tl.store(of_opacity + one, s / tl.maximum(full, 1e-12), mask=own)
    tl.store(of_colour + 3 * one, red, mask=own)
    tl.store(of_colour + 3 * one + 1, green, mask=own)
    tl.store(of_colour + 3 * one + 2, blue, mask=own)
