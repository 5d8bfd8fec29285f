"""Which rasteriser draws: ours, by Triton on a GPU and tile by tile on a processor, or gsplat's where it can be had."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import torch

from pipelines.contract import Unready
from pipelines.talking_head.gaussians.raster import TILED, Raster
from pipelines.talking_head.gaussians.splat import TILE, Drawn, Flat, reach

OWN, GSPLAT = "own", "gsplat"


def raster(name: str, device: torch.device) -> Raster:
    """The rasteriser of that name for that device. Raises Unready where gsplat is asked for and cannot be had."""
    if name == GSPLAT:
        return gsplat(device)
    if device.type != "cuda":
        return TILED
    from pipelines.talking_head.gaussians.fused.raster import drawn  # noqa: PLC0415  Triton is for GPUs

    return drawn


def together(raster: Raster, flats: Sequence[Flat], height: int, width: int) -> list[Drawn]:
    """What the rasteriser draws of each; ours for GPUs draws all at once."""
    if flats and flats[0].at.is_cuda and raster is not TILED:
        from pipelines.talking_head.gaussians.fused import raster as fused  # noqa: PLC0415

        if raster is fused.drawn:
            return fused.drawn_together(flats, height, width)
    return [raster(flat, height, width) for flat in flats]


def gsplat(device: torch.device) -> Raster:
    """That of gsplat 1.5, whose shares below 1/255 are nothing, where ours are from e^-6 on: near, not the same.

    Raises Unready without a GPU, without gsplat, and where its kernels cannot be compiled.
    """
    if device.type != "cuda":
        raise Unready(f'raster = "{GSPLAT}" draws on GPUs alone, and this stage was given none. Take "{OWN}".')
    try:
        theirs: Any = import_module(GSPLAT)
    except ImportError:
        raise Unready(
            f'raster = "{GSPLAT}", and gsplat is not installed: `python -m pip install gsplat` installs it. Or take '
            f'"{OWN}", which needs nothing more.'
        ) from None

    def drawn(flat: Flat, height: int, width: int, /) -> Drawn:
        down, across = -(-height // TILE), -(-width // TILE)
        at, radii, depth = flat.at[None], reach(flat).ceil().int()[None], flat.depth[None]
        _, keys, members = theirs.isect_tiles(at, radii, depth, TILE, across, down)
        begins = theirs.isect_offset_encode(keys, 1, across, down)
        shape = at, flat.conic[None], flat.colour[None], flat.opacity[None]
        colour, hidden = theirs.rasterize_to_pixels(*shape, width, height, TILE, begins, members)
        return Drawn(colour[0], 1 - hidden[0, :, :, 0])

    try:
        drawn(_one(device), TILE, TILE)
    except Exception as why:  # whatever its build says: torch's, ninja's and nvcc's errors have no type in common
        raise Unready(
            f'raster = "{GSPLAT}": its kernels are compiled when they are first used, and that failed here, most often '
            f'because nvcc is missing: {str(why).splitlines()[0]}. Take "{OWN}", which needs no nvcc.'
        ) from why
    return drawn


def _one(device: torch.device) -> Flat:
    """A Gaussian to try with."""
    return Flat(
        at=torch.full((1, 2), 8.0, device=device),
        conic=torch.tensor([[0.1, 0.0, 0.1]], device=device),
        opacity=torch.full((1,), 0.5, device=device),
        colour=torch.ones(1, 3, device=device),
        depth=torch.ones(1, device=device),
    )
