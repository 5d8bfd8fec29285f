"""A subject on an OpenGL device: its buffers and programs, and what of it must be drawn."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import moderngl
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from pipelines.morph.camera import FIELD_OF_VIEW, Camera, Side, turn, yaw
from pipelines.morph.renderers import Look, Shot
from pipelines.morph.renderers.gl_canvas import FINER
from pipelines.morph.renderers.gl_programs import Programs, put
from pipelines.morph.renderers.hidden import Guess, farthest, guessed, outline, spread, swept
from pipelines.morph.renderers.lighting import lamps
from pipelines.morph.renderers.programs import BOX, GATHERED, HEAD, LIT, PAINTED, SURFACE, TOGETHER, VERTEX, lights
from pipelines.morph.surface import Clay, Colours, Paint, Picture, Skins, Subject, rows

ANISOTROPY = 8.0
"""On a GPU. Mesa on the processor takes five times as long a frame with any, for what no eye finds on a face."""
TEXELS_A_PIXEL = 4
"""A texture is reduced to at most this many times the picture's size: finer texels are never seen."""
FARTHEST_VALUE = 1e6
"""A value so many lengths of the table beyond its end is as good as any farther one."""
UNITS = {"directions": 0, "depth": 1, "own": 2, "texture_a": 3, "texture_b": 4}
"""The texture units: the first three are the canvas's, the others the scene's."""
PAINTED_UNITS = tuple(range(5, 5 + TOGETHER))
COLOUR_UNITS = tuple(range(5 + TOGETHER, 5 + 2 * TOGETHER))
"""The same of the paints: the easel's, and the scene's."""


class _Releasable(Protocol):
    def release(self) -> None: ...


Thing = TypeVar("Thing", bound=_Releasable)


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """A program with the subject's rows. whole: all triangles; kept: those that the guess does not leave out."""

    program: moderngl.Program
    whole: moderngl.VertexArray
    kept: moderngl.VertexArray


