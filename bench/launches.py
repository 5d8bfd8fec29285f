"""Every kernel of talking heads launched once, on anything: for compiling them, and for trying a GPU."""

from __future__ import annotations

import torch

from pipelines.talking_head.ernerf.field import Field, Given, Ways, harmonics
from pipelines.talking_head.ernerf.fused import composite, field, march, planes
from pipelines.talking_head.ernerf.march import Pace, Samples
from pipelines.talking_head.ernerf.planes import Layout
from pipelines.talking_head.ernerf.sizes import Sizes
from pipelines.talking_head.gaussians.camera import Solid
from pipelines.talking_head.gaussians.fused import project, raster

POINTS, RAYS = 64, 32


def all_of_them(device: torch.device) -> None:
    """Afterwards each kernel was launched with the paper's sizes and next to no data."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        _gaussians(device)
        _rays(device)
        _nets(device)


def _gaussians(device: torch.device) -> None:
    at = (torch.randn(POINTS, 3, device=device) + 50).requires_grad_()
    solid = Solid(
        at=at,
        spread=torch.eye(3, device=device).repeat(POINTS, 1, 1).requires_grad_(),
        opacity=torch.rand(POINTS, device=device),
        colour=torch.rand(POINTS, 3, device=device),
    )
    shown = raster.drawn(project.flattened(solid, 32), 32, 32)
    (shown.colour.sum() + shown.through.sum()).backward()


def _rays(device: torch.device) -> None:
    sizes = Sizes()
    filled = torch.ones((sizes.cells,) * 3, dtype=torch.bool, device=device)
    ways = torch.nn.functional.normalize(torch.randn(RAYS, 3, device=device), dim=1)
    march.march(filled, -2 * ways, ways, Pace(step=sizes.step, most=sizes.samples))
    sigma, rgb = (torch.rand(*shape, device=device, requires_grad=True) for shape in ((POINTS,), (POINTS, 3)))
    start = torch.arange(0, POINTS + 1, POINTS // RAYS, device=device)
    seen = composite.composite(sigma, rgb, Samples(torch.rand(POINTS, device=device), start), sizes.step)
    (seen.colour.sum() + seen.alpha.sum()).backward()
    for layout, count in ((sizes.planes, 3), (sizes.torso, 1)):
        _looked_up(layout, count, device)


def _looked_up(layout: Layout, count: int, device: torch.device) -> None:
    table = torch.rand(count, layout.levels, layout.entries, layout.features, device=device, requires_grad=True)
    at = torch.rand(count, POINTS, 2, device=device, requires_grad=True)
    planes.looked_up(at, table, layout).sum().backward()


def _nets(device: torch.device) -> None:
    sizes = Sizes()
    wide = 3 * sizes.planes.levels
    nets = Field(wide, sizes).to(device)
    given = Given(
        heard=torch.rand(sizes.heard, device=device),
        shut=torch.rand((), device=device),
        own=torch.rand(sizes.own, device=device),
    )
    sees = harmonics(torch.nn.functional.normalize(torch.randn(RAYS, 3, device=device), dim=1))
    ways = Ways(sees=sees, ray=torch.arange(POINTS, device=device) % RAYS)
    features = torch.rand(wide, POINTS, device=device, requires_grad=True)
    matter = field.field(nets, features, ways, given)
    (matter.sigma.sum() + matter.rgb.sum() + matter.hears.sum() + matter.minds.sum() + matter.doubt.sum()).backward()
