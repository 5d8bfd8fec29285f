"""What is at a point of the head: how dense it is and of which colour, by features, sound, eyes and direction.

Each region of space hears the sound by itself and minds the eyes by itself (region attention). No net has a bias.

Source: J. Li et al., Efficient Region-Aware Neural Radiance Fields for High-Fidelity Talking Portrait Synthesis, 2023,
sections 3.2 and 3.3.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from pipelines.talking_head.ernerf.sizes import Sizes

HARMONICS = 16
"""Of degree 4."""
DENSEST = 12.0
"""The most that a density's logarithm may be: beyond it a sample is as good as a wall, and exponents overflow."""
BEYOND = 0.001
"""By which colours may leave 0 to 1, so that pure black and white can be reached."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """What a frame gives to all points of the head.

    heard: the sound's numbers. shut: of the eyes. own: the frame's. moves: as ``Rest`` has them; None: all is at rest.
    """

    heard: Float[Tensor, " a"]
    shut: Float[Tensor, ""]
    own: Float[Tensor, " o"]
    moves: Float[Tensor, "3 n n"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ways:
    """Where points are seen from: directions as ``harmonics``, a row a ray, and the ray of each point."""

    sees: Float[Tensor, "r 16"]
    ray: Int[Tensor, " m"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matter:
    """What is at each point. hears, minds: how much sound and eyes matter there. doubt: how unsure its colour is."""

    sigma: Float[Tensor, " m"]
    rgb: Float[Tensor, "m 3"]
    hears: Float[Tensor, " m"]
    minds: Float[Tensor, " m"]
    doubt: Float[Tensor, " m"]


class Field(nn.Module):
    """The nets. features: of a point; ways: directions as ``harmonics``.

    They begin as He et al. (2015) have it: what is small stays as large, so that fog becomes a head at once.
    """

    def __init__(self, features: int, sizes: Sizes) -> None:
        super().__init__()
        self.hears = plain(features, sizes.attention, sizes.heard)
        self.minds = plain(features, sizes.eye, 1)
        self.density = plain(features + sizes.heard + 1, sizes.hidden, sizes.hidden, sizes.hidden + 1)
        self.colour = plain(HARMONICS + sizes.hidden + sizes.own, sizes.hidden, 3)
        self.doubts = plain(features, sizes.doubt, 1)
        for one in self.modules():
            if isinstance(one, nn.Linear):
                nn.init.kaiming_uniform_(one.weight, nonlinearity="relu")

    def forward(self, features: Float[Tensor, "f m"], ways: Float[Tensor, "m 16"], given: Given) -> Matter:
        """What is at the points with those features, seen from those directions."""
        sigma, inner, hears, minds = self._dense(features, given)
        own = given.own.expand(len(ways), -1)
        rgb = torch.sigmoid(self.colour(torch.cat([ways, inner, own], 1))) * (1 + 2 * BEYOND) - BEYOND
        doubt = nn.functional.softplus(self.doubts(features.detach().T))[:, 0]
        return Matter(sigma=sigma, rgb=rgb, hears=hears, minds=minds, doubt=doubt)

    def regions(self, features: Float[Tensor, "f m"]) -> tuple[Tensor, Tensor, Tensor]:
        """How much is heard there, how much eyes matter there, and how unsure the colour is."""
        rows = features.T
        doubt = nn.functional.softplus(self.doubts(rows.detach()))[:, 0]
        return self.hears(rows).norm(dim=1), torch.sigmoid(self.minds(rows))[:, 0], doubt

    def dense(self, features: Float[Tensor, "f m"], given: Given) -> Float[Tensor, " m"]:
        """How dense it is there, and nothing else."""
        return self._dense(features, given)[0]

    def _dense(self, features: Tensor, given: Given) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        rows = features.T
        hears, minds = self.hears(rows), torch.sigmoid(self.minds(rows))
        told = self.density(torch.cat([rows, hears * given.heard, minds * given.shut], 1))
        sigma = torch.exp(told[:, 0].clamp_max(DENSEST))
        return sigma, told[:, 1:], hears.norm(dim=1), minds[:, 0]


def plain(*widths: int) -> nn.Sequential:
    """Layers of those widths without biases, with ReLU between them."""
    layers: list[nn.Module] = []
    for place in range(len(widths) - 1):
        layers += [nn.Linear(widths[place], widths[place + 1], bias=False), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def harmonics(ways: Float[Tensor, "m 3"]) -> Float[Tensor, "m 16"]:
    """Real spherical harmonics of directions of length 1, up to degree 3: 16 functions."""
    x, y, z = ways.unbind(1)
    xx, yy, zz = x * x, y * y, z * z
    columns = [
        torch.full_like(x, 0.28209479),
        -0.48860251 * y,
        0.48860251 * z,
        -0.48860251 * x,
        1.09254843 * x * y,
        -1.09254843 * y * z,
        0.31539157 * (3 * zz - 1),
        -1.09254843 * x * z,
        0.54627422 * (xx - yy),
        -0.59004359 * y * (3 * xx - yy),
        2.89061144 * x * y * z,
        -0.45704580 * y * (5 * zz - 1),
        0.37317633 * z * (5 * zz - 3),
        -0.45704580 * x * (5 * zz - 1),
        1.44530572 * z * (xx - yy),
        -0.59004359 * x * (xx - 3 * yy),
    ]
    return torch.stack(columns, 1)