class Scene:
    """One subject as the camera sees it. owner: releases what the scene makes; with its closing the scene is over."""

    def __init__(self, programs: Programs, owner: ExitStack, seen: tuple[Subject, Camera], look: Look) -> None:
        subject, self._camera = seen
        self._gl, self._programs, self._owner, self._look = programs.gl, programs, owner, look
        self._rows = rows(subject, self._camera)
        self._buffers = {name: (self._buffer(c), c.shape[1]) for name, c in self._rows.columns.items()}
        self._triangles = self._buffer(self._rows.triangles)
        self._kept = self._buffer(self._rows.triangles)
        self._count = self._rows.triangles.size
        kind = f"#define {_kind(subject)}\n"
        strengths = lights(lamps(look.lighting, clay=isinstance(subject.surface, Clay)))
        self._surface = self._layer(kind, SURFACE)
        self._lit = self._gathering(kind + strengths + LIT)
        self._painted: _Layer | None = None
        if isinstance(subject.surface, Skins):
            self._cover("texture_a", subject.surface.a.texture)
            self._cover("texture_b", subject.surface.b.texture)
        self._guess: Guess | None = None

    def draw(self, shot: Shot, *, painted: bool, whole: bool) -> None:
        """Afterwards the subject is on the canvas in use. whole: with what is thought to be hidden."""
        layer = self._painted if painted and self._painted else self._surface
        self._place(layer.program, shot)
        if whole:
            layer.whole.render()
        elif self._count:
            layer.kept.render(vertices=self._count)

    def gather(self, *, painted: bool) -> None:
        """Afterwards the samples of what was drawn are pixels on the canvas in use, where there is any of it."""
        (self._gathered if painted else self._lit).render(moderngl.TRIANGLE_STRIP, vertices=4)

    @property
    def guess(self) -> Guess | None:
        """What ``draw`` leaves out; None where it draws everything."""
        return self._guess

    @property
    def curious(self) -> bool:
        """Whether ``look`` would help: a head that turns shows each of its triangles."""
        return self._guess is None and self._camera.side is not Side.TURNTABLE

    def look(self, depths: Sequence[UInt8[np.ndarray, "h w"]]) -> None:
        """Afterwards what is behind all these depths, those of whole drawings, is left out."""
        if depths:
            sweep = swept(self._ends(), self._rows.triangles, self._camera.projection(), self._look.size)
            self._keep(guessed(sweep, farthest(spread(np.maximum.reduce(depths))) / 255.0))

    def learn(self, far: UInt8[np.ndarray, "y x"]) -> None:
        """Afterwards nothing is left out where these farthest depths of the tiles do not prove that it is hidden."""
        if self._guess is not None:
            self._keep(self._guess.loosened(far))

    def paint(self, paints: Sequence[Paint]) -> None:
        """Afterwards ``draw`` can show these paints, TOGETHER of them at most."""
        every = [*paints, *[paints[-1]] * (TOGETHER - len(paints))]
        column = np.stack([_placed(paint)[self._rows.vertex] for paint in every], axis=1, dtype=np.float32)
        if self._painted is None:
            self._buffers["value"] = (self._own(self._gl.buffer(reserve=column.nbytes)), TOGETHER)
            self._painted = self._layer("#define PAINTED\n", PAINTED)
            self._gathered = self._gathering(GATHERED)
        self._buffers["value"][0].write(column)
        for unit, paint in zip(COLOUR_UNITS, every, strict=True):
            content = np.asarray(paint.table, np.float32).tobytes()
            self._own(self._gl.texture((len(paint.table), 1), 3, content, dtype="f4")).use(unit)

    def _keep(self, guess: Guess) -> None:
        kept = self._rows.triangles[~guess.left_out]
        if kept.size:
            self._kept.write(np.ascontiguousarray(kept))
        self._count, self._guess = kept.size, guess

    def _place(self, program: moderngl.Program, shot: Shot) -> None:
        put(program, "turn", tuple(turn(shot.yaw).T.ravel().tolist()))
        put(program, "t", shot.t)

    def _lens(self) -> tuple[float, float]:
        half = math.tan(FIELD_OF_VIEW / 2)
        return (2.0 * half / (FINER * self._look.size), half)

    def _layer(self, kind: str, fragment: str) -> _Layer:
        head = HEAD + kind
        program = self._programs.of(head + VERTEX, head + fragment)
        put(program, "projection", tuple(self._camera.projection().T.ravel().tolist()))
        put(program, "lens", self._lens())
        put(program, "colours", COLOUR_UNITS)
        content = [(buffer, f"{width}f", name) for name, (buffer, width) in self._buffers.items() if name in program]
        whole, kept = (
            self._own(self._gl.vertex_array(program, content, index, index_element_size=4))
            for index in (self._triangles, self._kept)
        )
        return _Layer(program, whole, kept)

    def _gathering(self, fragment: str) -> moderngl.VertexArray:
        program = self._programs.of(HEAD + BOX, HEAD + fragment)
        for name, unit in UNITS.items():
            put(program, name, unit)
        put(program, "painted", PAINTED_UNITS)
        put(program, "pixels", float(self._look.size))
        put(program, "lens", self._lens())
        put(program, "ground", tuple(part / 255 for part in self._look.background))
        put(program, "box", self._box())
        return self._own(self._gl.vertex_array(program, []))

    def _box(self) -> tuple[float, float, float, float]:
        """The part of the picture that may show the subject, first row at the bottom."""
        if self._camera.side is Side.TURNTABLE:
            return (-1.0, -1.0, 1.0, 1.0)
        left, bottom, right, top = outline(self._ends(), self._camera.projection())
        margin = 4.0 / self._look.size  # two pixels
        return (left - margin, -top - margin, right + margin, -bottom + margin)

    def _ends(self) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]]:
        turned = turn(yaw(self._camera.side, 0.0)).T
        return self._rows.columns["position_a"] @ turned, self._rows.columns["position_b"] @ turned

    def _cover(self, name: str, picture: Picture) -> None:
        most = min(TEXELS_A_PIXEL * self._look.size, int(self._gl.info["GL_MAX_TEXTURE_SIZE"]))
        upright = np.ascontiguousarray(_reduced(picture, most)[::-1])  # OpenGL's first row is the bottom one
        size = (upright.shape[1], upright.shape[0])
        texture = self._own(self._gl.texture(size, 3, upright.tobytes(), alignment=1))
        texture.build_mipmaps()
        on_processor = "llvmpipe" in self._gl.info["GL_RENDERER"] or "softpipe" in self._gl.info["GL_RENDERER"]
        texture.anisotropy = 1.0 if on_processor else min(ANISOTROPY, float(self._gl.max_anisotropy))
        self._bind(self._surface.program, name, texture)

    def _bind(self, program: moderngl.Program, name: str, texture: moderngl.Texture) -> None:
        texture.use(UNITS[name])
        put(program, name, UNITS[name])

    def _buffer(self, content: Any) -> moderngl.Buffer:
        return self._own(self._gl.buffer(content))

    def _own(self, thing: Thing) -> Thing:
        """The thing, released when the scene is over."""
        self._owner.callback(thing.release)
        return thing


def _placed(paint: Paint) -> Float[np.ndarray, " v"]:
    """Where the values are in the table: 0 is its first entry, 1 its last."""
    low, high = paint.ends
    return np.clip((paint.values - low) / (high - low), -FARTHEST_VALUE, FARTHEST_VALUE)


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
