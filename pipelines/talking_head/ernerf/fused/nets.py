"""What a program computes of the nets for a block of points, and the way back: matrices kept on the chip throughout.

All weights stand in one row of numbers, one matrix after another, in the order of ``Widths.parts``. Points are rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import triton
import triton.language as tl

HARMONICS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Widths:
    """How wide the layers are. All but features are powers of two from 16 on: what a GPU multiplies."""

    features: int
    attention: int
    heard: int
    eye: int
    hidden: int
    doubt: int

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of each matrix: what comes out, what goes in."""
        return (
            (self.attention, self.features),
            (self.heard, self.attention),
            (self.eye, self.features),
            (1, self.eye),
            (self.hidden, self.features),
            (self.hidden, self.heard),
            (1, self.hidden),
            (self.hidden, self.hidden),
            (1, self.hidden),
            (self.hidden, self.hidden),
            (self.hidden, HARMONICS),
            (self.hidden, self.hidden),
            (1, self.hidden),
            (3, self.hidden),
            (self.doubt, self.features),
            (1, self.doubt),
        )

    @property
    def constants(self) -> dict[str, int]:
        """As the kernels are told of them. PAD: columns of features, filled up to what can be multiplied."""
        return {
            "F": self.features, "PAD": max(16, triton.next_power_of_2(self.features)), "A": self.attention,
            "HEARD": self.heard, "E": self.eye, "H": self.hidden, "D": self.doubt,
        }  # fmt: skip


@triton.jit
def matrix(weights: tl.tensor, OUT: tl.constexpr, IN: tl.constexpr, PAD: tl.constexpr) -> tl.tensor:
    """That matrix, its columns filled up with zeros."""
    column = tl.arange(0, PAD)[None, :]
    return tl.load(weights + tl.arange(0, OUT)[:, None] * IN + column, mask=column < IN, other=0.0)


@triton.jit
def added(sums: tl.tensor, value: tl.tensor, OUT: tl.constexpr, IN: tl.constexpr, PAD: tl.constexpr) -> None:
    """Afterwards the matrix there is larger by the value."""
    column = tl.arange(0, PAD)[None, :]
    own = sums + tl.arange(0, OUT)[:, None] * IN + column
    tl.store(own, tl.load(own, mask=column < IN, other=0.0) + value, mask=column < IN)


@triton.jit
def row_added(sums: tl.tensor, value: tl.tensor, WIDE: tl.constexpr) -> None:
    """Afterwards the row there is larger by the value."""
    own = sums + tl.arange(0, WIDE)
    tl.store(own, tl.load(own) + value)


@triton.jit
def ramp(values: tl.tensor) -> tl.tensor:
    """What is above 0, else 0."""
    return tl.maximum(values, 0.0)


@triton.jit
def told(
    x: tl.tensor, sees: tl.tensor, weights: tl.tensor,
    F: tl.constexpr, PAD: tl.constexpr, A: tl.constexpr, HEARD: tl.constexpr, E: tl.constexpr, H: tl.constexpr,
    D: tl.constexpr, DIGITS: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Every layer's outcome for these points. x: features; sees: harmonics of where they are seen from."""
    at = weights
    listens = ramp(tl.dot(x, tl.trans(matrix(at, A, F, PAD)), input_precision=DIGITS))
    at += A * F
    hears = tl.dot(listens, tl.trans(matrix(at, HEARD, A, A)), input_precision=DIGITS)
    at += HEARD * A
    looks = ramp(tl.dot(x, tl.trans(matrix(at, E, F, PAD)), input_precision=DIGITS))
    at += E * F
    minds = tl.sigmoid(tl.sum(looks * tl.load(at + tl.arange(0, E))[None, :], 1))
    at += E
    first = tl.dot(x, tl.trans(matrix(at, H, F, PAD)), input_precision=DIGITS)
    at += H * F
    first += tl.dot(hears, tl.trans(matrix(at, H, HEARD, HEARD)), input_precision=DIGITS)
    at += H * HEARD
    first = ramp(first + minds[:, None] * tl.load(at + tl.arange(0, H))[None, :])
    at += H
    second = ramp(tl.dot(first, tl.trans(matrix(at, H, H, H)), input_precision=DIGITS))
    at += H * H
    power = tl.sum(second * tl.load(at + tl.arange(0, H))[None, :], 1)
    at += H
    inner = tl.dot(second, tl.trans(matrix(at, H, H, H)), input_precision=DIGITS)
    at += H * H
    shade = tl.dot(sees, tl.trans(matrix(at, H, 16, 16)), input_precision=DIGITS)
    at += H * 16
    shade += tl.dot(inner, tl.trans(matrix(at, H, H, H)), input_precision=DIGITS)
    at += H * H
    shade = ramp(shade + tl.load(at + tl.arange(0, H))[None, :])
    at += 4 * H
    doubts = ramp(tl.dot(x, tl.trans(matrix(at, D, F, PAD)), input_precision=DIGITS))
    return listens, hears, looks, minds, first, second, power, inner, shade, doubts


@triton.jit
def channel(shade: tl.tensor, row: tl.tensor, H: tl.constexpr) -> tl.tensor:
    """One of the three colours, before it may leave 0 to 1."""
    return tl.sigmoid(tl.sum(shade * tl.load(row + tl.arange(0, H))[None, :], 1))
