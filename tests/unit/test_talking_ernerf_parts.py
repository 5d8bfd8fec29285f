"""The parts of the radiance field: each by hand, against a slow twin, and by its gradients."""

import math
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")

import torch

from pipelines.talking_head.ernerf import losses, planes
from pipelines.talking_head.ernerf.box import Box, rays
from pipelines.talking_head.ernerf.composite import composite
from pipelines.talking_head.ernerf.field import Field, Given, harmonics
from pipelines.talking_head.ernerf.march import Pace, Samples, looked, march
from pipelines.talking_head.ernerf.occupancy import DECAY, DENSE, Occupancy
from pipelines.talking_head.ernerf.planes import Layout, encode, looked_up, plainly
from pipelines.talking_head.ernerf.sizes import PACE, Sizes, sized
from pipelines.talking_head.ernerf.torso import PLACES, TURNS, Torso, still, waves
from pipelines.talking_head.track.sway import moved
from pipelines.talking_head.track.turning import FOCAL

MIXED = Layout(levels=4, least=2, most=20, entries=128)
TILED = Layout(levels=3, least=3, most=18, entries=64, features=2, tiled=True)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def some_tables(layout, count=3, seed=1):
    shape = (count, layout.levels, layout.entries, layout.features)
    return torch.randn(shape, dtype=torch.float64, generator=chance(seed)).requires_grad_()


def some_places(count, *shape, seed=2):
    return (2 * torch.rand(count, *shape, dtype=torch.float64, generator=chance(seed)) - 1).requires_grad_()


# Planes.


def test_a_place_in_the_middle_of_a_cell_has_the_mean_of_its_corners():
    layout = Layout(levels=1, least=2, most=2, entries=9)
    table = torch.arange(9.0).reshape(1, 1, 9, 1)
    found = plainly(torch.tensor([[[0.5, -0.5], [-1.0, 1.0]]]), table, layout)
    assert found.flatten().tolist() == [(1 + 2 + 4 + 5) / 4, 6.0]


def test_corners_that_do_not_fit_share_rows_by_the_hash_of_the_paper():
    layout = Layout(levels=2, least=2, most=40, entries=32)
    assert layout.cells == (2, 40)
    assert layout.dense == 1
    x, y = torch.tensor([[[2], [37]]]), torch.tensor([[[1], [23]]])
    assert planes.indexed(x, y, layout).flatten().tolist() == [5, (37 ^ (23 * 2654435761)) % 32]


def test_a_tiled_grid_repeats_row_by_row():
    x, y = torch.tensor([[[1], [2], [5]]]), torch.tensor([[[3], [4], [18]]])
    assert planes.indexed(x, y, TILED).flatten().tolist() == [3 * 4 + 1, 4 * 8 + 2, (18 * 19 + 5) % 64]


@pytest.mark.parametrize("layout", [MIXED, TILED, Layout(levels=3, least=2, most=9, entries=128)])
def test_levels_sampled_as_pictures_are_what_the_corners_say_and_so_are_their_gradients(layout):
    tables, at = some_tables(layout), some_places(3, 40, 2)
    weights = torch.sin(torch.arange(3 * layout.levels * layout.features * 40, dtype=torch.float64))
    found = []
    for way in (looked_up, plainly):
        values = way(at, tables, layout)
        found.append((values.detach(), *torch.autograd.grad((values.flatten() * weights).sum(), (tables, at))))
    for fast, slow in zip(*found, strict=True):
        assert (fast - slow).abs().max() < 1e-9


@pytest.mark.parametrize("layout", [MIXED, TILED])
def test_where_rays_meet_nothing_there_are_no_features(layout):
    assert looked_up(some_places(3, 0, 2), some_tables(layout), layout).shape == (3, layout.levels, layout.features, 0)


def test_the_gradients_of_features_are_those_of_their_values():
    layout = Layout(levels=2, least=2, most=9, entries=16)
    tables, points = some_tables(layout), some_places(2, 3)
    assert torch.autograd.gradcheck(lambda points, tables: encode(points, tables, layout), (points, tables))


