"""The picture on a head: skin, lips, eyes, brows and hair, painted where the shape has them."""
# ruff: noqa: F722, PLR2004  shapes of arrays are written as jaxtyping writes them; the numbers are measures of a face

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from pipelines.morph.head.clay import Points, mirrored, ramp
from pipelines.morph.head.face import bare_head, lips, opening
from pipelines.morph.head.grid import Grid, field
from pipelines.morph.head.hair import hair
from pipelines.morph.head.shape import Anatomy

Plane = Float[np.ndarray, "h w"]
Paint = Float[np.ndarray, "h w 3"]
Colour = tuple[float, float, float]

SIZE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A head's colours (sRGB, 0 to 1) and how strong each of its marks is (0: none). seed: of the grain."""

    skin: Colour
    lips: Colour
    iris: Colour
    hair: Colour
    brow: float = 1.0
    blush: float = 0.5
    stubble: float = 0.0
    freckles: float = 0.0
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """What is known at each texel. x: from the middle outwards; side: -1 or 1; open: 1 in the open, 0 in a crevice.

    hairy: centimetres that the hair stands over the skin.
    """

    of: Anatomy
    look: Look
    x: Plane
    y: Plane
    z: Plane
    side: Plane
    open: Plane
    hairy: Plane
    random: np.random.Generator

    def grain(self, rows: int, columns: int) -> Plane:
        """Smooth noise about 0, as fine as rows by columns; it meets itself at the seam."""
        coarse = self.random.standard_normal((rows, columns)).astype(np.float32)
        coarse[:, -1] = coarse[:, 0]
        fine = Image.fromarray(coarse).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        return np.clip(np.asarray(fine, dtype=np.float64), -2.5, 2.5)

    def spot(self, x: float, y: float, radius: float) -> Plane:
        """A soft spot on the front of the head, 1 in its middle."""
        return np.exp(-((self.x - x) ** 2 + (self.y - y) ** 2) / radius**2) * (self.z > 0.0)


def painted(of: Anatomy, look: Look, grid: Grid) -> UInt8[np.ndarray, "h w 3"]:
    """The texture of a head, SIZE by SIZE, laid out as ``grid.topology`` says."""
    sheet = _sheet(of, look, grid)
    paint = _skin(sheet)
    paint = _mouth(sheet, paint)
    paint = _eyes(sheet, paint)
    paint = _brows(sheet, paint)
    paint = _hair(sheet, paint)
    return np.asarray(np.clip(paint, 0.0, 1.0) * 255.0 + 0.5, dtype=np.uint8)


def _sheet(of: Anatomy, look: Look, grid: Grid) -> Sheet:
    flat, shape = grid.reshape(-1, 3), grid.shape[:2]
    at = mirrored(flat)
    x, y, z = (_enlarged(grid[..., axis]) for axis in range(3))
    return Sheet(
        of=of,
        look=look,
        x=np.abs(x),
        y=y,
        z=z,
        side=np.sign(x),
        open=_enlarged(_openness(of, flat).reshape(shape)),
        hairy=_enlarged((bare_head(of, at) - hair(of, at)).reshape(shape)),
        random=np.random.default_rng(look.seed),
    )


def _openness(of: Anatomy, points: Points) -> Float[np.ndarray, " n"]:
    """How little of the sky around a place on the surface is hidden, 0 to 1, read off the field along its normal."""
    step = 0.05 * np.eye(3)
    slope = np.stack([field(of, points + s) - field(of, points - s) for s in step], axis=1)
    normal = slope / (np.linalg.norm(slope, axis=1, keepdims=True) + 1e-9)
    parts = [
        w * np.clip(field(of, points + normal * h) / h, 0.0, 1.0) for h, w in ((0.35, 0.35), (0.9, 0.35), (2.2, 0.3))
    ]
    return np.asarray(np.sum(parts, axis=0))


