"""EGSTalker: planes, curves, attention, growth, and a talking ball that is learned with all of them."""

import os
from dataclasses import replace

import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract import BadInput
from pipelines.talking_head.egstalker.attention import SCALE, Attention
from pipelines.talking_head.egstalker.deform import Deformation
from pipelines.talking_head.egstalker.engine import COARSE, DECAY, RATES
from pipelines.talking_head.egstalker.grafting import LOW, SMALLER, Grafting, grown
from pipelines.talking_head.egstalker.growing import Asked, Change, Limits, Rules, changed
from pipelines.talking_head.egstalker.harmonics import harmonics, terms
from pipelines.talking_head.egstalker.kan import FAR, Kan
from pipelines.talking_head.egstalker.planes import Planes, rough
from pipelines.talking_head.egstalker.sizes import MINIATURE, Sizes, read, sized, written
from pipelines.talking_head.engines import engine
from pipelines.talking_head.gaussians import plain
from pipelines.talking_head.gaussians.cloud import Cloud, Start
from pipelines.talking_head.learning import course as loop
from pipelines.talking_head.learning.course import learned
from pipelines.talking_head.learning.engine import MOTION, Turn, rendered
from pipelines.talking_head.learning.shelf import Shelf
from pipelines.talking_head.learning.shelf import begun as run_of
from tests.unit.talking_world import a_talking_ball, begun, taken_up_again

BOX = (torch.tensor([-1.0, -2.0, -3.0]), torch.tensor([1.0, 2.0, 3.0]))


# Parts.


def test_without_a_wish_for_less_the_sizes_are_the_papers():
    assert (sized(512), sized(96)) == (Sizes(), MINIATURE)
    assert (Sizes().planes, Sizes().channels, Sizes().width, Sizes().agents) == ((64, 128), 32, 64, 200)
    assert Sizes().most == 50_000


def test_sizes_are_written_as_json_has_them_and_read_again():
    assert read(written(MINIATURE)) == MINIATURE


def test_planes_give_at_a_place_the_product_of_what_lies_there_on_each():
    planes = Planes((3,), 2, BOX)
    with torch.no_grad():
        planes.grids[0].copy_(torch.rand(3, 2, 3, 3))
    corner, middle = planes(torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]))
    grid = planes.grids[0]
    assert torch.allclose(corner, grid[0, :, 2, 2] * grid[1, :, 2, 2] * grid[2, :, 2, 2])
    assert torch.allclose(middle, grid[0, :, 1, 1] * grid[1, :, 1, 1] * grid[2, :, 1, 1])


def test_planes_tell_all_three_axes_apart_and_what_lies_beyond_the_box_has_its_edges_features():
    planes = Planes((4, 8), 3, BOX)
    at = torch.zeros(1, 3)
    moved = [planes(at + torch.eye(3)[axis] * 0.4) for axis in range(3)]
    assert planes(at).shape == (1, 6)
    assert all((one - planes(at)).abs().max() > 1e-4 for one in moved)
    assert torch.equal(planes(torch.tensor([[1.0, 0, 0]])), planes(torch.tensor([[9.0, 0, 0]])))


def test_planes_that_are_even_are_not_rough():
    planes = Planes((4,), 2, BOX)
    assert float(rough(planes).detach()) > 0.01
    with torch.no_grad():
        planes.grids[0].fill_(0.3)
    assert float(rough(planes).detach()) == 0


def test_a_kan_is_the_sum_of_its_inputs_curves():
    kan = Kan(2, 1).double()
    weights, level = kan.curves.weight[0].reshape(4, 2), kan.curves.bias[0]
    values = torch.tensor([0.7, -1.2], dtype=torch.float64)
    basis = torch.stack([values * torch.sigmoid(values), values, values**2, values**3])
    assert kan(values).item() == pytest.approx(((weights * basis).sum() + level).item())


