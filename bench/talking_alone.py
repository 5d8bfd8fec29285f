"""Each kernel of talking heads alone, at the sizes of a frame of 512 pixels, against its floor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from bench import talking_floor as floor
from bench.figures import median
from bench.report import Table
from pipelines.talking_head.egstalker.sizes import Sizes as Gaussians
from pipelines.talking_head.ernerf.field import Field, Given, Ways, harmonics
from pipelines.talking_head.ernerf.fused import composite, field, march, planes
from pipelines.talking_head.ernerf.march import Pace, Samples
from pipelines.talking_head.ernerf.sizes import Sizes
from pipelines.talking_head.gaussians.camera import Solid
from pipelines.talking_head.gaussians.fused import project, raster
from pipelines.talking_head.subject import TOGETHER
from pipelines.talking_head.track.turning import FOCAL

TIMES = 20
AWAY = 120.0
"""Centimetres from the camera to the Gaussians."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much there is. side: of the picture. together: pictures at once. times: of each; the median counts."""

    samples: int = floor.SAMPLES
    rays: int = floor.SIDE**2
    gaussians: int = Gaussians().most
    side: int = floor.SIDE
    together: int = TOGETHER
    times: int = TIMES


@dataclass(frozen=True, slots=True)
class Try:
    """An operation and what it gives that can be differentiated. least: seconds of its floor, forward."""

    name: str
    run: Callable[[], list[Tensor]]
    least: float


def table(device: torch.device, scale: Scale) -> Table:
    """A row for each, forward and forward with the way back, in milliseconds a frame."""
    rows = []
    for one in (*_rays(device, scale), *_gaussians(device, scale)):
        forward = _median(one.run, device, scale.times)
        both = _median(lambda run=one.run: _back(run()), device, scale.times)
        rows.append((one.name, f"{forward:.3f}", f"{both:.3f}", f"{1000 * one.least:.3f}"))
    columns = ("kernels", "ms forward", "ms forward and back", "ms floor, forward")
    return Table(title="Kernels alone, a frame of 512 pixels", columns=columns, rows=tuple(rows))


def _median(run: Callable[[], object], device: torch.device, times: int) -> float:
    """Milliseconds; on a GPU the first time, in which kernels are compiled, does not count."""
    took = []
    for _ in range(times + (device.type == "cuda")):
        began = time.perf_counter()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        took.append(1000 * (time.perf_counter() - began))
    return median(took[-times:])


def _back(outcomes: list[Tensor]) -> None:
    known = [one for one in outcomes if one.requires_grad]
    if known:
        torch.autograd.backward([one.sum() for one in known])


def _rays(device: torch.device, scale: Scale) -> Iterator[Try]:
    torch.manual_seed(0)
    sizes = Sizes()
    least = {work.name: work.seconds for work in floor.rays(sizes)}
    ways = torch.nn.functional.normalize(0.2 * torch.randn(scale.rays, 3) + torch.eye(3)[2], dim=1).to(device)
    origins = (-3 * torch.eye(3)[2]).to(device).expand_as(ways)
    filled = (torch.rand((sizes.cells,) * 3) < 0.1).to(device)
    pace = Pace(step=sizes.step, most=sizes.samples)
    yield Try("march", lambda: [march.march(filled, origins, ways, pace).along], least["march"])
    layout = sizes.planes
    tables = torch.randn(3, layout.levels, layout.entries, 1, device=device, requires_grad=True)
    points = (2 * torch.rand(scale.samples, 3) - 1).to(device)
    yield Try("encode", lambda: [planes.encode(points, tables, layout)], least["encode"])
    nets = Field(3 * layout.levels, sizes).to(device)
    given = Given(
        heard=torch.rand(sizes.heard, device=device),
        shut=torch.rand((), device=device),
        own=torch.rand(sizes.own, device=device),
    )
    features = torch.randn(3 * layout.levels, scale.samples, device=device, requires_grad=True)
    ray = (torch.arange(scale.samples) * scale.rays // scale.samples).to(device)
    seen = Ways(sees=harmonics(ways), ray=ray)
    yield Try("nets", lambda: _matter(nets, features, seen, given), least["nets"])
    start = torch.searchsorted(ray, torch.arange(scale.rays + 1, device=device))
    samples = Samples(torch.rand(scale.samples, device=device), start)
    sigma, rgb = (
        torch.rand(*shape, device=device, requires_grad=True) for shape in ((scale.samples,), (scale.samples, 3))
    )
    yield Try("composite", lambda: [composite.composite(sigma, rgb, samples, sizes.step).colour], least["composite"])


def _matter(nets: Field, features: Tensor, seen: Ways, given: Given) -> list[Tensor]:
    matter = field.field(nets, features, seen, given)
    return [matter.sigma, matter.rgb]


def _gaussians(device: torch.device, scale: Scale) -> Iterator[Try]:
    torch.manual_seed(0)
    count = scale.gaussians
    flat = (torch.rand(count, 2) - 0.5) * (0.8 * AWAY / FOCAL)
    at = torch.cat([flat, AWAY + 8 * torch.rand(count, 1)], 1).to(device).requires_grad_()
    size = 0.7 * AWAY / FOCAL / count**0.5
    solid = Solid(
        at=at,
        spread=(torch.eye(3) * size**2).repeat(count, 1, 1).to(device).requires_grad_(),
        opacity=(0.3 + 0.6 * torch.rand(count)).to(device).requires_grad_(),
        colour=torch.rand(count, 3).to(device).requires_grad_(),
    )

    def drawn(pictures: int) -> list[Tensor]:
        flats = [project.flattened(solid, scale.side) for _ in range(pictures)]
        return [one.colour for one in raster.drawn_together(flats, scale.side, scale.side)]

    least = sum(work.seconds for work in floor.gaussians(Gaussians()) if work.name != "deform")
    yield Try("project, tile lists and paint, one frame", lambda: drawn(1), least)
    yield Try(f"the same, {scale.together} frames", lambda: drawn(scale.together), scale.together * least)
