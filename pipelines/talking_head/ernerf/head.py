"""The head in its box: what rays see of it."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pipelines.talking_head.ernerf.box import Box, Rays
from pipelines.talking_head.ernerf.composite import Seen
from pipelines.talking_head.ernerf.field import Field, Given, Matter, Ways, harmonics
from pipelines.talking_head.ernerf.march import Pace, Samples
from pipelines.talking_head.ernerf.occupancy import Occupancy
from pipelines.talking_head.ernerf.operations import Operations, operations
from pipelines.talking_head.ernerf.resting import Rest
from pipelines.talking_head.ernerf.sizes import Sizes
from pipelines.talking_head.ernerf.torso import grid


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """What rays saw, and by what. points: of the samples, in the box, where they rest."""

    seen: Seen
    matter: Matter
    samples: Samples
    points: Float[Tensor, "m 3"]

    def gathered(self, values: Float[Tensor, " m"]) -> Float[Tensor, " r"]:
        """The sum along each ray."""
        rays = len(self.samples.start) - 1
        return values.new_zeros(rays).index_add(0, self.samples.ray, values)


class Head(nn.Module):
    """Planes, nets and occupancy of a head, and how its surface moves. Its box is where it was seen.

    operations: what it is drawn by; None: what suits the device.
    """

    def __init__(self, sizes: Sizes, codes: int = 0, surface: int = 0) -> None:
        super().__init__()
        self.operations: Operations | None = None
        self.layout = sizes.planes
        self.pace = Pace(step=sizes.step, most=sizes.samples)
        self.tables = nn.Parameter(grid(3, sizes.planes))
        self.field = Field(3 * sizes.planes.levels * sizes.planes.features, sizes)
        self.occupancy = Occupancy(sizes.cells)
        self.rest = Rest(codes, surface, sizes.nodes)
        self.register_buffer("middle", torch.zeros(3))
        self.register_buffer("reach", torch.ones(()))

    @property
    def box(self) -> Box:
        """Around the head."""
        return Box(self.middle, self.reach)

    def put(self, box: Box) -> None:
        """Afterwards the head is in that box."""
        self.middle.copy_(box.middle)
        self.reach.copy_(box.half)

    def forward(self, rays: Rays, given: Given, first: Float[Tensor, " r"] | None = None) -> Look:
        """What the rays see. first: where each begins, as ``march`` has it."""
        by = self.operations or operations(rays.ways.device)
        samples = by.march(self.occupancy.filled, rays.origins, rays.ways, self.pace, first)
        ray = samples.ray
        points = self._rested(rays.origins[ray] + samples.along[:, None] * rays.ways[ray], given)
        ways = Ways(sees=harmonics(rays.ways), ray=ray)
        matter = by.matter(self.field, by.encode(points, self.tables, self.layout), ways, given)
        seen = by.composite(matter.sigma, matter.rgb, samples, self.pace.step)
        return Look(seen=seen, matter=matter, samples=samples, points=points)

    def encoded(self, points: Float[Tensor, "m 3"]) -> Float[Tensor, "f m"]:
        """The features of points of the box, at rest."""
        by = self.operations or operations(points.device)
        return by.encode(points, self.tables, self.layout)

    @torch.no_grad()
    def dense(self, points: Float[Tensor, "m 3"], given: Given) -> Float[Tensor, " m"]:
        """How dense it is there."""
        found: Tensor = self.field.dense(self.encoded(self._rested(points, given)), given)
        return found

    def _rested(self, points: Float[Tensor, "m 3"], given: Given) -> Float[Tensor, "m 3"]:
        return points if given.moves is None else self.rest.rested(points, given.moves)
