"""A layer of a transformer encoder, plain: what whisper, hubert and wav2vec2 have in common."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sizes of a layer. first: whether the norms come before what they are of, and not after the sum (Xiong 2020)."""

    width: int
    heads: int
    inner: int
    first: bool
    epsilon: float = 1e-5


class Layer(nn.Module):
    """Self-attention over all steps, then two dense layers, each beside a way round it (Vaswani 2017)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.heads, self.first = shape.heads, shape.first
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.widened, self.narrowed = nn.Linear(width, shape.inner), nn.Linear(shape.inner, width)
        self.norm, self.last = (nn.LayerNorm(width, eps=shape.epsilon) for _ in range(2))

    def forward(self, x: Float[Tensor, "b t c"]) -> Float[Tensor, "b t c"]:
        """The steps, each with what it has learned of the others."""
        if self.first:
            x = x + self.attended(self.norm(x))
            return x + self.dense(self.last(x))
        x = self.norm(x + self.attended(x))
        return self.last(x + self.dense(x))

    def attended(self, x: Float[Tensor, "b t c"]) -> Float[Tensor, "b t c"]:
        """What each step hears of all, by its heads."""
        split = (net(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for net in (self.query, self.key, self.value))
        heard = nn.functional.scaled_dot_product_attention(*split)
        return self.out(heard.transpose(1, 2).flatten(2))

    def dense(self, x: Float[Tensor, "b t c"]) -> Float[Tensor, "b t c"]:
        """Each step by itself."""
        return self.narrowed(nn.functional.gelu(self.widened(x)))
