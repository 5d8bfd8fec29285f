"""Pictures by pyrender (the maintained fork), where somebody wants its look: physically based shading and its lamps.

Slower than OpenGL by itself: every frame is a new mesh. The same camera, the same shapes, the same background.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self

import numpy as np
from jaxtyping import Float

from pipelines.morph.blend import blend
from pipelines.morph.camera import FIELD_OF_VIEW, Camera, turn, yaw
from pipelines.morph.renderers import Look, Shot
from pipelines.morph.renderers.lighting import CLAY, FILL, KEY, RIM, lamps
from pipelines.morph.renderers.shading import linear
from pipelines.morph.surface import Clay, Colours, Paint, Picture, Rows, Skins, Subject, rows

os.environ.setdefault("PYOPENGL_PLATFORM", "egl")  # read once, when PyOpenGL is first imported: no screen is needed
import pyrender

STRENGTH = 3.0
"""Of a lamp of strength one: physically based shading divides by pi."""
_ALL_SIDES = 1.4


class PyrenderRenderer:
    """One off-screen pyrender canvas. Keeps ``Renderer``. Raises RuntimeError where it finds no OpenGL."""

    def __init__(self, look: Look) -> None:
        self._look = look
        try:
            self._canvas = pyrender.OffscreenRenderer(look.size, look.size)
        except Exception as problem:  # PyOpenGL and pyglet raise what they like
            raise RuntimeError(
                f"pyrender cannot draw on this machine ({problem}). Take renderer = “auto”."
            ) from problem
        self._subject: Subject
        self._camera: Camera
        self._rows: Rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._canvas.delete()

    @property
    def version(self) -> str:
        """The fork and its version."""
        return f"pyrender-maintained {version('pyrender-maintained')}"

    def load(self, subject: Subject, camera: Camera) -> None:
        """As ``Renderer.load``."""
        self._subject, self._camera, self._rows = subject, camera, rows(subject, camera)

    def frames(self, shots: Sequence[Shot]) -> Iterator[Picture]:
        """As ``Renderer.frames``. Two textures are blended as pictures: pyrender has one on a mesh."""
        for shot in shots:
            parts = [(weight, self._drawn(self._mesh(shot.t, one), shot.yaw)) for weight, one in self._covers(shot.t)]
            mixed = sum(weight * picture.astype(np.float32) for weight, picture in parts)
            yield np.rint(mixed).astype(np.uint8)

    def painted(self, paints: Sequence[Paint]) -> tuple[Picture, ...]:
        """As ``Renderer.painted``; the table is looked up at the vertices."""
        return tuple(map(self._painted, paints))

    def _painted(self, paint: Paint) -> Picture:
        low, high = paint.ends
        place = np.clip((paint.values - low) / (high - low), 0.0, 1.0) * (len(paint.table) - 1)
        axis = np.arange(len(paint.table))
        colours = np.stack([np.interp(place, axis, paint.table[:, channel]) for channel in range(3)], axis=1)
        mesh = self._mesh(0.0, {"color_0": _opaque(colours[self._rows.vertex])})
        return self._drawn(mesh, yaw(self._camera.side, 0.0), flat=True)

    def _mesh(self, t: float, covers: dict[str, Any]) -> Any:
        columns, normals = self._rows.columns, self._subject.normals.at(t)[self._rows.vertex]
        primitive = pyrender.Primitive(
            positions=blend(columns["position_a"], columns["position_b"], t),
            normals=normals.astype(np.float32),
            indices=self._rows.triangles,
            **{"material": _matt(), **covers},
        )
        return pyrender.Mesh([primitive])

    def _covers(self, t: float) -> list[tuple[float, dict[str, Any]]]:
        """What lies on the mesh at t, with weights that add to 1: textures, or colours of the vertices."""
        columns = self._rows.columns
        match self._subject.surface:
            case Skins(a=a, b=b):
                both = [(1.0 - t, a, columns["uv_a"]), (t, b, columns["uv_b"])]
                return [(w, {"texcoord_0": uvs, "material": _matt(skin.texture)}) for w, skin, uvs in both if w]
            case Colours(a=first, b=second):
                return [(1.0, {"color_0": _opaque(linear(blend(first, second, t))[self._rows.vertex])})]
            case Clay():
                return [(1.0, {"color_0": _opaque(np.tile(CLAY, (len(self._rows.vertex), 1)))})]

    def _drawn(self, mesh: Any, angle: float, *, flat: bool = False) -> Picture:
        scene = pyrender.Scene(bg_color=[*(c / 255 for c in self._look.background), 1.0], ambient_light=self._sky())
        turned = np.eye(4)
        turned[:3, :3] = turn(angle)
        scene.add(mesh, pose=turned)
        place = np.eye(4)
        place[:3, 3] = (*self._camera.shift, self._camera.distance)
        near, far = self._camera.planes()
        scene.add(pyrender.PerspectiveCamera(yfov=FIELD_OF_VIEW, znear=near, zfar=far, aspectRatio=1.0), pose=place)
        for direction, strength in self._lamps():
            scene.add(pyrender.DirectionalLight(intensity=STRENGTH * strength), pose=_towards(direction))
        flags = pyrender.RenderFlags.FLAT if flat else pyrender.RenderFlags.NONE
        colour, _ = self._canvas.render(scene, flags=flags | pyrender.RenderFlags.SKIP_CULL_FACES)
        return np.ascontiguousarray(colour[..., :3])

    def _sky(self) -> list[float]:
        found = lamps(self._look.lighting, clay=isinstance(self._subject.surface, Clay))
        return [_ALL_SIDES * (found.ground + found.sky) / 2] * 3

    def _lamps(self) -> list[tuple[tuple[float, float, float], float]]:
        found = lamps(self._look.lighting, clay=isinstance(self._subject.surface, Clay))
        head = ((0.0, 0.0, 1.0), found.head)
        every = [(KEY, found.key), (FILL, found.fill), (RIM, found.rim), head]
        return [(direction, strength) for direction, strength in every if strength]


def _towards(direction: tuple[float, float, float]) -> Float[np.ndarray, "4 4"]:
    """The pose of a lamp that stands there and shines at the origin: pyrender's shine along their own -Z."""
    back = np.array(direction) / np.linalg.norm(direction)
    side = np.cross([0.0, 1.0, 0.0], back)
    side = side / np.linalg.norm(side)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([side, np.cross(back, side), back], axis=1)
    return pose


def _opaque(colours: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 4"]:
    return np.concatenate([colours, np.ones((len(colours), 1))], axis=1).astype(np.float32)


def _matt(texture: Picture | None = None) -> Any:
    picture = None if texture is None else pyrender.Texture(source=texture, source_channels="RGB")
    return pyrender.MetallicRoughnessMaterial(
        baseColorTexture=picture, metallicFactor=0.0, roughnessFactor=0.8, doubleSided=True
    )