def _enlarged(values: Plane) -> Plane:
    """Values at the grid's places, bilinearly at the texels' middles."""
    rows, columns = values.shape
    middle = (np.arange(SIZE) + 0.5) / SIZE
    y, x = middle * (rows - 1), middle * (columns - 1)
    top, left = np.minimum(y.astype(int), rows - 2), np.minimum(x.astype(int), columns - 2)
    down, right = (y - top)[:, None], x - left
    wide = values[:, left] * (1.0 - right) + values[:, left + 1] * right
    return np.asarray(wide[top] * (1.0 - down) + wide[top + 1] * down)


def _over(paint: Paint, colour: np.ndarray | Colour, strength: Plane) -> Paint:
    return np.asarray(paint + (np.asarray(colour) - paint) * strength[..., None])


def _tinted(colour: Colour, factors: Colour | float) -> Colour:
    r, g, b = np.asarray(colour) * np.asarray(factors)
    return float(r), float(g), float(b)


def _skin(at: Sheet) -> Paint:
    of, look = at.of, at.look
    grain = 1.0 + 0.02 * at.grain(12, 12) + 0.012 * at.grain(60, 60) + 0.01 * at.grain(300, 300)
    paint = np.asarray(look.skin) * grain[..., None]
    red = 0.75 * look.blush * at.spot(4.6, -3.2 + 0.4 * of.drop, 2.0)
    red += 0.45 * at.spot(0.0, of.nose_tip[1] - 0.2, 1.2) + 0.25 * at.spot(0.0, of.chin[1], 1.6)
    red += 0.45 * np.exp(-((at.x - 7.6) ** 2 / 1.2 + (at.y + 1.5) ** 2 / 9.0)) * (at.z < 2.0)  # ears
    paint = paint * (1.0 - red[..., None] * (0.02, 0.20, 0.17))
    paint = paint * (1.0 - at.spot(of.eye[0], 0.5, 1.7)[..., None] * (0.07, 0.12, 0.10))
    freckled = look.freckles * ramp(at.grain(200, 200), 1.3, 1.9) * (at.spot(3.6, -2.6, 2.2) + at.spot(0.0, -2.5, 1.5))
    paint = paint * (1.0 - freckled[..., None] * (0.18, 0.28, 0.33))
    paint = _over(paint, np.asarray(look.hair) * 0.7 + 0.15, _stubble(at))
    return paint * (1.0 - (1.0 - at.open)[..., None] * (0.52, 0.65, 0.68))


def _stubble(at: Sheet) -> Plane:
    of = at.of
    low = ramp(-at.y, 5.4 - 0.6 * of.drop, 7.2 - 0.8 * of.drop) * ramp(at.y, of.chin[1] - 2.6, of.chin[1] - 1.0)
    strong = at.look.stubble * ramp(at.z, -1.0, 1.5) * (0.85 + 0.3 * at.grain(700, 900))
    return np.asarray(np.clip(low * strong, 0.0, 1.0))


def _mouth(at: Sheet, paint: Paint) -> Paint:
    of, colour = at.of, at.look.lips
    near = (at.z > 5.0) & (np.abs(at.y - of.mouth[1]) < 2.5) & (at.x < 4.5)
    above, below, between = lips(of, np.stack([at.x[near], at.y[near], at.z[near]], axis=1))
    lip, line = np.zeros_like(at.x), np.zeros_like(at.x)
    lip[near] = ramp(-np.minimum(above, below), -0.07, 0.05)
    line[near] = ramp(-between, -0.08, 0.05)
    shade = (1.0 + 0.05 * at.grain(40, 500)) * (1.0 - 0.45 * (1.0 - at.open))
    paint = _over(paint, np.asarray(colour) * shade[..., None], 0.85 * lip)
    paint = _over(paint, _tinted(colour, 0.35), 0.8 * line)
    wide = 0.58 + 0.12 * of.shape.nose_width
    hole = np.exp(-(((at.x - wide) / 0.34) ** 2) - ((at.y - of.nostril_wing[1] + 0.62) / 0.26) ** 2) * (at.z > 6.0)
    return _over(paint, _tinted(at.look.skin, (0.32, 0.20, 0.18)), np.minimum(1.1 * hole, 0.8))


