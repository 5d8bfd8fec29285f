"""What a ray sees: the colours of its samples, each behind those before it.

Source: B. Mildenhall et al., NeRF, 2020, equation 3.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pipelines.talking_head.ernerf.march import Samples


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What each ray sees.

    colour: of the head alone, black where it is not. alpha: how much of what lies behind is hidden. depth: the mean
    place of what is seen, 0 where nothing is. share: of each sample in what is seen.
    """

    colour: Float[Tensor, "r 3"]
    alpha: Float[Tensor, " r"]
    depth: Float[Tensor, " r"]
    share: Float[Tensor, " m"]

    def over(self, behind: Float[Tensor, "r 3"]) -> Float[Tensor, "r 3"]:
        """The colours before that."""
        return self.colour + (1 - self.alpha[:, None]) * behind


def composite(sigma: Float[Tensor, " m"], rgb: Float[Tensor, "m 3"], samples: Samples, step: float) -> Seen:
    """What each ray sees of samples of that density and colour, each so long as a step."""
    hidden = sigma * step
    ray = samples.ray
    place = torch.arange(len(ray), device=ray.device) - samples.start[ray]
    rays = len(samples.start) - 1
    deepest = int(samples.start.diff().max()) if len(ray) else 0
    padded = hidden.new_zeros(rays, deepest).index_put((ray, place), hidden)
    before = (padded.cumsum(1) - padded)[ray, place]
    share = torch.exp(-before) * -torch.expm1(-hidden)

    def gathered(values: Tensor) -> Tensor:
        return values.new_zeros(rays, *values.shape[1:]).index_add(0, ray, values)

    alpha = gathered(share)
    depth = gathered(share.detach() * samples.along) / alpha.detach().clamp_min(1e-6)
    return Seen(colour=gathered(share[:, None] * rgb), alpha=alpha, depth=depth, share=share)
