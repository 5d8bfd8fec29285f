"""Who draws the pictures of a morph: one Protocol, and the renderers that keep it.

- ``lighting``            how a head is lit
- ``programs``            the GLSL
- ``hidden``              which triangles no frame can show, and the proof for each frame
- ``gl``                  OpenGL by moderngl: the default, on a GPU or on the processor
- ``pyrender_backend``    pyrender (the maintained fork), where somebody wants its look
- ``pytorch3d_backend``   PyTorch3D, where it is installed
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from pipelines.contract import BadInput
from pipelines.morph.camera import Camera
from pipelines.morph.renderers.lighting import Lighting
from pipelines.morph.surface import Paint, Picture, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What all pictures of a job have in common. size: pixels a side. background: RGB, 0 to 255."""

    size: int
    background: tuple[int, int, int]
    lighting: Lighting = Lighting.STUDIO


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture. t: 0 is A, 1 is B. yaw: how far the head is turned, in radians (``camera.yaw``)."""

    t: float
    yaw: float = 0.0


class Renderer(Protocol):
    """Draws subjects, one after the other; belongs to the thread that made it, and to a ``with``.

    A picture depends on the subject at its moment, the camera and the look alone: the one at t = 0 of A to B is, to the
    last bit, the one of A to A. The film's unlit parts and ``painted`` show colours as they are.
    """

    @property
    def version(self) -> str:
        """What draws, for the receipt."""

    def load(self, subject: Subject, camera: Camera) -> None:
        """Afterwards this subject is drawn as the camera sees it; the one before is gone."""

    def frames(self, shots: Sequence[Shot]) -> Iterator[Picture]:
        """The subject at these moments, in order, first row on top. Drawing may run ahead of what was taken."""

    def painted(self, paints: Sequence[Paint]) -> tuple[Picture, ...]:
        """For each paint the subject at t = 0, unlit: each point in its colour for the value there, interpolated."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


def opened(name: str, look: Look) -> Renderer:
    """The renderer of that name. Raises BadInput where its package is not installed, RuntimeError without OpenGL."""
    # Each backend is imported only where it is asked for: two of them are slow to import and may not be there.
    try:
        match name:
            case "pyrender":
                from pipelines.morph.renderers.pyrender_backend import PyrenderRenderer  # noqa: PLC0415

                return PyrenderRenderer(look)
            case "pytorch3d":
                from pipelines.morph.renderers.pytorch3d_backend import Pytorch3dRenderer  # noqa: PLC0415

                return Pytorch3dRenderer(look)
    except ImportError as missing:
        raise BadInput(
            f"renderer = “{name}”: {missing.name or name} is not installed on this machine. "
            f"Take renderer = “auto”, or have it installed with: {INSTALL[name]}"
        ) from missing
    from pipelines.morph.renderers.gl import GlRenderer  # noqa: PLC0415

    return GlRenderer(look)


INSTALL = {
    "pyrender": "pip install 'visaged[morph-pyrender]'",
    "pytorch3d": "the steps of https://github.com/facebookresearch/pytorch3d/blob/main/INSTALL.md",
}
"""How a renderer that is not there can be had."""