def _eyes(at: Sheet, paint: Paint) -> Paint:
    of, look = at.of, at.look
    front = at.z > 4.5
    inside = opening(of, at.x, at.y)
    x, y, half = at.x - of.eye[0], at.y - of.eye[1], of.opening[0]
    paint = _over(paint, _eyeball(at, x, y), ramp(inside, -0.01, 0.05) * front)
    upper = (y > 0.1 * x / half - 0.05) & front
    lashes = ramp(-np.abs(inside - 0.02), -0.13, -0.05) * upper * (np.abs(x) < 1.06 * half)
    paint = _over(paint, _tinted(look.hair, 0.25), 0.95 * lashes)
    lower = ramp(-np.abs(inside + 0.01), -0.07, -0.02) * (front & ~upper) * (np.abs(x) < half)
    paint = _over(paint, _tinted(look.skin, (0.55, 0.40, 0.38)), 0.7 * lower)
    fold = ramp(-np.abs(inside + 0.40), -0.10, -0.02) * front * (y > 0.2) * (np.abs(x) < 0.95 * half)
    return _over(paint, _tinted(look.skin, (0.58, 0.45, 0.42)), 0.6 * fold)


def _eyeball(at: Sheet, x: Plane, y: Plane) -> Paint:
    """White, iris, pupil, the lid's shadow and a light, around the middle of an eye (x outwards)."""
    half, over, _ = at.of.opening
    shadow = 1.0 - 0.4 * ramp(y, 0.15 * over, over) - 0.22 * (np.abs(x) / half) ** 3
    white = np.multiply.outer(np.clip(shadow, 0.0, 1.0), (0.93, 0.91, 0.89))
    away, around, size = np.hypot(x, y - 0.04), np.arctan2(y, x), 0.62 + 0.05 * at.of.shape.eye_size
    streaks = 1.0 + 0.12 * np.sin(23.0 * around) * np.sin(11.0 * around + 1.0)
    tone = streaks * (0.75 + 0.5 * ramp(0.8 * size - away, 0.0, 0.5 * size))
    tone = tone * (1.0 - 0.55 * ramp(away, 0.78 * size, size)) * (1.0 - 0.45 * ramp(y, 0.1, 0.55))
    ball = _over(white, np.multiply.outer(tone, at.look.iris), ramp(size - away, -0.02, 0.04))
    ball = _over(ball, (0.02, 0.02, 0.02), 0.97 * ramp(0.46 * size - away, -0.02, 0.03))
    ball = _over(ball, (1.0, 1.0, 1.0), 0.95 * ramp(-np.hypot(at.side * x + 0.19, y - 0.24), -0.13, -0.08))
    return _over(ball, (0.78, 0.50, 0.46), 0.8 * ramp(-x, 0.8 * half, 0.97 * half))


def _brows(at: Sheet, paint: Paint) -> Paint:
    along = (at.x - 1.25) / 3.75
    arch = 1.72 + 0.62 * np.sin(2.05 * np.clip(along, 0.0, 1.0)) ** 1.2 - 0.14 * at.of.shape.brow_ridge
    thick = 0.36 * at.look.brow * ramp(along, -0.06, 0.12) * (1.0 - 0.72 * ramp(along, 0.45, 1.1)) * (along < 1.0)
    hairs = at.grain(120, 520)
    brow = ramp(thick - np.abs(at.y - arch) + 0.025 * hairs, -0.08, 0.14) * ((thick > 0.02) & (at.z > 4.5))
    return _over(paint, _tinted(at.look.hair, 0.8), brow * np.clip(0.8 + 0.18 * hairs, 0.0, 1.0))


def _hair(at: Sheet, paint: Paint) -> Paint:
    strands = 0.55 * at.grain(14, 420) + 0.45 * at.grain(40, 900)
    shine = 0.35 * np.exp(-(((at.y - 7.4) / 2.0) ** 2)) + 0.18 * np.exp(-(((at.y + 1.0) / 3.0) ** 2))
    tone = 1.0 + 0.30 * strands + shine * (0.5 + 0.5 * np.clip(strands, -1.0, 1.0))
    colour = np.multiply.outer(tone * (1.0 - 0.65 * (1.0 - at.open)), at.look.hair)
    return _over(paint, colour, ramp(at.hairy + 0.07 * strands, -0.22, 0.10))