def test_a_kan_holds_at_its_edge_what_lies_beyond_anything_that_was_seen():
    kan = Kan(1, 3)
    assert torch.equal(kan(torch.tensor([1000.0])), kan(torch.tensor([FAR])))
    assert not torch.equal(kan(torch.tensor([FAR])), kan(torch.tensor([FAR - 1])))


def test_agents_pass_on_to_places_what_sources_say():
    torch.manual_seed(1)
    attention = Attention(6, 3, 8)
    places, sources = torch.randn(5, 6), torch.randn(4, 6)
    shares = attention.shares(places)
    assert torch.allclose(shares.sum(1), torch.ones(5), atol=1e-6)
    read_by = torch.softmax(attention.agents @ attention.keys.weight @ sources.T * SCALE, 1)
    told = shares @ (read_by @ (sources @ attention.values.weight.T))
    heard = torch.nn.functional.layer_norm(places + told, (6,))
    wanted = torch.nn.functional.layer_norm(heard + attention.thinks(heard), (6,))
    assert torch.allclose(attention(places, shares, sources), wanted, atol=1e-5)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_harmonics_are_orthogonal_over_all_sides_and_their_mean_is_nothing(degree):
    way = torch.nn.functional.normalize(torch.randn(60_000, 3, generator=torch.Generator().manual_seed(0)), dim=1)
    found = harmonics(way, degree)
    assert found.shape[1] == terms(degree)
    product = found.T @ found / len(way) * 4 * torch.pi
    assert torch.allclose(product, torch.eye(terms(degree)), atol=0.06)
    assert float(found.mean(0).abs().max() if degree else 0) < 0.01


def test_at_the_start_a_net_offsets_hardly_anything_and_a_camera_has_no_say_unless_it_may(world):
    view = world[0].view(3)
    turned = replace(view, turn=torch.eye(3))
    for camera in (False, True):
        torch.manual_seed(0)
        net = Deformation(2, Sizes(planes=(8,), channels=8, agents=4, hidden=8, camera=camera), BOX)
        still = net.still(torch.rand(9, 3))
        found, other = (net(still, torch.ones(2), one) for one in (view, turned))
        assert found.shape == (9, 14)
        assert float(found.detach().abs().max()) < 0.3
        assert torch.equal(found, other) != camera


def test_nets_of_the_papers_sizes_learn_too_with_a_camera_and_of_several_pictures(world):
    scene, head, triangles, course = world
    whole = replace(course.engine, sizes=Sizes(camera=True))
    world = (scene, head, triangles, replace(course, engine=whole))
    model, rows = begun(world), torch.tensor([2, 9])
    shown = model.shown_together(scene.codes[rows], [scene.view(int(row)) for row in rows])
    torch.stack(shown).square().mean().backward()
    assert all(one.grad is not None for one in model.deformation.parameters())
    model.strained()
    assert float(model.drawn.max()) == 2
    assert torch.equal(shown[1], model.shown(scene.codes[9], scene.view(9)))


# Growth.


def asked(size, opacity, strain):
    return Asked(size=torch.tensor(size), opacity=torch.tensor(opacity), strain=torch.tensor(strain))


def test_the_strained_are_cloned_if_small_and_split_if_large_and_the_faint_and_the_huge_are_dropped():
    size, opacity = [1.0, 1.0, 3.0, 1.0, 90.0], [0.5, 0.5, 0.5, 0.001, 0.5]
    change = changed(asked(size, opacity, [0.0, 9e-4, 8e-4, 9e-4, 9e-4]), Rules(), Limits(2e-4, 10))
    assert change.kept.tolist() == [0, 1]
    assert change.cloned.tolist() == [1]
    assert change.split.tolist() == [2]
    assert change.rows.tolist() == [0, 1, 1, 2, 2]
    assert change.fresh == 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 50), st.floats(0, 1), st.floats(0, 1e-2)), min_size=1), st.integers(-3, 40))
