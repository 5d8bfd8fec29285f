"""Gaussians of space as Gaussians of the picture, a kernel there and one back, in single precision always."""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from pipelines.talking_head.gaussians.camera import NEAR, SOFT, Solid
from pipelines.talking_head.gaussians.splat import Flat
from pipelines.talking_head.track.turning import FOCAL

BLOCK = 128
"""Gaussians a program."""


def flattened(solid: Solid, side: int) -> Flat:
    """As ``camera.flattened``."""
    at, conic = _Projected.apply(solid.at.float().contiguous(), solid.spread.float().contiguous(), side)
    depth = solid.at[:, 2]
    return Flat(at=at, conic=conic, opacity=solid.opacity * (depth > NEAR), colour=solid.colour, depth=depth)


class _Projected(torch.autograd.Function):
    """Places and covariances of space, to places and conics of the picture."""

    @staticmethod
    def forward(ctx: Any, at: Tensor, spread: Tensor, side: int) -> tuple[Tensor, Tensor]:
        """A lane a Gaussian."""
        flat, conic = at.new_empty(len(at), 2), at.new_empty(len(at), 3)
        _forward[_grid(at)](at, spread, flat, conic, len(at), side, **_CONSTANTS)
        ctx.save_for_backward(at, spread)
        ctx.side = side
        return flat, conic

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """The same, the other way round."""
        at, spread = ctx.saved_tensors
        of_flat, of_conic = (gradient.contiguous() for gradient in gradients)
        of_at, of_spread = torch.empty_like(at), torch.empty_like(spread)
        _backward[_grid(at)](at, spread, of_flat, of_conic, of_at, of_spread, len(at), ctx.side, **_CONSTANTS)
        return of_at, of_spread, None


def _grid(at: Tensor) -> tuple[int]:
    return (triton.cdiv(max(len(at), 1), BLOCK),)


_CONSTANTS: dict[str, Any] = {"FOCAL": FOCAL, "NEAR": NEAR, "SOFT": SOFT, "BLOCK": BLOCK}


