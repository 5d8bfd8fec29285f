"""Gaussians of space as Gaussians of the picture: projected, with their spread carried along."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pipelines.talking_head.gaussians.splat import Flat
from pipelines.talking_head.track.turning import FOCAL

SOFT = 0.3
"""Added to the variance in the picture, in pixels squared: no Gaussian falls between the pixels."""
NEAR = 1.0
"""Centimetres from the camera, nearer than which nothing is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solid:
    """Gaussians of space.

    at: centimetres in the camera's frame. spread: their covariance there. opacity, colour: 0 to 1.
    """

    at: Float[Tensor, "n 3"]
    spread: Float[Tensor, "n 3 3"]
    opacity: Float[Tensor, " n"]
    colour: Float[Tensor, "n 3"]


def flattened(solid: Solid, side: int) -> Flat:
    """The Gaussians in a picture of side by side pixels, by the affine approximation (Zwicker et al. 2002).

    On a GPU one kernel does it.
    """
    if solid.at.is_cuda:
        from pipelines.talking_head.gaussians.fused import project  # noqa: PLC0415  Triton is for GPUs

        return project.flattened(solid, side)
    x, y, z = solid.at.unbind(1)
    depth = z.clamp_min(NEAR)
    scale = FOCAL * side / depth
    zero = torch.zeros_like(scale)
    slope = torch.stack(
        [torch.stack([scale, zero, -scale * x / depth], 1), torch.stack([zero, scale, -scale * y / depth], 1)], 1
    )
    spread = slope @ solid.spread @ slope.transpose(1, 2)
    xx, xy, yy = spread[:, 0, 0] + SOFT, spread[:, 0, 1], spread[:, 1, 1] + SOFT
    determinant = xx * yy - xy * xy
    conic = torch.stack([yy, -xy, xx], 1) / determinant[:, None]
    at = torch.stack([scale * x, scale * y], 1) + side / 2
    return Flat(at=at, conic=conic, opacity=solid.opacity * (z > NEAR), colour=solid.colour, depth=z)


def turned(quaternions: Float[Tensor, "n 4"]) -> Float[Tensor, "n 3 3"]:
    """The rotations of quaternions (w, x, y, z) of any length."""
    w, x, y, z = torch.nn.functional.normalize(quaternions, dim=1).unbind(1)
    rows = [
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    ]
    return torch.stack([torch.stack(row, 1) for row in rows], 1)


def spread(quaternions: Float[Tensor, "n 4"], sizes: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3 3"]:
    """The covariances of Gaussians of those sizes, turned so (equation 6 of Kerbl et al.)."""
    axes = turned(quaternions) * sizes[:, None]
    return axes @ axes.transpose(1, 2)