def test_there_are_never_more_than_there_is_room_for_and_nobody_is_made_from_nothing(rows, room):
    change = changed(asked(*(list(column) for column in zip(*rows, strict=True))), Rules(), Limits(2e-4, room))
    assert len(change.rows) <= len(rows) + max(room, 0)
    assert not set(change.kept.tolist()) & set(change.split.tolist())
    assert set(change.cloned.tolist()) <= set(change.kept.tolist())
    middle = len(rows) // 2
    parts = change.between(0, middle), change.between(middle, len(rows))
    assert sum(len(part.rows) for part in parts) == len(change.rows)


def test_copies_share_their_opacity_and_halves_are_smaller_and_lie_within():
    cloud = Cloud([Start(at=torch.zeros(3, 3), colour=torch.rand(3, 3), size=0.5)])
    change = Change(kept=torch.tensor([0, 1]), cloned=torch.tensor([1]), split=torch.tensor([2]))
    found = grown(cloud, change, torch.Generator().manual_seed(0))
    before, after = cloud.opacity[1].sigmoid().item(), found["opacity"].sigmoid()
    assert float(1 - (1 - after[1]) * (1 - after[2])) == pytest.approx(before, abs=1e-5)
    assert float(after[0]) == pytest.approx(before, abs=1e-5)
    assert torch.allclose(found["sizes"][3:].exp(), torch.full((2, 3), 0.5 / SMALLER))
    assert 0 < float(found["at"][2:].norm(dim=1).max()) < 2.5


@pytest.fixture
def world():
    return a_talking_ball()


def stepped(world):
    """A model and its optimiser after one step, and what chance they have."""
    scene, _, _, course = world
    run = run_of(course.engine, begun(world), 0)
    rows = torch.arange(24)
    turn = Turn(iteration=5, done=0.5, rows=rows, chance=run.chance, drive=MOTION)
    course.engine.loss(run.model, scene, turn).total.backward()
    run.optimiser.step()
    run.model.strained()
    return run


def test_what_pulls_at_gaussians_is_counted_and_rows_of_all_their_numbers_grow_with_their_moments(world):
    run = stepped(world)
    model = run.model
    count, moments = len(model.head), run.optimiser.state[model.head.at]["exp_avg"].clone()
    assert float(model.strain.max()) > 0
    place = int(model.strain[:count].argmax())
    model.sizes = replace(model.sizes, strain=float((model.strain / model.drawn.clamp_min(1)).max()) * 0.999)
    Grafting(model, run.optimiser, run.chance).grow(Rules(faint=0, huge=1e9))
    assert len(model.head) == count + 1
    assert model.counted == {"gaussians": count + 1 + len(model.torso)}
    assert len(model.effects) == len(model.shades) == len(model.head.colour) == count + 1
    after = run.optimiser.state[model.head.at]["exp_avg"]
    assert float(after[-1].abs().max()) == 0
    assert torch.equal(after[:-1], moments) or torch.equal(after[:place], moments[:place])
    assert float(model.strain.max()) == 0
    learned_now = {id(one) for group in run.optimiser.param_groups for one in group["params"]}
    assert learned_now == {id(one) for one in model.parameters()}


def test_lowered_opacities_are_hardly_seen(world):
    run = stepped(world)
    Grafting(run.model, run.optimiser, run.chance).lower()
    assert float(torch.sigmoid(run.model.head.opacity.detach()).max()) <= LOW + 1e-6


# Learning.


def test_every_number_of_gaussians_and_planes_has_its_own_rate(world):
    model = begun(world)
    groups = world[3].engine.groups(model)
    rates = {name: group["lr"] for (name, _), group in zip(model.named_parameters(), groups, strict=True)}
    assert rates["deformation.planes.grids.0"] == RATES["grids"]
    assert rates["head.at"] == RATES["at"]
    decays = {name: group["weight_decay"] for (name, _), group in zip(model.named_parameters(), groups, strict=True)}
    assert [name for name, decay in decays.items() if decay > 1] == ["leans"]
    assert decays["head.at"] == decays["effects"] == 0
    assert decays["deformation.attention.agents"] == DECAY


