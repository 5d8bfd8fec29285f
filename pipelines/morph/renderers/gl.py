"""Pictures by OpenGL without a screen (EGL: a GPU's driver, or Mesa on the processor).

A picture is drawn at twice its size and gathered two by two: on a processor that costs a quarter of Mesa's own
multisampling and, unlike it, tells the true depth of every sample, which is what the proof of ``hidden`` needs. Samples
are lit as they are gathered, each once: before that, most of them are of triangles too small to fill what they cost.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import moderngl

from pipelines.contract import cores
from pipelines.morph.camera import Camera, yaw
from pipelines.morph.renderers import Look, Shot
from pipelines.morph.renderers.gl_canvas import Canvas, Easel, Pixels, canvas, easel, read
from pipelines.morph.renderers.gl_programs import Programs
from pipelines.morph.renderers.gl_scene import PAINTED_UNITS, UNITS, Scene
from pipelines.morph.renderers.hidden import Guess, looks
from pipelines.morph.renderers.programs import TOGETHER
from pipelines.morph.surface import Clay, Paint, Picture, Subject

MISSING = (
    "OpenGL cannot be started on this machine ({problem}), so no picture can be drawn. "
    "Install it with: apt install libegl1 libgl1 libgl1-mesa-dri"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Drawn:
    """A picture that is being drawn. guess: what was left out of it then, which must be proved when it is there."""

    canvas: Canvas
    shot: Shot
    guess: Guess | None


class GlRenderer:
    """One OpenGL context with one square canvas, drawn while the one before is read. Keeps ``Renderer``.

    Raises RuntimeError, with a sentence that says what to install, where there is no OpenGL.
    """

    def __init__(self, look: Look) -> None:
        self._gl = _context()
        self._programs = Programs(self._gl)
        self._look = look
        self._subject = ExitStack()
        self._scene: Scene
        self._front, self._clay = 0.0, True
        self._canvases = deque(canvas(self._gl, look.size) for _ in range(2))
        self._easel: Easel | None = None

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
        self._scene = Scene(self._programs, self._subject, (subject, camera), self._look)
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
        seen = {number: read(self._drawn(shots[number], self._next()).canvas.pixels) for number in looks(len(shots))}
        self._scene.look([pixels.depth for pixels in seen.values()])
        return {number: pixels.picture for number, pixels in seen.items()}

    def painted(self, paints: Sequence[Paint]) -> tuple[Picture, ...]:
        """As ``Renderer.painted``; as many at once as the device's program holds: that costs little more than one."""
        groups = [paints[first : first + TOGETHER] for first in range(0, len(paints), TOGETHER)]
        return tuple(picture for group in groups for picture in self._together(group))

    def _together(self, paints: Sequence[Paint]) -> list[Picture]:
        self._scene.paint(paints)
        self._easel = self._easel or easel(self._gl, self._look.size, self._canvases[0])
        first = self._paint(self._easel, whole=False)
        if self._scene.guess and not self._scene.guess.proved(first.far).all():
            self._scene.learn(first.far)
            first = self._paint(self._easel, whole=True)
        others = (read(self._easel.pixels, number) for number in range(1, len(paints)))
        return [pixels.picture for pixels in (first, *others)]

    def _paint(self, on: Easel, *, whole: bool) -> Pixels:
        """Afterwards the paints are on the easel; the first of them, as it was read."""
        self._begin(on.samples, moderngl.DEPTH_TEST)
        self._scene.draw(Shot(0.0, self._front), painted=True, whole=whole)
        self._begin(on.pixels, moderngl.NOTHING)
        on.depth.use(UNITS["depth"])
        for unit, texture in zip(PAINTED_UNITS, on.painted, strict=True):
            texture.use(unit)
        self._scene.gather(painted=True)
        return read(on.pixels)

    def _next(self) -> Canvas:
        self._canvases.rotate()
        return self._canvases[0]

    def _drawn(self, shot: Shot, canvas: Canvas, *, whole: bool = False) -> _Drawn:
        self._begin(canvas.clay if self._clay else canvas.covered, moderngl.DEPTH_TEST)
        self._scene.draw(shot, painted=False, whole=whole)
        self._begin(canvas.pixels, moderngl.NOTHING)
        for name in ("directions", "own", "depth"):
            getattr(canvas, name).use(UNITS[name])
        self._scene.gather(painted=False)
        return _Drawn(canvas=canvas, shot=shot, guess=None if whole else self._scene.guess)

    def _begin(self, on: moderngl.Framebuffer, how: int) -> None:
        """Afterwards this is what is drawn on, and nothing but background."""
        red, green, blue = (part / 255 for part in self._look.background)
        on.use()
        self._gl.enable_only(how)
        on.clear(red, green, blue, 1.0)

    def _taken(self, drawn: _Drawn | Picture) -> Picture:
        if not isinstance(drawn, _Drawn):
            return drawn
        pixels = read(drawn.canvas.pixels)
        if drawn.guess and not drawn.guess.proved(pixels.far).all():
            self._scene.learn(pixels.far)
            pixels = read(self._drawn(drawn.shot, drawn.canvas, whole=True).canvas.pixels)
        return pixels.picture


def _context() -> moderngl.Context:
    # Mesa would take every core of the machine; none beside this thread is the best for one core.
    os.environ.setdefault("LP_NUM_THREADS", str(cores() if cores() > 1 else 0))
    wanted: dict[str, Any] = {"backend": "egl", "libgl": "libGL.so.1", "libegl": "libEGL.so.1"}
    try:
        return moderngl.create_context(require=400, standalone=True, **wanted)
    except Exception as problem:  # glcontext raises Exception itself
        raise RuntimeError(MISSING.format(problem=problem)) from problem
