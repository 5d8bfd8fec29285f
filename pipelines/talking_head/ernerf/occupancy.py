"""Which cells of the box hold anything: what masks and tracked surface allow, and what is dense there by now."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from pipelines.talking_head.ernerf.box import SURE, Box, sampled
from pipelines.talking_head.scene import Scene
from pipelines.talking_head.track.turning import FOCAL

DECAY = 0.95
"""Of a cell's density from one look to the next, if no more is found there."""
EVERY = 16
"""Steps from one look to the next."""
DENSE = 10.0
"""Density from which a cell counts, or the mean of the whole box where that is less."""
SHARE = 4
"""Of the cells a look takes one in so many, once all were looked at."""
MOST = 1 << 15
"""Cells up to which a look takes all of them."""
THICK, WIDER = 2.0, 0.6
"""Centimetres from the tracked surface within which something may be; by how much more a centimetre beside it."""
WITHIN = 0.5
"""Share of the frames in whose masks a cell must be."""


class Occupancy(nn.Module):
    """The densities of cells. possible: cells that may hold anything at all. filled: what rays look at."""

    def __init__(self, cells: int) -> None:
        super().__init__()
        self.register_buffer("density", torch.zeros((cells,) * 3))
        self.register_buffer("possible", torch.ones((cells,) * 3, dtype=torch.bool))
        self.register_buffer("filled", torch.ones((cells,) * 3, dtype=torch.bool))

    def confined(self, possible: Bool[Tensor, "g g g"]) -> None:
        """Afterwards only those cells are ever filled."""
        self.possible.copy_(possible)
        self.filled.copy_(possible)

    @torch.no_grad()
    def refresh(self, dense: Callable[[Tensor], Tensor], generator: torch.Generator) -> None:
        """Afterwards the cells are as dense as they are found now, or as they were, less the decay."""
        cells = self.possible.flatten().nonzero()[:, 0]
        if len(cells) > MOST:
            cells = cells[torch.randint(len(cells), (max(len(cells) // SHARE, MOST),), generator=generator)]
        side = self.possible.shape[0]
        corners = torch.stack([cells // side**2, cells // side % side, cells % side], 1)
        chance = torch.rand(len(cells), 3, generator=generator).to(corners.device)
        found = dense((corners + chance) * (2 / side) - 1)
        kept = self.density.flatten()
        kept[self.possible.flatten()] *= DECAY
        kept[cells] = torch.maximum(kept[cells], found)
        threshold = kept.mean().clamp_max(DENSE)
        self.filled.copy_(self.density > threshold)


def allowed(scene: Scene, shape: Float[Tensor, "v 3"], box: Box, cells: int) -> Bool[Tensor, "g g g"]:
    """The cells that may hold something of the head: near the tracked surface, and in most masks."""
    axis = (torch.arange(cells) + 0.5) * (2 / cells) - 1
    points = box.outside(torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), 3).reshape(-1, 3))
    chosen = near(points, shape, cells).nonzero()[:, 0]
    rows = sampled(len(scene))
    votes = torch.zeros(len(chosen))
    for row in rows:
        votes += masked(scene, row, points[chosen])
    found = torch.zeros(len(points), dtype=torch.bool)
    found[chosen] = votes >= WITHIN * len(rows)
    return found.reshape(cells, cells, cells)


def near(points: Float[Tensor, "n 3"], shape: Float[Tensor, "v 3"], cells: int) -> Bool[Tensor, " n"]:
    """Whether points lie about as deep as the surface does there, or as its nearest place does."""
    columns = points.reshape(cells * cells, cells, 3)
    apart, nearest = torch.cdist(columns[:, 0, :2], shape[:, :2]).min(1)
    thick = THICK + WIDER * apart
    return ((columns[..., 2] - shape[nearest, 2][:, None]).abs() < thick[:, None]).flatten()


def masked(scene: Scene, row: int, points: Float[Tensor, "n 3"]) -> Bool[Tensor, " n"]:
    """Whether points of the head's frame are in the mask of that frame, or a pixel beside it."""
    seen = points @ scene.turns[row].T + scene.moves[row]
    at = ((FOCAL * seen[:, :2] / seen[:, 2:] + 0.5) * scene.side).long()
    share = scene.head_share(row)[None, None].float()
    wide = torch.nn.functional.max_pool2d(share, 3, stride=1, padding=1)[0, 0]
    inside = ((at >= 0) & (at < scene.side)).all(1)
    column, line = at.clamp(0, scene.side - 1).unbind(1)
    return (wide[line, column] >= SURE) & inside
