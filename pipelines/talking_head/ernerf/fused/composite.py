"""What rays see of their samples, a lane a ray: front to back, and the gradients of it."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from jaxtyping import Float
from torch import Tensor

from pipelines.talking_head.ernerf.composite import Seen
from pipelines.talking_head.ernerf.march import Samples

BLOCK = 128
"""Rays a program."""


def composite(sigma: Float[Tensor, " m"], rgb: Float[Tensor, "m 3"], samples: Samples, step: float) -> Seen:
    """As ``ernerf.composite.composite``."""
    colour, alpha, share, depth = _Composed.apply(sigma.contiguous(), rgb.contiguous(), samples, step)
    return Seen(colour=colour, alpha=alpha, depth=depth, share=share)


class _Composed(torch.autograd.Function):
    """Densities and colours of samples, to what rays see of them."""

    @staticmethod
    def forward(ctx: Any, sigma: Tensor, rgb: Tensor, samples: Samples, step: float) -> tuple[Tensor, ...]:
        """A program for some rays."""
        rays = len(samples.start) - 1
        colour, alpha, depth = sigma.new_empty(rays, 3), sigma.new_empty(rays), sigma.new_empty(rays)
        share, light = torch.empty_like(sigma), torch.empty_like(sigma)
        _forward[_grid(rays)](
            sigma, rgb, samples.along, samples.start, colour, alpha, depth, share, light, rays, step, BLOCK=BLOCK
        )
        ctx.save_for_backward(rgb, samples.start, share, light)
        ctx.step = step
        ctx.mark_non_differentiable(depth)
        return colour, alpha, share, depth

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """What a sample adds itself, less what it takes from all behind it."""
        rgb, start, share, light = ctx.saved_tensors
        of_colour, of_alpha, of_share = (gradient.contiguous() for gradient in gradients[:3])
        of_sigma, of_rgb = torch.empty_like(share), torch.empty_like(rgb)
        rays = len(start) - 1
        _backward[_grid(rays)](
            rgb, start, share, light, of_colour, of_alpha, of_share, of_sigma, of_rgb, rays, ctx.step, BLOCK=BLOCK
        )
        return of_sigma, of_rgb, None, None


def _grid(rays: int) -> tuple[int]:
    return (triton.cdiv(max(rays, 1), BLOCK),)


@triton.jit
def _rays(start: tl.tensor, rays: tl.tensor, BLOCK: tl.constexpr) -> tl.tensor:
    """A program's rays, which of them there are, where the samples of each begin and how many it has."""
    ray = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    own = ray < rays
    first = tl.load(start + ray, mask=own, other=0)
    return ray, own, first, tl.load(start + ray + 1, mask=own, other=0) - first


@triton.jit
def _forward(
    sigma: tl.tensor, rgb: tl.tensor, along: tl.tensor, start: tl.tensor,
    colour: tl.tensor, alpha: tl.tensor, depth: tl.tensor, shares: tl.tensor, lights: tl.tensor,
    rays: tl.tensor, step: tl.tensor, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Afterwards it is known what these rays see."""
    ray, own, first, count = _rays(start, rays, BLOCK)
    light = tl.full((BLOCK,), 1.0, tl.float32)
    red, green = tl.zeros((BLOCK,), tl.float32), tl.zeros((BLOCK,), tl.float32)
    blue, deep = tl.zeros((BLOCK,), tl.float32), tl.zeros((BLOCK,), tl.float32)
    hidden = tl.zeros((BLOCK,), tl.float32)
    for nth in range(tl.max(count, 0)):
        here, one = nth < count, first + nth
        passed = tl.exp(-tl.load(sigma + one, mask=here, other=0.0) * step)
        share = light * (1.0 - passed)
        red += share * tl.load(rgb + 3 * one, mask=here, other=0.0)
        green += share * tl.load(rgb + 3 * one + 1, mask=here, other=0.0)
        blue += share * tl.load(rgb + 3 * one + 2, mask=here, other=0.0)
        deep += share * tl.load(along + one, mask=here, other=0.0)
        hidden += share
        tl.store(shares + one, share, mask=here)
        light *= passed
        tl.store(lights + one, light, mask=here)
    tl.store(colour + 3 * ray, red, mask=own)
    tl.store(colour + 3 * ray + 1, green, mask=own)
    tl.store(colour + 3 * ray + 2, blue, mask=own)
    tl.store(alpha + ray, hidden, mask=own)
    tl.store(depth + ray, deep / tl.maximum(hidden, 1e-6), mask=own)


@triton.jit
def _backward(
    rgb: tl.tensor, start: tl.tensor, shares: tl.tensor, lights: tl.tensor,
    of_colour: tl.tensor, of_alpha: tl.tensor, of_share: tl.tensor, of_sigma: tl.tensor, of_rgb: tl.tensor,
    rays: tl.tensor, step: tl.tensor, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Afterwards the samples of these rays have their gradients."""
    ray, own, first, count = _rays(start, rays, BLOCK)
    red = tl.load(of_colour + 3 * ray, mask=own, other=0.0)
    green = tl.load(of_colour + 3 * ray + 1, mask=own, other=0.0)
    blue = tl.load(of_colour + 3 * ray + 2, mask=own, other=0.0)
    whole = tl.load(of_alpha + ray, mask=own, other=0.0)
    behind = tl.zeros((BLOCK,), tl.float32)
    most = tl.max(count, 0)
    for turn in range(most):  # from the last to the first: what is behind a sample is known when its turn comes
        nth = most - 1 - turn
        here, one = nth < count, first + nth
        share = tl.load(shares + one, mask=here, other=0.0)
        worth = whole + tl.load(of_share + one, mask=here, other=0.0)
        worth += red * tl.load(rgb + 3 * one, mask=here, other=0.0)
        worth += green * tl.load(rgb + 3 * one + 1, mask=here, other=0.0)
        worth += blue * tl.load(rgb + 3 * one + 2, mask=here, other=0.0)
        left = tl.load(lights + one, mask=here, other=0.0)
        tl.store(of_sigma + one, step * (worth * left - behind), mask=here)
        behind += worth * share
        tl.store(of_rgb + 3 * one, share * red, mask=here)
        tl.store(of_rgb + 3 * one + 1, share * green, mask=here)
        tl.store(of_rgb + 3 * one + 2, share * blue, mask=here)
