"""Kolmogorov-Arnold layers: every input has a curve of its own to every output, a short Taylor series beside a SiLU.

Source: Z. Liu et al., KAN: Kolmogorov-Arnold Networks, 2024, equation 2.10; with powers in place of splines, of order 3
as EGSTalker has them.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

ORDER = 3
FAR = 3.0
"""Inputs are held within this of 0: a cube of what was never seen would be anything."""


class Kan(nn.Module):
    """Curves from inputs, best of deviation about 1, to outputs. All curves of an output lie in one matrix."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.curves = nn.Linear((ORDER + 1) * inputs, outputs)
        with torch.no_grad():
            self.curves.weight[:, : (ORDER - 1) * inputs].mul_(2.0)
            self.curves.weight[:, (ORDER - 1) * inputs :].mul_(0.1)

    def forward(self, values: Float[Tensor, "*b i"]) -> Float[Tensor, "*b o"]:
        """The sum over inputs x of w SiLU(x) + c0 + c1 x + c2 x^2 + c3 x^3."""
        near = values.clamp(-FAR, FAR)
        told: Tensor = self.curves(torch.cat([nn.functional.silu(near), near, near * near, near**3], -1))
        return told
