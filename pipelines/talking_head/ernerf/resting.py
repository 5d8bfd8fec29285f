"""Where what is at a point of a head was before the mouth moved it: the tracked surface carries what is around it.

So planes and nets learn one mouth at rest, an open one, in which lips are apart and what is between them has its place.
As it shuts, the surface is where the codes have it, and what was between is pressed to a line. A field of moves at rest
would have to be inverted, which between shut lips has no answer; here the moves are known where they ended.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pipelines.talking_head.ernerf.box import Box
from pipelines.talking_head.scene import Scene
from pipelines.talking_head.track.bundle import Head

WIDEST = 0.05
"""Share of the frames, those with the widest mouths, whose mean is the mouth at rest."""
NARROW, WIDER = 0.15, 0.35
"""How far the surface's points reach at least, in centimetres, and of the way to the nearest."""
FAINT = -20.0
"""The least logarithm of a weight: numbers that are all but nothing take a processor ten times as long."""
FREE, ALONG = 1.0, 2.0
"""Centimetres beside the surface that move as it does; and within how many more it comes to nothing."""


class Rest(nn.Module):
    """The surface, how codes move it, and the codes at rest. All in the measure of the box.

    nodes: of the net of places, along a side, at which moves are known.
    """

    def __init__(self, codes: int, points: int, nodes: int) -> None:
        super().__init__()
        self.nodes = nodes
        self.register_buffer("shape", torch.zeros(points, 3))
        self.register_buffer("bases", torch.zeros(codes, points, 3))
        self.register_buffer("codes", torch.zeros(codes))
        self.register_buffer("low", torch.full((2,), -1.0))
        self.register_buffer("high", torch.full((2,), 1.0))
        self.register_buffer("centimetre", torch.ones(()))

    def put(self, head: Head, codes: Float[Tensor, " k"], box: Box) -> None:
        """Afterwards the surface is that head's in that box, and at rest with those codes."""
        self.shape.copy_(box.inside(torch.from_numpy(head.shape).float()))
        self.bases.copy_(torch.from_numpy(head.bases).float() / box.half)
        self.codes.copy_(codes)
        self.centimetre.copy_(1 / box.half)
        seen = torch.cat([self.shape, self._formed(codes)])[:, :2]
        beside = (FREE + ALONG) * self.centimetre
        self.low.copy_(seen.amin(0) - beside)
        self.high.copy_(seen.amax(0) + beside)

    @torch.no_grad()
    def moves(self, codes: Float[Tensor, " k"]) -> Float[Tensor, "3 n n"]:
        """How far what is at each node has come from where it rests, whatever its depth; rows are y.

        Of the surface's points those that are nearest say most; far from all of them nothing has moved. Codes learn
        nothing here: where sound gives them, they are aimed at the tracked ones, and heard by the nets.
        """
        away = torch.tensordot(codes - self.codes, self.bases, 1)
        apart = self._apart(self._formed(codes)[:, :2])
        nearest = apart.amin(1, keepdim=True)
        reach = (WIDER**2 * nearest).clamp_min((NARROW * self.centimetre) ** 2)
        weight = apart.sub_(nearest).mul_(-0.5 / reach).clamp_(min=FAINT).exp_()
        moved = weight @ torch.cat([away, torch.ones_like(away[:, :1])], 1)
        beyond = ((nearest.sqrt() / self.centimetre - FREE) / ALONG).clamp(0, 1)
        moved = moved[:, :3] / moved[:, 3:] * (1 - beyond.square() * (3 - 2 * beyond))
        return moved.T.reshape(3, self.nodes, self.nodes)

    def rested(self, points: Float[Tensor, "m 3"], moves: Float[Tensor, "3 n n"]) -> Float[Tensor, "m 3"]:
        """Where what is at those points rests, between the nodes as they have it."""
        at = (points[:, :2] - self.low) * (2 / (self.high - self.low)) - 1
        found = nn.functional.grid_sample(moves[None], at[None, None], padding_mode="zeros", align_corners=True)
        rested: Tensor = points - found[0, :, 0].T
        return rested

    def _formed(self, codes: Float[Tensor, " k"]) -> Float[Tensor, "v 3"]:
        return self.shape + torch.tensordot(codes, self.bases, 1)

    def _apart(self, at: Float[Tensor, "v 2"]) -> Float[Tensor, "n*n v"]:
        """The squares of the distances from each node to those places."""
        steps = torch.linspace(0, 1, self.nodes, device=at.device)[:, None]
        x, y = ((self.low + steps * (self.high - self.low))[:, None] - at).square().unbind(2)
        return (y[:, None] + x[None]).flatten(0, 1)


def widest(scene: Scene) -> Float[Tensor, " k"]:
    """The codes of the mouth at rest: the mean of the widest, whose eyes are open as mostly they are."""
    count = max(round(WIDEST * len(scene)), 1)
    found: Tensor = scene.codes[scene.opening.topk(count).indices.to(scene.codes.device)].mean(0)
    return found
