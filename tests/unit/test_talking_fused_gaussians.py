"""Gaussians drawn by Triton: as the reference draws them, values and gradients. On its interpreter, or a GPU."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")
    pytest.importorskip("triton", reason="triton is not installed (it comes with torch's build for CUDA)")

import torch

from pipelines.contract import Unready
from pipelines.talking_head.gaussians import camera, plain, rasters, splat
from pipelines.talking_head.gaussians.fused import project, raster

DEVICE = torch.device("cuda" if os.environ.get("TRITON_INTERPRET") == "0" else "cpu")


def some(count, wide, *, seed=0):
    """Gaussians about a picture: most in it, some beyond its edges, some too faint to be seen."""
    chance = torch.Generator().manual_seed(seed)
    at = torch.rand(count, 2, generator=chance) * (wide + 12) - 6
    root = torch.randn(count, 2, 2, generator=chance) * 3
    inverse = (root @ root.transpose(1, 2) + torch.eye(2)).inverse()
    conic = torch.stack([inverse[:, 0, 0], inverse[:, 0, 1], inverse[:, 1, 1]], 1)
    opacity = torch.rand(count, generator=chance)
    colour = torch.rand(count, 3, generator=chance)
    depth = torch.rand(count, generator=chance)
    return [one.to(DEVICE).requires_grad_() for one in (at, conic, opacity, colour)], depth.to(DEVICE)


def flat_of(parameters, depth):
    at, conic, opacity, colour = parameters
    return splat.Flat(at=at, conic=conic, opacity=opacity, colour=colour, depth=depth)


def found(shown, parameters):
    """Picture, what shows through, and gradients of a sum in which each number counts otherwise."""
    weights = torch.sin(torch.arange(shown.colour.numel(), device=DEVICE)).reshape(shown.colour.shape)
    total = (shown.colour * weights).sum() + (shown.through * weights[..., 0]).sum()
    gradients = torch.autograd.grad(total, parameters) if total.requires_grad else []
    return (shown.colour.detach(), shown.through.detach()), gradients


def alike(fast, slow):
    for one, other in zip(fast[0], slow[0], strict=True):
        assert (one - other).abs().max() < 1e-4
    for one, other in zip(fast[1], slow[1], strict=True):
        assert (one - other).abs().max() <= 1e-3 * other.abs().max() + 1e-6


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.integers(0, 40), st.integers(1, 20), st.integers(1, 35), st.integers(0, 99))
def test_any_gaussians_on_a_picture_of_any_size_are_drawn_as_the_reference_draws_them(count, height, width, seed):
    parameters, depth = some(count, width, seed=seed)
    fast = found(raster.drawn(flat_of(parameters, depth), height, width), parameters)
    slow = found(splat.drawn(flat_of(parameters, depth), height, width), parameters)
    alike(fast, slow) if count else alike((fast[0], []), (slow[0], []))


def test_the_kernels_draw_what_the_equations_say():
    parameters, depth = some(7, 6)
    alike(
        found(raster.drawn(flat_of(parameters, depth), 4, 5), parameters),
        found(plain.drawn(flat_of(parameters, depth), 4, 5), parameters),
    )


@pytest.mark.parametrize(("count", "faint"), [(3000, 1.0), (300, 0.02)])
def test_thousands_on_one_pixel_hide_each_other_as_they_should(count, faint):
    parameters, depth = some(count, 1)
    parameters[2] = (faint * parameters[2].detach()).requires_grad_()
    alike(
        found(raster.drawn(flat_of(parameters, depth), 2, 2), parameters),
        found(splat.drawn(flat_of(parameters, depth), 2, 2), parameters),
    )


def test_where_nothing_is_in_sight_the_ground_shows_and_nobody_is_told_anything():
    parameters, depth = some(5, 16)
    away = [parameters[0].detach() + 1000, *parameters[1:]]
    shown = raster.drawn(flat_of([away[0].requires_grad_(), *away[1:]], depth), 10, 12)
    _, gradients = found(shown, [away[0], *away[1:]])
    assert shown.through.min() == 1
    assert all(gradient.abs().max() == 0 for gradient in gradients)


def test_pictures_drawn_together_are_those_drawn_alone():
    each = [some(9, 20, seed=1), some(0, 20, seed=2), some(14, 20, seed=3)]
    together = raster.drawn_together([flat_of(*one) for one in each], 18, 20)
    for one, shown in zip(each, together, strict=True):
        alone = raster.drawn(flat_of(*one), 18, 20)
        assert torch.equal(shown.colour, alone.colour)
        assert torch.equal(shown.through, alone.through)


def test_the_nearer_of_two_hides_the_farther():
    flat = splat.Flat(
        at=torch.tensor([[8.5, 8.5], [8.5, 8.5]], device=DEVICE),
        conic=torch.tensor([[0.01, 0, 0.01], [0.01, 0, 0.01]], device=DEVICE),
        opacity=torch.tensor([0.6, 0.8], device=DEVICE),
        colour=torch.tensor([[1.0, 0, 0], [0, 1.0, 0]], device=DEVICE),
        depth=torch.tensor([2.0, 1.0], device=DEVICE),
    )
    shown = raster.drawn(flat, 16, 16)
    assert shown.colour[8, 8].tolist() == pytest.approx([0.2 * 0.6, 0.8, 0.0], abs=1e-6)
    assert float(shown.through[8, 8]) == pytest.approx(0.2 * 0.4, abs=1e-6)


def test_gaussians_of_space_are_projected_as_the_camera_does_it_also_behind_it():
    chance = torch.Generator().manual_seed(0)
    at = (torch.randn(70, 3, generator=chance) * 20 + torch.tensor([0.0, 0.0, 40.0])).to(DEVICE).requires_grad_()
    lengths = torch.rand(70, 3, generator=chance) * 3
    spread = camera.spread(torch.randn(70, 4, generator=chance), lengths).to(DEVICE).requires_grad_()
    solid = camera.Solid(at=at, spread=spread, opacity=torch.ones_like(at[:, 0]), colour=torch.ones_like(at))
    told = []
    for way in (project, camera):
        flat = way.flattened(solid, 96)
        weights = torch.cos(torch.arange(5 * 70, device=DEVICE)).reshape(70, 5)
        total = (torch.cat([flat.at, flat.conic], 1) * weights).sum()
        told.append([flat.at, flat.conic, flat.opacity, *torch.autograd.grad(total, (at, spread))])
    for fast, slow in zip(*told, strict=True):
        assert (fast - slow).abs().max() <= 1e-3 * slow.abs().max()


def test_gsplat_is_refused_in_words_where_there_is_no_gpu():
    with pytest.raises(Unready, match="draws on GPUs alone, and this stage was given none"):
        rasters.raster("gsplat", torch.device("cpu"))


def test_a_processor_draws_tile_by_tile():
    assert rasters.raster("own", torch.device("cpu")) is splat.drawn


@pytest.mark.gpu
def test_gsplat_draws_nearly_the_same():
    parameters, depth = some(400, 64)
    flat = flat_of([one.detach() for one in parameters], depth)
    theirs, ours = rasters.raster("gsplat", DEVICE)(flat, 60, 64), raster.drawn(flat, 60, 64)
    assert (theirs.colour - ours.colour).abs().max() < 0.05  # theirs leaves out shares under 1/255
    assert (theirs.colour - ours.colour).abs().mean() < 0.005
