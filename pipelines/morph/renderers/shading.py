"""The light of ``programs`` once more, as plain arithmetic: for rasterisers without shaders, and to compare with."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from pipelines.morph.renderers.lighting import CLAY, COOL, FILL, KEY, RIM, WARM, Lamps
from pipelines.morph.surface import Picture

Vectors = Float[np.ndarray, "n 3"]
GLOSS_POWER, EDGE_POWER = 24, 3


def shaded(normals: Vectors, view: Vectors, own: Vectors | None, lamps: Lamps) -> Vectors:
    """The linear colour of points that the lamps light. own: their colours as sRGB; None: clay.

    normals, view: of any length; view is the way to the eye. A surface is lit on the side that is seen.
    """
    n, view = _unit(normals), _unit(view)
    n = np.where((n * view).sum(axis=1, keepdims=True) < 0, -n, n)
    key, fill, rim = (_unit(np.array([direction])) for direction in (KEY, FILL, RIM))
    sky = lamps.ground + (lamps.sky - lamps.ground) * (0.5 + 0.5 * n[:, 1:2]) + lamps.head * _lit(n, view)
    light = sky + lamps.key * _lit(n, key) * WARM + lamps.fill * _lit(n, fill) * COOL
    gloss = lamps.gloss * _lit(n, _unit(key + view)) ** GLOSS_POWER
    edge = lamps.rim * (1.0 - _lit(n, view)) ** EDGE_POWER * _lit(n, rim)
    return np.asarray((np.array([CLAY]) if own is None else linear(own)) * light + gloss + edge)


def encoded(linear_colours: Vectors) -> Vectors:
    """The colours as sRGB. Source: IEC 61966-2-1."""
    c = np.clip(linear_colours, 0.0, 1.0)
    return np.asarray(np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055))  # noqa: PLR2004  sRGB


def linear(srgb: Vectors) -> Vectors:
    """The inverse of ``encoded``."""
    return np.asarray(np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4))  # noqa: PLR2004  sRGB


def looked_up(texture: Picture, uvs: Float[np.ndarray, "n 2"]) -> Vectors:
    """The texture's colours at uvs (V up, repeating), 0 to 1, between pixels interpolated."""
    height, width = texture.shape[:2]
    x, y = uvs[:, 0] * width - 0.5, (1.0 - uvs[:, 1]) * height - 0.5
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, down = (x - left)[:, None], (y - top)[:, None]
    at = [texture[(top + j) % height, (left + i) % width] / 255.0 for j in (0, 1) for i in (0, 1)]
    upper, lower = at[0] * (1 - right) + at[1] * right, at[2] * (1 - right) + at[3] * right
    return np.asarray(upper * (1 - down) + lower * down)


def _unit(vectors: Vectors) -> Vectors:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, length, out=np.zeros_like(vectors, dtype=np.float64), where=length > 0))


def _lit(n: Vectors, light: Vectors) -> Float[np.ndarray, "n 1"]:
    return np.asarray(np.maximum((n * light).sum(axis=1, keepdims=True), 0.0))
