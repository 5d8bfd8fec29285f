"""Pictures by OpenGL without a screen (EGL: a GPU's driver, or Mesa on the processor).

A picture is drawn at twice its size and gathered two by two: on a processor that costs a quarter of Mesa's own
multisampling and, unlike it, tells the true depth of every sample, which is what the proof of ``hidden`` needs. Samples
are lit as they are gathered, each once: before that, most of them are of triangles too small to fill what they cost.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import moderngl
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from pipelines.contract import cores
from pipelines.morph.camera import Camera, yaw
from pipelines.morph.renderers import Look, Shot
from pipelines.morph.renderers.gl_scene import UNITS, Scene, fineness
from pipelines.morph.renderers.hidden import Guess, farthest, looks
from pipelines.morph.surface import Clay, Picture, Subject

MISSING = (
    "OpenGL cannot be started on this machine ({problem}), so no picture can be drawn. "
    "Install it with: apt install libegl1 libgl1 libgl1-mesa-dri"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Canvas:
    """Where one picture comes to be: its samples (``programs.SURFACE`` and ``PAINTED``), and its pixels.

    clay, covered, painted: framebuffers of the textures that are written for it.
    """

    directions: moderngl.Texture
    own: moderngl.Texture
    depth: moderngl.Texture
    clay: moderngl.Framebuffer
    covered: moderngl.Framebuffer
    painted: moderngl.Framebuffer
    pixels: moderngl.Framebuffer


@dataclass(frozen=True, slots=True, eq=False)
class _Pixels:
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Drawn:
    """A picture that is being drawn. guess: what was left out of it then, which must be proved when it is there."""

    canvas: _Canvas
    shot: Shot
    painted: bool
    guess: Guess | None


class GlRenderer:
    """One OpenGL context with one square canvas, drawn while the one before is read. Keeps ``Renderer``.

    Raises RuntimeError, with a sentence that says what to install, where there is no OpenGL.
    """

    def __init__(self, look: Look) -> None:
        self._gl = _context()
        self._look = look
        self._subject = ExitStack()
        self._scene: Scene
        self._front, self._clay = 0.0, True
        self._canvases = deque([self._canvas(), self._canvas()])

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
        """As ``Renderer.load``."""
        self._subject.close()
        self._scene = Scene(self._gl, self._subject, (subject, camera), self._look)
        self._front, self._clay = yaw(camera.side, 0.0), isinstance(subject.surface, Clay)

    def frames(self, shots: Sequence[Shot]) -> Iterator[Picture]:
        """As ``Renderer.frames``; one picture ahead, so that no core waits for another.

        The first, the middle and the last are drawn before the others, whole: they show what may be left out of these.
        """
        held = self._looked(shots) if self._scene.curious else {}
        ahead: deque[_Drawn | Picture] = deque()
        for number, shot in enumerate(shots):
            ahead.append(held.pop(number) if number in held else self._drawn(shot, self._next()))
            if len(ahead) == len(self._canvases):
                yield self._taken(ahead.popleft())
        while ahead:
            yield self._taken(ahead.popleft())

    def _looked(self, shots: Sequence[Shot]) -> dict[int, Picture]:
        """The pictures of the first looks, by number; afterwards the scene leaves out what they say is hidden."""
        read = {number: self._read(self._drawn(shots[number], self._next())) for number in looks(len(shots))}
        self._scene.look([pixels.depth for pixels in read.values()])
        return {number: pixels.picture for number, pixels in read.items()}

    def painted(
        self, values: Float[np.ndarray, " v"], table: Float[np.ndarray, "n 3"], ends: tuple[float, float]
    ) -> Picture:
        """As ``Renderer.painted``."""
        self._scene.paint(values, table, ends)
        return self._taken(self._drawn(Shot(0.0, self._front), self._next(), painted=True))

    def _next(self) -> _Canvas:
        self._canvases.rotate()
        return self._canvases[0]

    def _drawn(self, shot: Shot, canvas: _Canvas, *, painted: bool = False, whole: bool = False) -> _Drawn:
        red, green, blue = (part / 255 for part in self._look.background)
        samples = canvas.painted if painted else canvas.clay if self._clay else canvas.covered
        samples.use()
        self._gl.enable_only(moderngl.DEPTH_TEST)
        samples.clear(red, green, blue, 1.0)
        self._scene.draw(shot, painted=painted, whole=whole)
        canvas.pixels.use()
        self._gl.enable_only(moderngl.NOTHING)
        canvas.pixels.clear(red, green, blue, 1.0)
        for name in ("directions", "own", "depth"):
            getattr(canvas, name).use(UNITS[name])
        self._scene.gather(painted=painted)
        guess = None if whole else self._scene.guess
        return _Drawn(canvas=canvas, shot=shot, painted=painted, guess=guess)

    def _taken(self, drawn: _Drawn | Picture) -> Picture:
        if not isinstance(drawn, _Drawn):
            return drawn
        pixels = self._read(drawn)
        if drawn.guess and not drawn.guess.proved(pixels.far).all():
            self._scene.learn(pixels.far)
            pixels = self._read(self._drawn(drawn.shot, drawn.canvas, painted=drawn.painted, whole=True))
        return pixels.picture

    def _read(self, drawn: _Drawn) -> _Pixels:
        return _Pixels(drawn.canvas.pixels.read(components=4, alignment=1), self._look.size)

    def _canvas(self) -> _Canvas:
        fine = (fineness(self._look.size), fineness(self._look.size))
        directions, own = self._gl.texture(fine, 2, dtype="nu2"), self._gl.texture(fine, 4)
        depth = self._gl.depth_texture(fine)
        depth.compare_func = ""  # to be read as a number
        for texture in (directions, own, depth):
            texture.repeat_x = texture.repeat_y = False
        pixels = self._gl.renderbuffer((self._look.size, self._look.size), 4)
        return _Canvas(
            directions=directions,
            own=own,
            depth=depth,
            clay=self._gl.framebuffer(directions, depth),
            covered=self._gl.framebuffer([directions, own], depth),
            painted=self._gl.framebuffer(own, depth),
            pixels=self._gl.framebuffer(pixels),
        )


def _context() -> moderngl.Context:
    # Mesa would take every core of the machine; none beside this thread is the best for one core.
    os.environ.setdefault("LP_NUM_THREADS", str(cores() if cores() > 1 else 0))
    wanted: dict[str, Any] = {"backend": "egl", "libgl": "libGL.so.1", "libegl": "libEGL.so.1"}
    try:
        return moderngl.create_context(require=400, standalone=True, **wanted)
    except Exception as problem:  # glcontext raises Exception itself
        raise RuntimeError(MISSING.format(problem=problem)) from problem