def test_a_point_falls_on_three_planes():
    layout = Layout(levels=1, least=1, most=1, entries=4)
    tables = torch.zeros(3, 1, 4, 1)
    tables[0, 0, 1] = tables[1, 0, 1] = tables[2, 0, 1] = 1.0
    found = encode(torch.tensor([[1.0, -1.0, -1.0], [-1.0, 1.0, -1.0]]), tables, layout)
    assert found.T.tolist() == [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]


# Rays.


def test_the_ray_of_a_pixel_goes_through_what_is_seen_there():
    turn = torch.linalg.qr(torch.randn(3, 3, generator=chance()))[0]
    move, box = torch.tensor([1.0, -2.0, 60.0]), Box(torch.tensor([0.5, 1.0, 2.0]), torch.tensor(12.0))
    side, pixel = 64, 20 * 64 + 41
    seen = torch.tensor([(41.5 / side - 0.5) / FOCAL, (20.5 / side - 0.5) / FOCAL, 1.0]) * 55
    point = box.inside((seen - move) @ turn)
    ray = rays((turn, move), box, torch.tensor([pixel]), side)
    away = point - ray.origins[0]
    assert torch.allclose(away / away.norm(), ray.ways[0], atol=1e-5)
    assert torch.allclose(box.outside(box.inside(seen)), seen)


def test_a_ray_straight_through_a_full_box_is_looked_at_in_equal_steps():
    full = torch.ones(4, 4, 4, dtype=torch.bool)
    origins, ways = torch.tensor([[0.1, 0.1, -3.0], [5.0, 0.0, -3.0]]), torch.tensor([[0.0, 0.0, 1.0]] * 2)
    found = march(full, origins, ways, Pace(step=0.5, most=16))
    assert found.along.tolist() == [2.25, 2.75, 3.25, 3.75]
    assert found.start.tolist() == [0, 4, 4]
    assert march(full, origins, ways, Pace(step=0.5, most=3)).along.tolist() == [2.25, 2.75, 3.25]


def stepped(filled, origin, way, pace, first):
    """One ray, step by step."""
    side, along = len(filled), []
    enters, leaves = 0.0, math.inf
    for at, to in zip(origin, way, strict=True):
        steep = 1e-9 if abs(to) < 1e-9 else to
        low, high = sorted(((-1 - at) / steep, (1 - at) / steep))
        enters, leaves = max(enters, low), min(leaves, high)
    for number in range(10_000):
        place = enters + (number + first) * pace.step
        if place >= leaves or len(along) == pace.most:
            return along
        cell = [
            min(max(int((at + place * to + 1) * side / 2), 0), side - 1) for at, to in zip(origin, way, strict=True)
        ]
        if filled[cell[0]][cell[1]][cell[2]]:
            along.append(place)
    raise AssertionError


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 30), st.integers(1, 6), st.floats(0.05, 0.6), st.integers(1, 20))
def test_samples_are_in_filled_cells_nearest_first_and_none_is_left_out(seed, cells, step, most):
    some = chance(seed)
    filled = torch.rand(cells, cells, cells, generator=some) < 0.5
    origins = torch.randn(5, 3, generator=some, dtype=torch.float64) * 2
    ways = torch.nn.functional.normalize(torch.randn(5, 3, generator=some, dtype=torch.float64) - origins, dim=1)
    first, pace = torch.rand(5, generator=some, dtype=torch.float64), Pace(step=step, most=most)
    found = march(filled, origins, ways, pace, first)
    for ray in range(5):
        own = found.along[found.start[ray] : found.start[ray + 1]]
        slow = stepped(filled.tolist(), origins[ray].tolist(), ways[ray].tolist(), pace, float(first[ray]))
        assert own.tolist() == pytest.approx(slow)
    points = origins[found.ray] + found.along[:, None] * ways[found.ray]
    assert looked(filled, points).all()


