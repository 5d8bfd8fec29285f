"""Pictures by PyTorch3D's rasteriser, where it is installed; for a GPU: on a processor a frame takes a minute.

PyTorch3D says which triangle each sample shows; the light is ours, as in ``programs``, so the pictures are alike.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from types import TracebackType
from typing import Self

import numpy as np
import pytorch3d
import torch
from jaxtyping import Float, Int
from pytorch3d.renderer.mesh import rasterize_meshes
from pytorch3d.structures import Meshes

from pipelines.morph.blend import blend
from pipelines.morph.camera import Camera, turn, yaw
from pipelines.morph.renderers import Look, Shot
from pipelines.morph.renderers.lighting import lamps
from pipelines.morph.renderers.shading import encoded, looked_up, shaded
from pipelines.morph.surface import Clay, Colours, Paint, Picture, Rows, Skins, Subject, rows

FINER = 2
"""Samples along each side of a pixel."""


class Pytorch3dRenderer:
    """Rasterises on the first GPU, or on the processor. Keeps ``Renderer``."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._subject: Subject
        self._camera: Camera
        self._rows: Rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    @property
    def version(self) -> str:
        """The versions of both packages, and the device."""
        return f"pytorch3d {pytorch3d.__version__}, torch {version('torch')}, {self._device.type}"

    def load(self, subject: Subject, camera: Camera) -> None:
        """As ``Renderer.load``."""
        self._subject, self._camera, self._rows = subject, camera, rows(subject, camera)

    def frames(self, shots: Sequence[Shot]) -> Iterator[Picture]:
        """As ``Renderer.frames``."""
        clay = isinstance(self._subject.surface, Clay)
        for shot in shots:
            samples = self._samples(shot)
            eye = np.array([*self._camera.shift, self._camera.distance])
            normals = self._subject.normals.at(shot.t)[self._rows.vertex] @ turn(shot.yaw).T
            view = eye - samples.of(samples.placed)
            own = None if clay else self._own(samples, shot.t)
            light = shaded(samples.of(normals), view, own, lamps(self._look.lighting, clay=clay))
            yield self._gathered(samples, encoded(light))

    def painted(self, paints: Sequence[Paint]) -> tuple[Picture, ...]:
        """As ``Renderer.painted``."""
        samples = self._samples(Shot(0.0, yaw(self._camera.side, 0.0)))
        return tuple(self._gathered(samples, self._coloured(samples, paint)) for paint in paints)

    def _coloured(self, samples: _Samples, paint: Paint) -> Float[np.ndarray, "n 3"]:
        low, high = paint.ends
        here = samples.of(((paint.values - low) / (high - low))[self._rows.vertex, None])[:, 0]
        place, axis = np.clip(here, 0.0, 1.0) * (len(paint.table) - 1), np.arange(len(paint.table))
        return np.stack([np.interp(place, axis, paint.table[:, c]) for c in range(3)], axis=1)

    def _samples(self, shot: Shot) -> _Samples:
        columns = self._rows.columns
        placed = blend(columns["position_a"], columns["position_b"], shot.t).astype(np.float64) @ turn(shot.yaw).T
        seen = np.column_stack([placed, np.ones(len(placed))]) @ self._camera.projection().T
        screen = np.column_stack([-seen[:, 0] / seen[:, 3], seen[:, 1] / seen[:, 3], seen[:, 3]])  # its +X is left
        triangles = self._rows.triangles.astype(np.int64)
        mesh = Meshes(
            [torch.tensor(screen, dtype=torch.float32, device=self._device)],
            [torch.tensor(triangles, device=self._device)],
        )
        face, _, weights, _ = rasterize_meshes(
            mesh, FINER * self._look.size, blur_radius=0.0, faces_per_pixel=1, perspective_correct=True
        )
        found = face[0, :, :, 0].cpu().numpy()
        hit = found >= 0
        corners = triangles[found[hit]]
        return _Samples(hit=hit, corners=corners, weights=weights[0, :, :, 0].cpu().numpy()[hit], placed=placed)

    def _own(self, samples: _Samples, t: float) -> Float[np.ndarray, "n 3"]:
        columns = self._rows.columns
        match self._subject.surface:
            case Skins(a=a, b=b):
                one = looked_up(a.texture, samples.of(columns["uv_a"]))
                return blend(one, looked_up(b.texture, samples.of(columns["uv_b"])), t)
            case Colours():
                return samples.of(blend(columns["colour_a"], columns["colour_b"], t))
        raise AssertionError("clay has no colours of its own")

    def _gathered(self, samples: _Samples, colours: Float[np.ndarray, "n 3"]) -> Picture:
        fine = np.empty((*samples.hit.shape, 3))
        fine[:] = np.array(self._look.background) / 255.0
        fine[samples.hit] = colours
        size = self._look.size
        mean = fine.reshape(size, FINER, size, FINER, 3).mean(axis=(1, 3))
        return np.asarray(np.rint(np.clip(mean, 0.0, 1.0) * 255), np.uint8)


class _Samples:
    """What the samples of a picture show. hit: which show the mesh; of those the corners and their weights."""

    def __init__(
        self,
        *,
        hit: np.ndarray,
        corners: Int[np.ndarray, "n 3"],
        weights: Float[np.ndarray, "n 3"],
        placed: Float[np.ndarray, "v 3"],
    ) -> None:
        self.hit, self.placed, self._corners, self._weights = hit, placed, corners, weights

    def of(self, values: Float[np.ndarray, "v c"]) -> Float[np.ndarray, "n c"]:
        """The values of the vertices, interpolated to each sample."""
        return np.asarray(np.einsum("nk,nkc->nc", self._weights, values[self._corners]))
