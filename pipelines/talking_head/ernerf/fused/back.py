"""The way back through the nets, for a block of points: what they pass on, and what they tell the weights.

From the last matrix to the first: ``at`` is where in the row of all weights that matrix begins which was last done.
"""

from __future__ import annotations

import triton
import triton.language as tl

from pipelines.talking_head.ernerf.fused.nets import added, channel, matrix, row_added


@triton.jit
def doubted(
    point: tl.tensor, here: tl.tensor, x: tl.tensor, doubts: tl.tensor, of_doubt: tl.tensor,
    weights: tl.tensor, sums: tl.tensor,
    F: tl.constexpr, PAD: tl.constexpr, A: tl.constexpr, HEARD: tl.constexpr, E: tl.constexpr, H: tl.constexpr,
    D: tl.constexpr, DIGITS: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """The way back through the net of doubt, and where in the weights it begins. Features hear nothing of it."""
    at = A * F + HEARD * A + E * F + E + H * F + H * HEARD + 3 * H * H + H * 16 + 6 * H + D * F
    row = tl.load(weights + at + tl.arange(0, D))
    g = tl.load(of_doubt + point, mask=here, other=0.0) * tl.sigmoid(tl.sum(doubts * row[None, :], 1))
    row_added(sums + at, tl.sum(g[:, None] * doubts, 0), D)
    of_doubts = tl.where(doubts > 0, g[:, None] * row[None, :], 0.0)
    at -= D * F
    added(sums + at, tl.dot(tl.trans(of_doubts), x, input_precision=DIGITS), D, F, PAD)
    return at


@triton.jit
def coloured(
    point: tl.tensor, here: tl.tensor, seen: tl.tensor, second: tl.tensor, inner: tl.tensor, shade: tl.tensor,
    of_rgb: tl.tensor, weights: tl.tensor, sums: tl.tensor, at: tl.tensor,
    H: tl.constexpr, BEYOND: tl.constexpr, DIGITS: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """The way back through the net of colour, to the last layer but one of density's. at: where its weights end."""
    at -= 3 * H
    of_shade = tl.zeros_like(shade)
    for colour in tl.static_range(3):
        own = at + colour * H
        value = channel(shade, weights + own, H)
        g = tl.load(of_rgb + 3 * point + colour, mask=here, other=0.0) * (1 + 2 * BEYOND) * value * (1 - value)
        of_shade += g[:, None] * tl.load(weights + own + tl.arange(0, H))[None, :]
        row_added(sums + own, tl.sum(g[:, None] * shade, 0), H)
    of_shade = tl.where(shade > 0, of_shade, 0.0)
    at -= H
    row_added(sums + at, tl.sum(of_shade, 0), H)
    at -= H * H
    added(sums + at, tl.dot(tl.trans(of_shade), inner, input_precision=DIGITS), H, H, H)
    of_inner = tl.dot(of_shade, matrix(weights + at, H, H, H), input_precision=DIGITS)
    at -= H * 16
    added(sums + at, tl.dot(tl.trans(of_shade), seen, input_precision=DIGITS), H, 16, 16)
    at -= H * H
    added(sums + at, tl.dot(tl.trans(of_inner), second, input_precision=DIGITS), H, H, H)
    of_second = tl.dot(of_inner, matrix(weights + at, H, H, H), input_precision=DIGITS)
    return of_second, at


@triton.jit
def thickened(
    point: tl.tensor, here: tl.tensor, first: tl.tensor, second: tl.tensor, minds: tl.tensor, power: tl.tensor,
    of_second: tl.tensor, of_sigma: tl.tensor, weights: tl.tensor, sums: tl.tensor, at: tl.tensor,
    H: tl.constexpr, DENSEST: tl.constexpr, DIGITS: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """The way back through the net of density, to its first layer."""
    at -= H
    g = tl.load(of_sigma + point, mask=here, other=0.0) * tl.exp(tl.minimum(power, DENSEST))
    g = tl.where(power <= DENSEST, g, 0.0)
    row_added(sums + at, tl.sum(g[:, None] * second, 0), H)
    of_second += g[:, None] * tl.load(weights + at + tl.arange(0, H))[None, :]
    of_second = tl.where(second > 0, of_second, 0.0)
    at -= H * H
    added(sums + at, tl.dot(tl.trans(of_second), first, input_precision=DIGITS), H, H, H)
    of_first = tl.dot(of_second, matrix(weights + at, H, H, H), input_precision=DIGITS)
    of_first = tl.where(first > 0, of_first, 0.0)
    at -= H
    row_added(sums + at, tl.sum(of_first * minds[:, None], 0), H)
    return of_first, at


@triton.jit
def heeded(
    point: tl.tensor, here: tl.tensor, x: tl.tensor, listens: tl.tensor, hears: tl.tensor, looks: tl.tensor,
    minds: tl.tensor, of_first: tl.tensor, of_hears: tl.tensor, of_minds: tl.tensor,
    weights: tl.tensor, sums: tl.tensor, at: tl.tensor,
    F: tl.constexpr, PAD: tl.constexpr, A: tl.constexpr, HEARD: tl.constexpr, E: tl.constexpr, H: tl.constexpr,
    DIGITS: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """The way back through what heeds sound and eyes, to the features."""
    g = tl.load(of_minds + point, mask=here, other=0.0)
    g += tl.sum(of_first * tl.load(weights + at + tl.arange(0, H))[None, :], 1)
    g *= minds * (1 - minds)
    at -= H * HEARD
    added(sums + at, tl.dot(tl.trans(of_first), hears, input_precision=DIGITS), H, HEARD, HEARD)
    most = tl.sqrt(tl.sum(hears * hears, 1))
    share = tl.load(of_hears + point, mask=here, other=0.0) / tl.where(most > 0, most, 1.0)
    of_hears_all = share[:, None] * hears
    of_hears_all += tl.dot(of_first, matrix(weights + at, H, HEARD, HEARD), input_precision=DIGITS)
    at -= H * F
    added(sums + at, tl.dot(tl.trans(of_first), x, input_precision=DIGITS), H, F, PAD)
    of_x = tl.dot(of_first, matrix(weights + at, H, F, PAD), input_precision=DIGITS)
    at -= E
    row_added(sums + at, tl.sum(g[:, None] * looks, 0), E)
    of_looks = tl.where(looks > 0, g[:, None] * tl.load(weights + at + tl.arange(0, E))[None, :], 0.0)
    at -= E * F
    added(sums + at, tl.dot(tl.trans(of_looks), x, input_precision=DIGITS), E, F, PAD)
    of_x += tl.dot(of_looks, matrix(weights + at, E, F, PAD), input_precision=DIGITS)
    at -= HEARD * A
    added(sums + at, tl.dot(tl.trans(of_hears_all), listens, input_precision=DIGITS), HEARD, A, A)
    of_listens = tl.dot(of_hears_all, matrix(weights + at, HEARD, A, A), input_precision=DIGITS)
    of_listens = tl.where(listens > 0, of_listens, 0.0)
    added(sums, tl.dot(tl.trans(of_listens), x, input_precision=DIGITS), A, F, PAD)
    of_x += tl.dot(of_listens, matrix(weights, A, F, PAD), input_precision=DIGITS)
    return of_x