# What a ray sees.


def test_a_half_dense_sample_hides_half_of_the_next():
    half = math.log(2) / 0.25
    samples = Samples(torch.tensor([1.0, 2.0]), torch.tensor([0, 2, 2]))
    colours = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])
    seen = composite(torch.tensor([half, half]), colours, samples, 0.25)
    assert seen.colour[0].tolist() == pytest.approx([0.5, 0.25, 0.0])
    assert seen.alpha.tolist() == pytest.approx([0.75, 0.0])
    assert seen.depth.tolist() == pytest.approx([(0.5 + 2 * 0.25) / 0.75, 0.0])
    assert seen.over(torch.ones(2, 3))[1].tolist() == [1.0, 1.0, 1.0]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 30), st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_rays_of_any_lengths_see_what_going_along_them_says(seed, counts):
    total, some = sum(counts), chance(seed)
    sigma = torch.rand(total, generator=some, dtype=torch.float64) * 40
    rgb = torch.rand(total, 3, generator=some, dtype=torch.float64)
    along = torch.rand(total, generator=some, dtype=torch.float64)
    start = torch.tensor([0, *counts]).cumsum(0)
    seen = composite(sigma, rgb, Samples(along, start), 0.05)
    for ray in range(len(counts)):
        light, colour = 1.0, torch.zeros(3, dtype=torch.float64)
        for at in range(int(start[ray]), int(start[ray + 1])):
            share = 1 - math.exp(-0.05 * float(sigma[at]))
            assert float(seen.share[at]) == pytest.approx(light * share)
            colour, light = colour + light * share * rgb[at], light * (1 - share)
        assert seen.colour[ray].tolist() == pytest.approx(colour.tolist())
        assert float(seen.alpha[ray]) == pytest.approx(1 - light)


def test_the_gradients_of_what_is_seen_are_those_of_its_values():
    sigma = (torch.rand(7, dtype=torch.float64, generator=chance()) * 5).requires_grad_()
    rgb = torch.rand(7, 3, dtype=torch.float64, generator=chance(1)).requires_grad_()
    samples = Samples(torch.arange(7, dtype=torch.float64), torch.tensor([0, 3, 3, 7]))

    def see(sigma, rgb):
        seen = composite(sigma, rgb, samples, 0.2)
        return seen.colour, seen.alpha

    assert torch.autograd.gradcheck(see, (sigma, rgb))


# The field.


def test_harmonics_are_orthonormal_on_the_sphere():
    count = 20_000
    turn = torch.arange(count, dtype=torch.float64) + 0.5
    z, angle = 1 - 2 * turn / count, math.pi * (1 + math.sqrt(5)) * turn
    flat = (1 - z * z).sqrt()
    values = harmonics(torch.stack([flat * angle.cos(), flat * angle.sin(), z], 1))
    product = 4 * math.pi * values.T @ values / count
    assert (product - torch.eye(16, dtype=torch.float64)).abs().max() < 1e-3


def test_the_papers_nets_take_as_many_multiplications_a_sample_as_it_says():
    field = Field(36, Sizes())
    nets = (field.hears, field.minds, field.density, field.colour)
    assert sum(one.numel() for net in nets for one in net.parameters()) == 23_184
    assert Sizes().planes.cells[0] == 64
    assert Sizes().planes.cells[-1] == 512
    assert pytest.approx(0.027, abs=1e-4) == PACE
    assert sized(256) == Sizes()


@pytest.mark.parametrize("side", [64, 96, 128, 254])
def test_the_heads_planes_of_the_miniature_have_a_row_for_each_corner(side):
    assert sized(side).planes.dense == sized(side).planes.levels


def a_field(features=5):
    torch.manual_seed(0)
    return Field(features, Sizes(hidden=6, attention=4, heard=3, eye=2, doubt=2)).double()