def test_the_net_is_silent_in_the_coarse_stage_and_speaks_after_it(world):
    scene, _, _, course = world
    model = begun(world)
    for done, silent in ((0.0, True), (COARSE, False)):
        turn = Turn(iteration=0, done=done, rows=torch.arange(24), chance=torch.Generator(), drive=MOTION)
        model.zero_grad()
        course.engine.loss(model, scene, turn).total.backward()
        assert (model.deformation.attention.agents.grad is None) == silent
        assert model.deformation.planes.grids[0].grad is not None


def test_a_talking_ball_is_learned_while_it_grows_and_moves_its_mouth(world):
    scene, head, triangles, course = world
    rules = Rules(every=20, reset=0)
    course = replace(course, engine=replace(course.engine, rules=rules), iterations=110, drive=MOTION)
    model = begun((scene, head, triangles, course))
    started_with = model.counted["gaussians"]
    model = learned(model, scene, torch.arange(20), course).model
    with torch.no_grad():
        widest, narrowest = int(scene.opening.argmax()), int(scene.opening.argmin())
        pictures = [rendered(model, scene, row, scene.codes[row]) for row in (widest, narrowest, 22)]
        dark = [float(picture[16:24, 12:20].mean()) for picture in pictures]
    assert dark[0] < dark[1] - 0.1
    assert float((pictures[2] - scene.pictures[22] / 255.0).abs().mean()) < 0.05
    assert started_with < model.counted["gaussians"] <= model.sizes.most


def test_a_course_that_was_killed_while_it_grew_ends_as_if_it_had_not_been(world, tmp_path, monkeypatch):
    scene, head, triangles, course = world
    rules = Rules(every=4, reset=9, first=0, last=0.9)
    course = replace(course, engine=replace(course.engine, rules=rules), iterations=24, drive=MOTION)
    world, rows = (scene, head, triangles, course), torch.arange(24)
    monkeypatch.setattr(loop, "KEPT", 10)
    whole = learned(begun(world), scene, rows, course).model
    resumed = taken_up_again(world, tmp_path / "checkpoint")[0].model
    assert whole.counted == resumed.counted
    assert whole.counted["gaussians"] > 210
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_what_is_looked_up_once_draws_what_is_looked_up_each_time(world):
    scene, model = world[0], begun(world)
    with torch.no_grad():
        each = rendered(model.train(), scene, 3, scene.codes[3])
        once = [rendered(model.eval(), scene, 3, scene.codes[3]) for _ in range(2)]
        model.train()
        model.deformation.rest.curves.bias.add_(1.0)
        other = rendered(model.eval(), scene, 3, scene.codes[3])
    assert torch.equal(each, once[0])
    assert torch.equal(once[0], once[1])
    assert not torch.equal(other, each)


def test_a_model_is_revived_with_all_that_it_had(world):
    model = begun(world).eval()
    again = world[3].engine.revived(model.make)
    again.load_state_dict(model.state_dict())
    with torch.no_grad():
        assert torch.equal(rendered(again.eval(), world[0], 5), rendered(model, world[0], 5))


def test_a_checkpoint_goes_on_with_what_drew_before(world):
    engine_, model = world[3].engine, begun(world)
    model.raster = plain.drawn
    run, shelf = run_of(engine_, model, 0), Shelf()
    shelf.put(run)
    assert shelf.take(engine_, run).model.raster is plain.drawn


def test_a_subject_of_an_engine_that_is_no_more_is_to_be_dropped_again():
    assert engine("egstalker").name == "egstalker"
    with pytest.raises(BadInput, match=r'by the engine "gaussians", which is no more\. Drop its video once more'):
        engine("gaussians")


def test_nothing_grows_and_nothing_is_dropped_while_a_size_is_no_number(world):
    run = stepped(world)
    count = run.model.counted
    with torch.no_grad():
        run.model.torso.sizes[0, 0] = float("nan")
    Grafting(run.model, run.optimiser, run.chance).grow(Rules())
    assert run.model.counted == count
    assert not run.sound, "the course sees it and goes back"
