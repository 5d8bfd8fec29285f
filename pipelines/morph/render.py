"""Pictures of a morph, drawn by OpenGL without a screen (EGL: a GPU's driver, or Mesa on the processor)."""

from __future__ import annotations

import os
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, cast

import moderngl
import numpy as np
from PIL import Image

from pipelines.contract import cores
from pipelines.morph.camera import Camera
from pipelines.morph.shaders import FRAGMENT, VERTEX
from pipelines.morph.surface import Clay, Colours, Picture, Skins, Subject, rows

SAMPLES = 4
ANISOTROPY = 8.0
"""On a GPU. Mesa on the processor takes five times as long a frame with any, for what no eye finds on a face."""
TEXELS_A_PIXEL = 4
"""A texture is reduced to at most this many times the picture's size: finer texels are never seen."""
MISSING = (
    "OpenGL cannot be started on this machine ({problem}), so no picture can be drawn. "
    "Install it with: apt install libegl1 libgl1 libgl1-mesa-dri"
)


class _Releasable(Protocol):
    def release(self) -> None: ...


Thing = TypeVar("Thing", bound=_Releasable)


class GlRenderer:
    """One OpenGL context with one square canvas: ``load`` a subject, then ``frame`` draws it at any t.

    size: pixels a side. background: RGB, 0 to 255. Belongs to the thread that made it. Raises RuntimeError, with a
    sentence that says what to install, where there is no OpenGL.
    """

    def __init__(self, size: int, background: tuple[int, int, int]) -> None:
        self._gl = _context()
        shape, samples = (size, size), min(SAMPLES, int(self._gl.max_samples))
        colour = self._gl.renderbuffer(shape, 3, samples=samples)
        self._canvas = self._gl.framebuffer(colour, self._gl.depth_renderbuffer(shape, samples=samples))
        self._resolved = self._gl.framebuffer(self._gl.renderbuffer(shape, 3))
        self._size = size
        red, green, blue = background
        self._background = (red / 255, green / 255, blue / 255, 1.0)
        self._subject = ExitStack()
        self._program: moderngl.Program
        self._shape: moderngl.VertexArray

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._subject.close()
        self._gl.release()

    @property
    def version(self) -> str:
        """Who draws: "llvmpipe (LLVM 15.0.6, 256 bits), 4.5 (Core Profile) Mesa 22.3.6"."""
        return f"{self._gl.info['GL_RENDERER']}, {self._gl.info['GL_VERSION']}"

    def load(self, subject: Subject, camera: Camera) -> None:
        """Afterwards ``frame`` draws this subject as the camera sees it; the one before is gone from the device."""
        self._subject.close()
        head = f"#version 330\n#define {_kind(subject)}\n"
        self._program = self._own(self._gl.program(vertex_shader=head + VERTEX, fragment_shader=head + FRAGMENT))
        drawn = rows(subject, camera)
        content = [
            (self._own(self._gl.buffer(column.tobytes())), f"{column.shape[1]}f", name)
            for name, column in drawn.columns.items()
        ]
        index = self._own(self._gl.buffer(drawn.triangles.tobytes()))
        self._shape = self._own(self._gl.vertex_array(self._program, content, index, index_element_size=4))
        self._set("projection", tuple(camera.projection().T.ravel().tolist()))
        self._set("eye", (*camera.shift, camera.distance))
        if isinstance(subject.surface, Skins):
            self._cover("texture_a", 0, subject.surface.a.texture)
            self._cover("texture_b", 1, subject.surface.b.texture)

    def frame(self, t: float) -> Picture:
        """The subject at t, first row on top."""
        self._canvas.use()
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._canvas.clear(color=self._background)
        self._set("t", t)
        self._shape.render()
        self._gl.copy_framebuffer(self._resolved, self._canvas)
        raw = np.frombuffer(self._resolved.read(components=3, alignment=1), np.uint8)
        return np.ascontiguousarray(raw.reshape(self._size, self._size, 3)[::-1])

    def _own(self, thing: Thing) -> Thing:
        """The thing, released when the subject goes."""
        self._subject.callback(thing.release)
        return thing

    def _set(self, uniform: str, value: object) -> None:
        cast("Any", self._program[uniform]).value = value

    def _cover(self, name: str, unit: int, picture: Picture) -> None:
        most = min(TEXELS_A_PIXEL * self._size, int(self._gl.info["GL_MAX_TEXTURE_SIZE"]))
        upright = np.ascontiguousarray(_reduced(picture, most)[::-1])  # OpenGL's first row is the bottom one
        size = (upright.shape[1], upright.shape[0])
        texture = self._own(self._gl.texture(size, 3, upright.tobytes(), alignment=1))
        texture.build_mipmaps()
        on_processor = "llvmpipe" in self._gl.info["GL_RENDERER"] or "softpipe" in self._gl.info["GL_RENDERER"]
        texture.anisotropy = 1.0 if on_processor else min(ANISOTROPY, float(self._gl.max_anisotropy))
        texture.use(unit)
        self._set(name, unit)


def _context() -> moderngl.Context:
    os.environ.setdefault("LP_NUM_THREADS", str(cores()))  # Mesa would take every core of the machine
    wanted: dict[str, Any] = {"backend": "egl", "libgl": "libGL.so.1", "libegl": "libEGL.so.1"}
    try:
        return moderngl.create_context(require=330, standalone=True, **wanted)
    except Exception as problem:  # glcontext raises Exception itself
        raise RuntimeError(MISSING.format(problem=problem)) from problem


def _kind(subject: Subject) -> str:
    match subject.surface:
        case Skins():
            return "TEXTURED"
        case Colours():
            return "COLOURED"
        case Clay():
            return "CLAY"


def _reduced(picture: Picture, most: int) -> Picture:
    """The picture, no side longer than most."""
    height, width = picture.shape[:2]
    factor = most / max(height, width)
    if factor >= 1.0:
        return picture
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))
