"""The inside of the mouth: Gaussians between the lips and behind them, which a closed mouth hides."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pipelines.talking_head.gaussians.cloud import Start, on_face, on_surface
from pipelines.talking_head.landmarks.points import INNER_LIPS
from pipelines.talking_head.scene import Scene

BEHIND = 0.4
"""Centimetres that teeth and tongue lie behind the lips."""
OPEN = 0.95
"""Of the frames by opening: where the inside is looked at."""


def between_lips(triangles: Int[Tensor, "f 3"]) -> Int[Tensor, "g 3"]:
    """The triangles that lie between the inner lips: all three corners are theirs."""
    ring = torch.tensor(INNER_LIPS)
    return triangles[torch.isin(triangles, ring).all(1)]


def inside(
    scene: Scene, head: tuple[Tensor, Tensor], triangles: Int[Tensor, "f 3"], count: int, generator: torch.Generator
) -> tuple[Start, Float[Tensor, "n k 3"]]:
    """So many Gaussians in an open mouth, and how codes move them: with both lips, so that closing folds them up.

    head: its shape and its bases.
    """
    shape, bases = head
    row = int(scene.opening.argsort()[int(OPEN * (len(scene) - 1))])
    opened = shape + torch.tensordot(scene.codes[row], bases, 1)
    inner = between_lips(triangles)
    chosen, shares = on_surface(opened, inner, count, generator)
    corners = inner[chosen]
    seen = on_face(scene, (opened[corners] * shares[..., None]).sum(1), row)
    at = (shape[corners] * shares[..., None]).sum(1) - torch.tensor([0.0, 0.0, BEHIND])
    moved = (bases[:, corners] * shares[None, ..., None]).sum(2).transpose(0, 1)
    return replace(seen, at=at), moved
