"""Where pictures come to be on an OpenGL device: the textures of their samples, their pixels, and these when read."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import moderngl
import numpy as np
from jaxtyping import UInt8
from PIL import Image

from pipelines.morph.renderers.hidden import farthest
from pipelines.morph.renderers.programs import TOGETHER
from pipelines.morph.surface import Picture

FINER = 2
"""Samples along each side of a pixel."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Canvas:
    """Where one picture comes to be: its samples (``programs.SURFACE``), and its pixels.

    clay, covered: framebuffers of the textures that are written for it.
    """

    directions: moderngl.Texture
    own: moderngl.Texture
    depth: moderngl.Texture
    clay: moderngl.Framebuffer
    covered: moderngl.Framebuffer
    pixels: moderngl.Framebuffer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Easel:
    """Where ``programs.TOGETHER`` paints come to be in one drawing: their samples (``PAINTED``), and their pixels."""

    painted: tuple[moderngl.Texture, ...]
    depth: moderngl.Texture
    samples: moderngl.Framebuffer
    pixels: moderngl.Framebuffer


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """A picture as it was read. raw: red, green, blue and the farthest depth of each pixel, first row on top."""

    raw: bytes
    size: int

    @property
    def picture(self) -> Picture:
        """Its colours; by Pillow, which drops a fourth byte seven times as fast as numpy."""
        return np.asarray(Image.frombytes("RGB", (self.size, self.size), self.raw, "raw", "RGBX"))

    @property
    def far(self) -> UInt8[np.ndarray, "y x"]:
        """The farthest depth of each tile: the highest byte of a pixel decides which one is the greatest."""
        whole = np.frombuffer(self.raw, "<u4").reshape(self.size, self.size)
        return np.asarray(farthest(whole) >> 24, np.uint8)

    @property
    def depth(self) -> UInt8[np.ndarray, "h w"]:
        """The depth of each pixel."""
        return np.frombuffer(self.raw, np.uint8)[3::4].reshape(self.size, self.size)


def canvas(gl: moderngl.Context, size: int) -> Canvas:
    """A canvas for pictures of that size."""
    fine = (FINER * size, FINER * size)
    directions, own = gl.texture(fine, 2, dtype="nu2"), gl.texture(fine, 4)
    depth = gl.depth_texture(fine)
    depth.compare_func = ""  # to be read as a number
    for texture in (directions, own, depth):
        texture.repeat_x = texture.repeat_y = False
    return Canvas(
        directions=directions,
        own=own,
        depth=depth,
        clay=gl.framebuffer(directions, depth),
        covered=gl.framebuffer([directions, own], depth),
        pixels=gl.framebuffer(gl.renderbuffer((size, size), 4)),
    )


def easel(gl: moderngl.Context, size: int, lent: Canvas) -> Easel:
    """An easel of that size. lent: what its samples share the room with; nothing of them is kept there."""
    painted = (lent.own, *(gl.texture((FINER * size, FINER * size), 4) for _ in range(TOGETHER - 1)))
    for texture in painted:
        texture.repeat_x = texture.repeat_y = False
    return Easel(
        painted=painted,
        depth=lent.depth,
        samples=gl.framebuffer(list(painted), lent.depth),
        pixels=gl.framebuffer([gl.renderbuffer((size, size), 4) for _ in painted]),
    )


def read(pixels: moderngl.Framebuffer, number: int = 0) -> Pixels:
    """What was drawn there, when it is. number: of the framebuffer's pictures."""
    return Pixels(pixels.read(components=4, attachment=number, alignment=1), pixels.width)
