"""The textures that go out with exported meshes: of A, of B, and of each step between."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from pipelines.morph.mesh import Mesh
from pipelines.morph.surface import Picture

MOST = 2048
"""Pixels a side of a blended texture: forty of more are gigabytes."""
QUALITY = 92
_SAME_PLACE = 1e-4
"""Of a texture's side: less than half a pixel of any that is blended."""


def same_layout(a: Mesh, b: Mesh) -> bool:
    """Whether each corner of each triangle looks at the same place of its texture in both meshes."""
    if a.uvs is None or b.uvs is None or a.uv_faces is None or b.uv_faces is None:
        return False
    return bool(np.abs(a.uvs[a.uv_faces] - b.uvs[b.uv_faces]).max() < _SAME_PLACE)


def matched(a: Picture, b: Picture) -> tuple[Image.Image, Image.Image]:
    """Both as pictures of one size: that of the one with more pixels, and no side longer than MOST."""
    height, width = max(a.shape[:2], b.shape[:2], key=lambda shape: shape[0] * shape[1])
    factor = min(MOST / max(height, width), 1.0)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return _sized(Image.fromarray(a), size), _sized(Image.fromarray(b), size)


def jpeg(picture: Image.Image) -> bytes:
    """The picture as a JPEG in which an eye finds no difference."""
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=QUALITY)
    return held.getvalue()


def _sized(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    if picture.size == size:
        return picture
    smaller = picture.width >= size[0] and picture.height >= size[1]
    return picture.resize(size, Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR)