@triton.jit
def _seen(
    at: tl.tensor, one: tl.tensor, own: tl.tensor, side: tl.tensor, FOCAL: tl.constexpr, NEAR: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Where a Gaussian is, and its slopes: pixels a centimetre, and how much they lean to the middle with depth."""
    x, y = tl.load(at + 3 * one, mask=own, other=0.0), tl.load(at + 3 * one + 1, mask=own, other=0.0)
    z = tl.load(at + 3 * one + 2, mask=own, other=1.0)
    depth = tl.maximum(z, NEAR)
    return x, y, z, depth, FOCAL * side / depth


@triton.jit
def _summed(
    spread: tl.tensor, one: tl.tensor, own: tl.tensor, u: tl.tensor, v: tl.tensor,
) -> tl.tensor:  # fmt: skip
    """The products of the covariance with the two leaning axes (1, 0, u) and (0, 1, v), from both sides."""
    a, b = tl.load(spread + 9 * one, mask=own, other=1.0), tl.load(spread + 9 * one + 1, mask=own, other=0.0)
    c = tl.load(spread + 9 * one + 2, mask=own, other=0.0)
    e, f = tl.load(spread + 9 * one + 4, mask=own, other=1.0), tl.load(spread + 9 * one + 5, mask=own, other=0.0)
    g, h = tl.load(spread + 9 * one + 6, mask=own, other=0.0), tl.load(spread + 9 * one + 7, mask=own, other=0.0)
    i = tl.load(spread + 9 * one + 8, mask=own, other=1.0)
    # Twice the symmetric part times an axis, and what the mixed product needs of each side.
    xx, yy = a + u * (c + g) + u * u * i, e + v * (f + h) + v * v * i
    xy = b + v * c + u * h + u * v * i
    of_u, of_v = (c + g) + 2 * u * i, (f + h) + 2 * v * i
    return xx, xy, yy, of_u, of_v, h + v * i, c + u * i


@triton.jit
def _forward(
    at: tl.tensor, spread: tl.tensor, flat: tl.tensor, conic: tl.tensor, count: tl.tensor, side: tl.tensor,
    FOCAL: tl.constexpr, NEAR: tl.constexpr, SOFT: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Afterwards these Gaussians are in the picture."""
    one = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    own = one < count
    x, y, _, depth, scale = _seen(at, one, own, side, FOCAL, NEAR)
    xx, xy, yy, _, _, _, _ = _summed(spread, one, own, -x / depth, -y / depth)
    xx, xy, yy = scale * scale * xx + SOFT, scale * scale * xy, scale * scale * yy + SOFT
    determinant = xx * yy - xy * xy
    tl.store(flat + 2 * one, scale * x + side / 2, mask=own)
    tl.store(flat + 2 * one + 1, scale * y + side / 2, mask=own)
    tl.store(conic + 3 * one, yy / determinant, mask=own)
    tl.store(conic + 3 * one + 1, -xy / determinant, mask=own)
    tl.store(conic + 3 * one + 2, xx / determinant, mask=own)


@triton.jit
def _backward(
    at: tl.tensor, spread: tl.tensor, of_flat: tl.tensor, of_conic: tl.tensor, of_at: tl.tensor, of_spread: tl.tensor,
    count: tl.tensor, side: tl.tensor,
    FOCAL: tl.constexpr, NEAR: tl.constexpr, SOFT: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Afterwards these Gaussians have their gradients."""
    one = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    own = one < count
    x, y, z, depth, scale = _seen(at, one, own, side, FOCAL, NEAR)
    u, v = -x / depth, -y / depth
    sxx, sxy, syy, of_u, of_v, mixed_u, mixed_v = _summed(spread, one, own, u, v)
    square = scale * scale
    xx, xy, yy = square * sxx + SOFT, square * sxy, square * syy + SOFT
    determinant = xx * yy - xy * xy
    a, b, c = yy / determinant, -xy / determinant, xx / determinant
    ga, gb = tl.load(of_conic + 3 * one, mask=own, other=0.0), tl.load(of_conic + 3 * one + 1, mask=own, other=0.0)
    gc = tl.load(of_conic + 3 * one + 2, mask=own, other=0.0)
    # The gradient of an inverse: less the inverse times the gradient times the inverse.
    gxx = -(ga * a * a + gb * a * b + gc * b * b) * square
    gyy = -(ga * b * b + gb * b * c + gc * c * c) * square
    gxy = -(2 * ga * a * b + gb * (a * c + b * b) + 2 * gc * b * c) * square
    gx, gy = tl.load(of_flat + 2 * one, mask=own, other=0.0), tl.load(of_flat + 2 * one + 1, mask=own, other=0.0)
    gu, gv = gxx * of_u + gxy * mixed_u, gyy * of_v + gxy * mixed_v
    of_scale = gx * x + gy * y + 2 * (gxx * sxx + gxy * sxy + gyy * syy) / scale
    of_depth = (gu * x + gv * y) / (depth * depth) - of_scale * scale / depth
    tl.store(of_at + 3 * one, gx * scale - gu / depth, mask=own)
    tl.store(of_at + 3 * one + 1, gy * scale - gv / depth, mask=own)
    tl.store(of_at + 3 * one + 2, tl.where(z >= NEAR, of_depth, 0.0), mask=own)
    tl.store(of_spread + 9 * one, gxx, mask=own)
    tl.store(of_spread + 9 * one + 1, gxy, mask=own)
    tl.store(of_spread + 9 * one + 2, gxx * u + gxy * v, mask=own)
    tl.store(of_spread + 9 * one + 3, tl.zeros((BLOCK,), tl.float32), mask=own)
    tl.store(of_spread + 9 * one + 4, gyy, mask=own)
    tl.store(of_spread + 9 * one + 5, gyy * v, mask=own)
    tl.store(of_spread + 9 * one + 6, gxx * u, mask=own)
    tl.store(of_spread + 9 * one + 7, gyy * v + gxy * u, mask=own)
    tl.store(of_spread + 9 * one + 8, gxx * u * u + gxy * u * v + gyy * v * v, mask=own)
