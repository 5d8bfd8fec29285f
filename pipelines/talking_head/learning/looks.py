"""How far a picture is from the frame: colours, structure, and late in a course the mouth."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from pipelines.talking_head.scene import Scene

STRUCTURE, LIPS = 0.2, 0.3
"""Weights: of structural dissimilarity, of the mouth from half-way."""
EDGES = 0.3
"""Weight of the mouth's gradients from half-way: lips that part are an edge, and the mean of all mouths has none."""


def looks(shown: Float[Tensor, "s s 3"], scene: Scene, row: int, *, late: bool) -> Float[Tensor, ""]:
    """How far a picture is from the frame: 0.8 L1 + 0.2 structural dissimilarity, late also the mouth."""
    truth = scene.picture(row) / 255.0
    total = (1 - STRUCTURE) * (shown - truth).abs().mean() + STRUCTURE * (1 - similarity(shown, truth))
    return total + around_mouth(shown, truth, scene.lips[row]) if late else total


def squared(shown: Float[Tensor, "s s 3"], scene: Scene, row: int) -> Float[Tensor, ""]:
    """The mean squared error of the picture, 0 to 1, without gradients."""
    return (shown.detach() - scene.picture(row) / 255.0).square().mean()


def around_mouth(
    shown: Float[Tensor, "s s 3"], truth: Float[Tensor, "s s 3"], box: Float[Tensor, 4]
) -> Float[Tensor, ""]:
    """How far the mouth's colours are off, and its edges. box: x0 y0 x1 y1 in pixels."""
    x0, y0, x1, y1 = (int(value) for value in box.round())
    off = (shown - truth)[y0 : y1 + 1, x0 : x1 + 1]
    edges = off.diff(dim=0).abs().mean() + off.diff(dim=1).abs().mean()
    return LIPS * off.abs().mean() + EDGES * edges


def similarity(a: Float[Tensor, "h w 3"], b: Float[Tensor, "h w 3"]) -> Float[Tensor, ""]:
    """Structural similarity as in ``judge.pixels``, of pictures from 0 to 1."""
    at = torch.arange(-5, 6, dtype=a.dtype, device=a.device)
    weights = torch.exp(-at.square() / 4.5)
    weights = weights / weights.sum()

    def blurred(values: Tensor) -> Tensor:
        stacked = values.permute(2, 0, 1)[:, None]
        across = torch.nn.functional.conv2d(stacked, weights.reshape(1, 1, 1, -1))
        return torch.nn.functional.conv2d(across, weights.reshape(1, 1, -1, 1))

    mean_a, mean_b = blurred(a), blurred(b)
    both = blurred(a * b) - mean_a * mean_b
    light = (2 * mean_a * mean_b + 1e-4) / (mean_a.square() + mean_b.square() + 1e-4)
    spread = blurred(a * a) - mean_a.square() + blurred(b * b) - mean_b.square()
    return (light * (2 * both + 9e-4) / (spread + 9e-4)).mean()
