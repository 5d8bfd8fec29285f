"""ER-NeRF's operations by Triton: as the reference computes them, values and gradients. Here or on a GPU."""

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")
    pytest.importorskip("triton", reason="triton is not installed (it comes with torch's build for CUDA)")

import torch

from pipelines.talking_head.ernerf import composite, march, planes
from pipelines.talking_head.ernerf.box import Rays
from pipelines.talking_head.ernerf.field import Field, Given, Ways, harmonics
from pipelines.talking_head.ernerf.fused import composite as fused_composite
from pipelines.talking_head.ernerf.fused import field as fused_field
from pipelines.talking_head.ernerf.fused import march as fused_march
from pipelines.talking_head.ernerf.fused import planes as fused_planes
from pipelines.talking_head.ernerf.head import Head
from pipelines.talking_head.ernerf.march import Pace, Samples
from pipelines.talking_head.ernerf.operations import PLAIN, fused
from pipelines.talking_head.ernerf.planes import Layout
from pipelines.talking_head.ernerf.sizes import Sizes

DEVICE = torch.device("cuda" if os.environ.get("TRITON_INTERPRET") == "0" else "cpu")
EXACT, NETS = 1e-4, 2e-4 if DEVICE.type == "cpu" else 2e-2
"""Relative tolerances; a GPU multiplies matrices with 10 binary digits."""


def chance(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(DEVICE)


def alike(fast, slow, tolerance=EXACT):
    for one, other in zip(fast, slow, strict=True):
        assert one.shape == other.shape
        if one.numel():
            assert (one - other).abs().max() <= tolerance * other.abs().max() + 1e-6


def rays(count, seed=0):
    """Rays towards the box, some past it."""
    ways = torch.nn.functional.normalize(0.4 * chance(count, 3, seed=seed) + torch.eye(3, device=DEVICE)[2], dim=1)
    return 0.3 * chance(count, 3, seed=seed + 1) - 3 * torch.eye(3, device=DEVICE)[2], ways


@settings(max_examples=3, deadline=None, derandomize=True)
@given(st.integers(0, 200), st.floats(0, 1), st.integers(1, 16), st.integers(0, 99))
def test_rays_are_looked_at_in_the_same_places(count, full, most, seed):
    origins, ways = rays(count, seed)
    filled = (chance(8, 8, 8, seed=seed).abs() < full).contiguous()
    pace, first = Pace(step=0.11, most=most), chance(count, seed=seed).abs() % 1
    fast, slow = (way.march(filled, origins, ways, pace, first) for way in (fused_march, march))
    assert fast.start.tolist() == slow.start.tolist()
    alike([fast.along], [slow.along])


@pytest.mark.parametrize(("features", "tiled"), [(1, False), (2, True)])
@pytest.mark.parametrize("digits", [torch.float32, torch.float16])
def test_features_between_corners_are_those_of_the_reference_and_so_are_all_gradients(features, tiled, digits):
    layout = Layout(levels=3, least=8, most=64, entries=256, features=features, tiled=tiled)
    points = (1.1 * torch.sin(chance(60, 3))).requires_grad_()  # some beyond the box
    tables = chance(3, 3, 256, features).to(digits).requires_grad_()
    weights = torch.cos(torch.arange(9 * features * 60, device=DEVICE)).reshape(9 * features, 60)
    told = []
    for way, own in ((fused_planes, tables), (planes, tables.float())):
        shown = way.encode(points, own, layout)
        told.append([shown, *torch.autograd.grad((shown * weights).sum(), (points, tables))])
    alike(*told, EXACT if digits == torch.float32 else 2e-3)


def test_a_table_that_is_no_power_of_two_is_refused():
    with pytest.raises(ValueError, match="entries = 100: the kernels take a power of two alone"):
        fused_planes.looked_up(chance(1, 4, 2), chance(1, 1, 100, 1), Layout(levels=1, least=4, most=4, entries=100))


@settings(max_examples=3, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=150), st.integers(0, 99))
def test_rays_see_the_same_of_any_samples_and_tell_them_the_same(counts, seed):
    start = torch.tensor([0, *counts], device=DEVICE).cumsum(0)
    total = int(start[-1])
    samples = Samples(chance(total, seed=seed).abs(), start)
    sigma, rgb = (20 * chance(total, seed=seed).abs()).requires_grad_(), chance(total, 3, seed=seed).requires_grad_()
    told = []
    for way in (fused_composite, composite):
        seen = way.composite(sigma, rgb, samples, 0.05)
        parts = (seen.colour, seen.alpha, seen.share)
        weighed = [part * torch.sin(torch.arange(part.numel(), device=DEVICE)).reshape(part.shape) for part in parts]
        gradients = torch.autograd.grad(sum(part.sum() for part in weighed), (sigma, rgb))
        told.append([*parts, seen.depth, *gradients])
    alike(*told)


@pytest.mark.parametrize("points", [1, 90])
def test_the_nets_in_one_kernel_say_what_torch_says_and_learn_the_same(points):
    torch.manual_seed(0)
    nets = Field(24, Sizes()).to(DEVICE)
    given = Given(
        heard=chance(32).requires_grad_(),
        shut=torch.tensor(0.7, device=DEVICE).requires_grad_(),
        own=chance(4).requires_grad_(),
    )
    features = chance(24, points).requires_grad_()
    sees, ray = harmonics(torch.nn.functional.normalize(chance(7, 3), dim=1)), torch.arange(points, device=DEVICE) % 7
    told = []
    for way in (
        lambda: fused_field.field(nets, features, Ways(sees=sees, ray=ray), given),
        lambda: nets(features, sees[ray], given),
    ):
        matter = way()
        parts = [matter.sigma, matter.rgb, matter.hears, matter.minds, matter.doubt]
        weighed = sum(
            (part * torch.cos(torch.arange(part.numel(), device=DEVICE)).reshape(part.shape)).sum() for part in parts
        )
        asked = (features, given.heard, given.shut, given.own, *nets.parameters())
        told.append([*parts, *torch.autograd.grad(weighed, asked)])
    alike(*told, NETS)


def test_rays_see_the_same_head_by_kernels_and_teach_it_the_same():
    torch.manual_seed(1)
    small = Layout(levels=3, least=8, most=32, entries=256)
    head = Head(Sizes(planes=small, attention=16, heard=16, hidden=32, doubt=16, cells=8, samples=6, step=0.2)).to(
        DEVICE
    )
    with torch.no_grad():
        head.tables.normal_()
    given = Given(heard=chance(16), shut=torch.tensor(0.3, device=DEVICE), own=chance(4))
    told = []
    for way in (fused(), PLAIN):
        head.operations = way
        look = head(Rays(*rays(40)), given)
        weights = torch.sin(torch.arange(120, device=DEVICE)).reshape(40, 3)
        total = (look.seen.colour * weights).sum() + look.seen.alpha.sum() + look.gathered(look.matter.doubt).sum()
        told.append([look.seen.colour, look.seen.depth, *torch.autograd.grad(total, list(head.parameters()))])
    alike(*told, NETS)


def test_every_kernel_keeps_to_the_rules_of_triton_which_its_interpreter_does_not_ask_for():
    told = subprocess.run(
        [sys.executable, "-m", "bench.ahead", "90"],
        env={**os.environ, "TRITON_INTERPRET": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert len(told.stdout.splitlines()) == 16