def a_given(seed=3):
    some = torch.randn(8, dtype=torch.float64, generator=chance(seed))
    return Given(heard=some[:3], shut=some[3].sigmoid(), own=some[4:])


def test_where_there_are_no_features_all_is_thin_and_grey():
    ways = harmonics(torch.zeros(2, 3, dtype=torch.float64)) * 0
    given_ = Given(heard=torch.zeros(3).double(), shut=torch.tensor(0.0).double(), own=torch.zeros(4).double())
    found = a_field()(torch.zeros(5, 2, dtype=torch.float64), ways, given_)
    assert found.sigma.tolist() == [1.0, 1.0]
    assert found.rgb.flatten().tolist() == pytest.approx([0.5] * 6)


def test_sound_matters_only_in_regions_that_hear():
    field, features = a_field(), torch.randn(5, 4, dtype=torch.float64, generator=chance())
    with torch.no_grad():
        loud = field.dense(features, a_given(3)), field.dense(features, a_given(4))
        assert (loud[0] - loud[1]).abs().max() > 1e-3
        field.hears[2].weight.zero_()
        field.density[0].weight[:, -1] = 0
        deaf = field.dense(features, a_given(3)), field.dense(features, a_given(4))
    assert torch.equal(*deaf)


def test_the_gradients_of_the_field_are_those_of_its_values():
    field, ways = a_field(), harmonics(torch.nn.functional.normalize(torch.randn(3, 3).double(), dim=1))
    features = torch.randn(5, 3, dtype=torch.float64, generator=chance()).requires_grad_()
    heard = a_given().heard.clone().requires_grad_()

    def matter(features, heard):
        one = a_given()
        found = field(features, ways, Given(heard=heard, shut=one.shut, own=one.own))
        return found.sigma, found.rgb, found.hears, found.minds

    assert torch.autograd.gradcheck(matter, (features, heard))


def test_doubt_teaches_nothing_to_the_planes():
    features = torch.randn(5, 3, dtype=torch.float64).requires_grad_()
    ways = harmonics(torch.nn.functional.normalize(torch.randn(3, 3).double(), dim=1))
    doubt = a_field()(features, ways, a_given()).doubt.sum()
    assert torch.autograd.grad(doubt, features, allow_unused=True) == (None,)


# Where anything is.


def test_cells_in_which_nothing_is_found_are_left_out_in_time_and_come_back():
    occupancy = Occupancy(4)
    left = lambda points: torch.where(points[:, 0] < 0, 100.0, 0.0)  # noqa: E731
    occupancy.refresh(lambda points: torch.full((len(points),), 3 * DENSE), chance())
    assert occupancy.filled.all()
    looks = 0
    while occupancy.filled[3, 0, 0]:
        occupancy.refresh(left, chance(looks))
        looks += 1
    assert looks == math.ceil(math.log(3) / -math.log(DECAY))
    assert occupancy.filled[:2].all()
    occupancy.refresh(lambda points: 100.0 - left(points), chance())
    assert occupancy.filled[2:].all()


def test_cells_that_cannot_hold_anything_are_never_looked_at():
    occupancy, possible = Occupancy(4), torch.zeros(4, 4, 4, dtype=torch.bool)
    possible[1, 2] = True
    occupancy.confined(possible)
    asked = []
    occupancy.refresh(lambda points: asked.append(points) or torch.full((len(points),), 100.0), chance())
    assert torch.equal(occupancy.filled, possible)
    assert looked(possible, asked[0]).all()


# The torso.


def test_frequency_codes_are_as_long_as_the_papers():
    assert waves(torch.zeros(1, 2), PLACES).shape == (1, 34)
    assert waves(torch.zeros(1, 6), TURNS).shape == (1, 42)
    assert waves(torch.tensor([[0.5]]), 2)[0].tolist() == pytest.approx(
        [0.5, math.sin(0.5), math.sin(1.0), math.cos(0.5), math.cos(1.0)]
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-0.3, 0.3), min_size=4, max_size=4), st.integers(0, 1 << 30))
def test_sway_is_taken_out_as_it_was_put_in(sway, seed):
    at = torch.rand(5, 2, generator=chance(seed), dtype=torch.float64) - 0.5
    found = still(2 * torch.from_numpy(moved(at.numpy(), np.array(sway))), torch.tensor([sway] * 5).double())
    assert torch.allclose(found, 2 * at)


