"""What a rasteriser is: whatever draws Gaussians of the picture as ``plain`` does, only faster."""

from __future__ import annotations

from typing import Protocol

from pipelines.talking_head.gaussians.splat import Drawn, Flat, drawn


class Raster(Protocol):
    """Draws Gaussians on the device that they are on; what it draws can be differentiated in all but their depth.

    Held to: picture and what shows through within 1e-3 of ``plain`` in single precision, gradients within 1 %.
    """

    def __call__(self, flat: Flat, height: int, width: int, /) -> Drawn:
        """The Gaussians as they cover each other, nearest first; of no Gaussians, black that all shows through."""


TILED: Raster = drawn
"""The one for a CPU."""
