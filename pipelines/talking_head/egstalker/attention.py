"""Every place of the head attends to what moves it, by way of a few agents: cheap for any number of Gaussians.

Source: EGSTalker, section 3.2, after D. Han et al., Agent Attention, 2023, equation 3. Theirs takes the first 200
Gaussians of the array as agents, whatever they are; ours are learned. One head, and the scale of their code.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

SCALE = 0.5
"""One by the root of 4."""


class Attention(nn.Module):
    """Sources are read by agents, agents by places; then a net of its own for each place, both with what went in."""

    def __init__(self, width: int, agents: int, hidden: int) -> None:
        super().__init__()
        self.agents = nn.Parameter(torch.randn(agents, width) * width**-0.5)
        self.asks, self.keys, self.values = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.thinks = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))

    def shares(self, places: Float[Tensor, "n w"]) -> Float[Tensor, "n a"]:
        """How much each place listens to each agent, whatever these say: it is the same in every frame."""
        return torch.softmax(SCALE * self.asks(places) @ self.agents.T, 1)

    def forward(
        self, places: Float[Tensor, "n w"], shares: Float[Tensor, "n a"], sources: Float[Tensor, "t w"]
    ) -> Float[Tensor, "n w"]:
        """The places' features, changed by what the sources say."""
        told = torch.softmax(SCALE * self.agents @ self.keys(sources).T, 1) @ self.values(sources)
        heard = self.first(places + shares @ told)
        changed: Tensor = self.second(heard + self.thinks(heard))
        return changed
