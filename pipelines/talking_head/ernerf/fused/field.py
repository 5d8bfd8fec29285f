"""All nets of ER-NeRF in one kernel, and one back: features in, densities and colours out, nothing between in memory.

On a GPU products of matrices keep 10 binary digits of each number and sums all 23, as torch's own do there when they
may. Each program adds up the weights' gradients of its own points, and the programs' sums are added in
order: the same points always give the same.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from jaxtyping import Float
from torch import Tensor

from pipelines.talking_head.ernerf.field import BEYOND, DENSEST, HARMONICS, Field, Given, Matter, Ways
from pipelines.talking_head.ernerf.fused.back import coloured, doubted, heeded, thickened
from pipelines.talking_head.ernerf.fused.nets import Widths, channel, told

POINTS, POINTS_BACK = 64, 32
"""A block: what a program has on the chip at a time, forward and on the way back, which has to hold twice as much."""
DIGITS = "tf32"
BUSY = 2
"""Programs on each of a GPU's processors, on the way back."""


def field(nets: Field, features: Float[Tensor, "f m"], ways: Ways, given: Given) -> Matter:
    """What ``nets`` gives. Raises ValueError where its layers have widths that the kernels do not take."""
    widths = _widths(nets)
    found = _Told.apply(features.contiguous(), _weights(nets, given, widths), ways, widths)
    sigma, rgb, hears, minds, doubt = found
    return Matter(sigma=sigma, rgb=rgb, hears=hears, minds=minds, doubt=doubt)


def _widths(nets: Field) -> Widths:
    hears, minds, density = nets.hears[0].weight, nets.minds[0].weight, nets.density[0].weight
    widths = Widths(
        features=hears.shape[1],
        attention=hears.shape[0],
        heard=nets.hears[2].weight.shape[0],
        eye=minds.shape[0],
        hidden=density.shape[0],
        doubt=nets.doubts[0].weight.shape[0],
    )
    for name, wide in (("attention", widths.attention), ("heard", widths.heard), ("eye", widths.eye),
                       ("hidden", widths.hidden), ("doubt", widths.doubt)):  # fmt: skip
        if wide < 16 or wide & (wide - 1):  # noqa: PLR2004  what a GPU multiplies
            raise ValueError(f"{name} = {wide}: the kernels take powers of two from 16 on")
    return widths


def _weights(nets: Field, given: Given, widths: Widths) -> Float[Tensor, " w"]:
    """All weights in one row. What a frame gives is put into those that it is multiplied with."""
    density, colour = nets.density[0].weight, nets.colour[0].weight
    sound, inner = widths.features + widths.heard, HARMONICS + widths.hidden
    last = nets.density[4].weight
    parts = (
        nets.hears[0].weight,
        nets.hears[2].weight,
        nets.minds[0].weight,
        nets.minds[2].weight,
        density[:, : widths.features],
        density[:, widths.features : sound] * given.heard.float(),
        density[:, sound] * given.shut,
        nets.density[2].weight,
        last[0],
        last[1:],
        colour[:, :HARMONICS],
        colour[:, HARMONICS:inner],
        (colour[:, inner:] * given.own).sum(1),
        nets.colour[2].weight,
        nets.doubts[0].weight,
        nets.doubts[2].weight,
    )
    return torch.cat([part.float().flatten() for part in parts])


class _Told(torch.autograd.Function):
    """Features and weights, to what is at the points."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, weights: Tensor, ways: Ways, widths: Widths) -> tuple[Tensor, ...]:
        """A program for a block of points."""
        features = features.float()
        points = features.shape[1]
        found = features.new_empty(points), features.new_empty(points, 3)
        found = (*found, *(features.new_empty(points) for _ in range(3)))
        ctx.about = ways, widths
        ctx.save_for_backward(features, weights)
        if points:
            grid = (triton.cdiv(points, POINTS),)
            _forward[grid](features, weights, ways.sees, ways.ray, *found, points, POINTS=POINTS, **_constants(widths))
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Some programs, each for many blocks."""
        features, weights = ctx.saved_tensors
        ways, widths = ctx.about
        points = features.shape[1]
        programs = max(1, min(triton.cdiv(points, POINTS_BACK), _programs(features.device)))
        of_features, sums = torch.empty_like(features), weights.new_zeros(programs, len(weights))
        if points:
            told_back = [gradient.float().contiguous() for gradient in gradients]
            _backward[(programs,)](
                features, weights, ways.sees, ways.ray, *told_back, of_features, sums, points, len(weights), programs,
                POINTS=POINTS_BACK, **_constants(widths),
            )  # fmt: skip
        return of_features, sums.sum(0), None, None


def _programs(device: torch.device) -> int:
    if device.type != "cuda":
        return BUSY
    return BUSY * int(torch.cuda.get_device_properties(device).multi_processor_count)


