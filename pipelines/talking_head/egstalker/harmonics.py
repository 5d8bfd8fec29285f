"""Real spherical harmonics: how a colour changes with the side from which it is seen."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

MOST = 3
"""The highest degree."""


def terms(degree: int) -> int:
    """How many functions there are up to that degree, but for the first, which is constant."""
    return (degree + 1) ** 2 - 1


def harmonics(way: Float[Tensor, "n 3"], degree: int) -> Float[Tensor, "n t"]:
    """The functions of degree 1 to that degree, at directions of length 1 (Kerbl et al. 2023, in their order)."""
    x, y, z = way.unbind(1)
    found = [-0.488603 * y, 0.488603 * z, -0.488603 * x]
    if degree > 1:
        found += [
            1.092548 * x * y,
            -1.092548 * y * z,
            0.315392 * (2 * z * z - x * x - y * y),
            -1.092548 * x * z,
            0.546274 * (x * x - y * y),
        ]
    if degree > MOST - 1:
        found += [
            -0.590044 * y * (3 * x * x - y * y),
            2.890611 * x * y * z,
            -0.457046 * y * (4 * z * z - x * x - y * y),
            0.373176 * z * (2 * z * z - 3 * x * x - 3 * y * y),
            -0.457046 * x * (4 * z * z - x * x - y * y),
            1.445306 * z * (x * x - y * y),
            -0.590044 * x * (x * x - 3 * y * y),
        ]
    return torch.stack(found[: terms(degree)], 1) if degree else way.new_zeros(len(way), 0)