def test_anchors_are_seen_where_the_head_carries_them():
    torso = Torso(Sizes(torso=TILED))
    with torch.no_grad():
        torso.anchors.copy_(torch.tensor([[0.0, 0.0, 0.0, 1.0], [0.1, 0.0, 0.0, 1.0], [0.0, 0.2, 0.0, 1.0]]))
    turn = torch.tensor([[[1.0, 0, 0], [0, -1, 0], [0, 0, -1]]])
    found = torso.anchored(turn, torch.tensor([[5.0, 0.0, 100.0]]))[0]
    assert found.tolist() == pytest.approx([0.3, 0.0, 0.9, 0.0, 0.3, -1.2])


def test_anchors_are_told_in_the_measure_of_the_clip():
    torso = Torso(Sizes(torso=TILED))
    moves = torch.cat([torch.randn(50, 2, generator=chance()) * 3, torch.full((50, 1), 90.0)], 1)
    turns = torch.diag(torch.tensor([1.0, -1.0, -1.0])).repeat(50, 1, 1)
    torso.accustomed(turns, moves)
    found = torso.anchored(turns, moves)
    assert found.mean(0).abs().max() < 1e-4
    assert float(found.detach().std(0).mean()) == pytest.approx(1, abs=1e-3)


def test_the_torso_learns_where_to_move_its_picture_to():
    torso = Torso(Sizes(torso=TILED)).double()
    with torch.no_grad():
        assert not torso.deforms[-1].weight.any()
        torso.deforms[-1].weight.normal_(generator=chance(1))
        torso.table.normal_(generator=chance())
    told = torso(some_places(6, 2), torch.ones(6, 6).double(), torch.ones(6, 8).double())
    assert told.shape == (6, 4)
    told.sum().backward()
    for learned in (torso.table, *torso.deforms.parameters(), *torso.paints.parameters()):
        assert learned.grad.abs().max() > 0


# The loss.


def test_opacities_are_told_to_be_one_or_nothing():
    assert float(losses.entropy(torch.tensor([0.5, 0.5]))) == pytest.approx(1.0)
    assert float(losses.entropy(torch.tensor([0.0, 1.0]))) < 1e-3


def test_doubt_settles_where_colours_are_off_and_vanishes_beside_the_face():
    off = torch.tensor([[0.4, 0.4, 0.4], [0.0, 0.0, 0.0], [0.4, 0.4, 0.4]])
    face = torch.tensor([True, True, False])
    doubt = torch.full((3,), 0.3, requires_grad=True)
    found = torch.autograd.grad(losses.doubted(off, doubt, face, 1.0), doubt)[0]
    assert found[0] < 0 < found[1]
    assert float(found[2]) == pytest.approx(losses.ELSEWHERE / 3)


def test_at_the_beginning_all_colours_count_alike():
    off, face = torch.tensor([[0.3, 0.0, 0.0], [0.0, 0.0, 0.0]]), torch.ones(2, dtype=torch.bool)
    assert float(losses.doubted(off, torch.tensor([0.0, 9.0]), face, 0.0)) == pytest.approx(0.09 / 3 / 2)


def test_a_patch_like_the_true_one_costs_nothing():
    patch = torch.rand(14, 15, 3, generator=chance())
    assert float(losses.patched(patch, patch)) == pytest.approx(0, abs=1e-6)
    assert losses.patched(patch.mean(0, keepdim=True).expand(14, 15, 3), patch) > 1e-3
    assert losses.patched(patch[:3], patch[:3] * 0) > 0