def _constants(widths: Widths) -> dict[str, Any]:
    return {**widths.constants, "DENSEST": DENSEST, "BEYOND": BEYOND, "DIGITS": DIGITS}


@triton.jit
def _block(
    block: tl.tensor, features: tl.tensor, sees: tl.tensor, rays: tl.tensor, points: tl.tensor,
    F: tl.constexpr, PAD: tl.constexpr, POINTS: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """The points of a block, which of them there are, their features, and where they are seen from."""
    point = block * POINTS + tl.arange(0, POINTS)
    here = point < points
    column = tl.arange(0, PAD)[None, :]
    own = features + column.to(tl.int64) * points + point[:, None]
    x = tl.load(own, mask=here[:, None] & (column < F), other=0.0)
    ray = tl.load(rays + point, mask=here, other=0)
    return point, here, x, tl.load(sees + ray[:, None] * 16 + tl.arange(0, 16)[None, :])


@triton.jit
def _forward(
    features: tl.tensor, weights: tl.tensor, sees: tl.tensor, rays: tl.tensor,
    sigma: tl.tensor, rgb: tl.tensor, hears_most: tl.tensor, minds_most: tl.tensor, doubt: tl.tensor,
    points: tl.tensor,
    F: tl.constexpr, PAD: tl.constexpr, A: tl.constexpr, HEARD: tl.constexpr, E: tl.constexpr, H: tl.constexpr,
    D: tl.constexpr, POINTS: tl.constexpr, DENSEST: tl.constexpr, BEYOND: tl.constexpr, DIGITS: tl.constexpr,
) -> None:  # fmt: skip
    """Afterwards it is known what is at these points."""
    point, here, x, seen = _block(tl.program_id(0), features, sees, rays, points, F, PAD, POINTS)
    _, hears, _, minds, _, _, power, _, shade, doubts = told(x, seen, weights, F, PAD, A, HEARD, E, H, D, DIGITS)
    tl.store(sigma + point, tl.exp(tl.minimum(power, DENSEST)), mask=here)
    tl.store(hears_most + point, tl.sqrt(tl.sum(hears * hears, 1)), mask=here)
    tl.store(minds_most + point, minds, mask=here)
    last = weights + A * F + HEARD * A + E * F + E + H * F + H * HEARD + 3 * H * H + H * 16 + 3 * H
    for colour in tl.static_range(3):
        value = channel(shade, last + colour * H, H) * (1 + 2 * BEYOND) - BEYOND
        tl.store(rgb + 3 * point + colour, value, mask=here)
    unsure = tl.sum(doubts * tl.load(last + 3 * H + D * F + tl.arange(0, D))[None, :], 1)
    tl.store(doubt + point, tl.maximum(unsure, 0.0) + tl.log(1.0 + tl.exp(-tl.abs(unsure))), mask=here)


@triton.jit
def _backward(
    features: tl.tensor, weights: tl.tensor, sees: tl.tensor, rays: tl.tensor,
    of_sigma: tl.tensor, of_rgb: tl.tensor, of_hears: tl.tensor, of_minds: tl.tensor, of_doubt: tl.tensor,
    of_features: tl.tensor, sums: tl.tensor, points: tl.tensor, count: tl.tensor, programs: tl.tensor,
    F: tl.constexpr, PAD: tl.constexpr, A: tl.constexpr, HEARD: tl.constexpr, E: tl.constexpr, H: tl.constexpr,
    D: tl.constexpr, POINTS: tl.constexpr, DENSEST: tl.constexpr, BEYOND: tl.constexpr, DIGITS: tl.constexpr,
) -> None:  # fmt: skip
    """Afterwards these points have their gradients, and the program's sums those of the weights."""
    sums += tl.program_id(0) * count
    for block in range(tl.program_id(0), tl.cdiv(points, POINTS), programs):
        point, here, x, seen = _block(block, features, sees, rays, points, F, PAD, POINTS)
        listens, hears, looks, minds, first, second, power, inner, shade, doubts = told(
            x, seen, weights, F, PAD, A, HEARD, E, H, D, DIGITS
        )
        at = doubted(point, here, x, doubts, of_doubt, weights, sums, F, PAD, A, HEARD, E, H, D, DIGITS)
        of_second, at = coloured(point, here, seen, second, inner, shade, of_rgb, weights, sums, at, H, BEYOND, DIGITS)
        of_first, at = thickened(
            point, here, first, second, minds, power, of_second, of_sigma, weights, sums, at, H, DENSEST, DIGITS
        )
        of_x = heeded(
            point, here, x, listens, hears, looks, minds, of_first, of_hears, of_minds, weights, sums, at,
            F, PAD, A, HEARD, E, H, DIGITS,
        )  # fmt: skip
        column = tl.arange(0, PAD)[None, :]
        own = of_features + column.to(tl.int64) * points + point[:, None]
        tl.store(own, of_x, mask=here[:, None] & (column < F))
        tl.debug_barrier()  # what a thread has added up, another may add to in the next block
