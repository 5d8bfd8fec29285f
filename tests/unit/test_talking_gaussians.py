"""Gaussians: the fast drawing is the plain one, and a talking ball is learned, interrupted or not."""

import mmap
import os
import time
from dataclasses import replace

import numpy as np
import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")

import torch

from pipelines.talking_head.gaussians import plain, splat
from pipelines.talking_head.gaussians.camera import Solid, flattened, spread, turned
from pipelines.talking_head.gaussians.cloud import Cloud, Start, on_surface
from pipelines.talking_head.gaussians.mouth import BEHIND, between_lips, inside
from pipelines.talking_head.gaussians.moving import Ear
from pipelines.talking_head.judge import pixels
from pipelines.talking_head.landmarks.points import INNER_LIPS
from pipelines.talking_head.learning import course as loop
from pipelines.talking_head.learning import driven
from pipelines.talking_head.learning.course import OverMemory, Watch, fallen, held, learned
from pipelines.talking_head.learning.engine import AUDIO, MOTION, Turn, rendered
from pipelines.talking_head.learning.looks import LIPS, around_mouth, similarity
from pipelines.talking_head.learning.picking import picked
from pipelines.talking_head.scene import Scene
from pipelines.talking_head.track.turning import FOCAL
from tests.unit.talking_world import a_talking_ball, begun, taken_up_again


def some(count, side, dtype=torch.float64):
    generator = torch.Generator().manual_seed(count)
    at = torch.rand(count, 2, dtype=dtype, generator=generator) * side
    root = torch.randn(count, 2, 2, dtype=dtype, generator=generator) * 3
    inverse = (root @ root.transpose(1, 2) + torch.eye(2, dtype=dtype)).inverse()
    conic = torch.stack([inverse[:, 0, 0], inverse[:, 0, 1], inverse[:, 1, 1]], 1)
    opacity = torch.rand(count, dtype=dtype, generator=generator) * 0.97 + 0.03
    colour = torch.rand(count, 3, dtype=dtype, generator=generator)
    depth = torch.rand(count, dtype=dtype, generator=generator)
    return [one.requires_grad_() for one in (at, conic, opacity, colour)], depth


def flat_of(parameters, depth):
    at, conic, opacity, colour = parameters
    return splat.Flat(at=at, conic=conic, opacity=opacity, colour=colour, depth=depth)


# Drawing.


@pytest.mark.parametrize(("count", "height", "width"), [(25, 20, 18), (1, 5, 33), (12, 16, 16)])
def test_tiles_draw_what_the_equations_say_and_so_do_their_gradients(count, height, width):
    parameters, depth = some(count, 18)
    ground = torch.rand(height, width, 3, dtype=torch.float64)
    weights = torch.sin(torch.arange(height * width * 3, dtype=torch.float64)).reshape(height, width, 3)
    found = []
    for way in (splat, plain):
        shown = way.drawn(flat_of(parameters, depth), height, width).over(ground)
        found.append((shown.detach(), torch.autograd.grad((shown * weights).sum(), parameters)))
    assert (found[0][0] - found[1][0]).abs().max() < 1e-12
    for fast, slow in zip(found[0][1], found[1][1], strict=True):
        assert (fast - slow).abs().max() < 1e-10 * max(1.0, float(slow.abs().max()))


def test_chunks_of_any_size_draw_the_same(monkeypatch):
    parameters, depth = some(60, 64)
    whole = splat.drawn(flat_of(parameters, depth), 64, 64)
    monkeypatch.setattr(splat, "CHUNK", 1)
    assert (splat.drawn(flat_of(parameters, depth), 64, 64).colour - whole.colour).abs().max() < 1e-12


def test_nothing_to_draw_shows_the_ground():
    parameters, depth = some(3, 16)
    away = [parameters[0] + 1000, *parameters[1:]]
    shown = splat.drawn(flat_of(away, depth), 10, 12)
    assert shown.through.min() == 1
    assert shown.colour.abs().max() == 0


def test_the_nearer_of_two_hides_the_farther():
    flat = splat.Flat(
        at=torch.tensor([[8.5, 8.5], [8.5, 8.5]]),
        conic=torch.tensor([[0.01, 0, 0.01], [0.01, 0, 0.01]]),
        opacity=torch.tensor([0.6, 0.8]),
        colour=torch.tensor([[1.0, 0, 0], [0, 1.0, 0]]),
        depth=torch.tensor([2.0, 1.0]),
    )
    shown = splat.drawn(flat, 16, 16)
    assert shown.colour[8, 8].tolist() == pytest.approx([0.2 * 0.6, 0.8, 0.0], abs=1e-6)
    assert float(shown.through[8, 8]) == pytest.approx(0.2 * 0.4, abs=1e-6)


# Space.


def test_a_gaussian_before_the_camera_lies_where_it_is_projected_to():
    solid = Solid(
        at=torch.tensor([[2.0, -1.0, 100.0], [0.0, 0.0, -5.0]]),
        spread=torch.eye(3).repeat(2, 1, 1) * 4,
        opacity=torch.tensor([0.5, 0.5]),
        colour=torch.rand(2, 3),
    )
    flat = flattened(solid, 96)
    assert flat.at[0].tolist() == pytest.approx([48 + FOCAL * 96 * 0.02, 48 - FOCAL * 96 * 0.01])
    variance = 4 * (FOCAL * 96 / 100) ** 2 + 0.3
    assert float(flat.conic[0, 0]) == pytest.approx(1 / variance, rel=1e-2)
    assert flat.opacity.tolist() == [0.5, 0.0]


def test_quaternions_turn_and_covariances_have_their_sizes():
    quaternions = torch.randn(20, 4)
    turn = turned(quaternions)
    assert torch.allclose(turn @ turn.transpose(1, 2), torch.eye(3).expand(20, 3, 3), atol=1e-5)
    assert torch.allclose(torch.linalg.det(turn), torch.ones(20), atol=1e-5)
    sizes = torch.tensor([[1.0, 2.0, 3.0]]).repeat(20, 1)
    assert torch.allclose(torch.linalg.eigvalsh(spread(quaternions, sizes)), torch.tensor([1.0, 4.0, 9.0]), atol=1e-3)


def test_places_lie_evenly_on_a_surface():
    points = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [4, 0, 0], [0, 4, 0]])
    triangles = torch.tensor([[0, 1, 2], [0, 3, 4]])
    chosen, shares = on_surface(points, triangles, 4000, torch.Generator().manual_seed(0))
    assert float((chosen == 1).float().mean()) == pytest.approx(16 / 17, abs=0.02)
    assert torch.allclose(shares.sum(1), torch.ones(4000))
    assert shares.mean(0).tolist() == pytest.approx([1 / 3] * 3, abs=0.02)


# Learning.


def test_the_loss_has_the_structural_similarity_of_the_judge():
    one, other = np.random.default_rng(0).integers(0, 256, (2, 24, 20, 3), dtype=np.uint8)
    fast = similarity(torch.from_numpy(one).double() / 255, torch.from_numpy(other).double() / 255)
    assert float(fast) == pytest.approx(pixels.ssim(one, other), abs=1e-6)


def test_open_mouths_are_learned_from_as_often_as_closed_ones():
    opening = torch.cat([torch.zeros(90), torch.ones(10)])
    rows = [picked(opening, turn) for turn in turns(2000, torch.arange(100))]
    share = float((opening[rows] > 0).float().mean())
    assert share == pytest.approx(0.5 * 0.1 + 0.5 * (1 / 8 + 6 / 8 * 0.1), abs=0.03)
    assert max(picked(opening, turn) for turn in turns(50, torch.arange(50))) < 50


def turns(count, rows, drive=AUDIO):
    chance = torch.Generator().manual_seed(1)
    return [Turn(iteration=k, done=k / count, rows=rows, chance=chance, drive=drive) for k in range(count)]


def test_rates_fall_to_a_twentieth():
    assert fallen(0.0) == 1
    assert fallen(1.0) == pytest.approx(0.05)
    assert fallen(0.5) == pytest.approx(0.525)


@pytest.mark.parametrize(("steps", "channels"), [(16, 80), (1, 96)])
def test_the_ear_takes_every_front_end(steps, channels):
    assert Ear(steps, channels)(torch.randn(3, 8, steps, channels)).shape == (3, 32)


@pytest.fixture
def world():
    return a_talking_ball()


def off(world, model, row):
    """How far a frame is off, drawn by its sound."""
    scene = world[0]
    with torch.no_grad():
        return float((rendered(model, scene, row) - scene.pictures[row] / 255.0).abs().mean())


def test_a_talking_ball_is_learned_and_moves_its_mouth_with_the_sound(world):
    scene, _, _, course = world
    model = begun(world)
    before = off(world, model.eval(), 22)
    model = learned(model, scene, torch.arange(20), replace(course, iterations=150)).model
    with torch.no_grad():
        widest, narrowest = int(scene.opening.argmax()), int(scene.opening.argmin())
        dark = [float(rendered(model, scene, row)[16:24, 12:20].mean()) for row in (widest, narrowest)]
    assert off(world, model, 22) < before / 2
    assert dark[0] < dark[1] - 0.1


def test_learning_that_was_interrupted_ends_as_if_it_had_not_been(world, tmp_path, monkeypatch):
    scene, head, triangles, course = world
    world = scene, head, triangles, replace(course, iterations=24)
    monkeypatch.setattr(loop, "KEPT", 10)
    whole = learned(begun(world), scene, torch.arange(24), world[3]).model
    resumed, steps = taken_up_again(world, tmp_path / "checkpoint")
    assert steps == list(range(11, 25))
    assert resumed.iterations == 24
    for one, other in zip(whole.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(one, other)


def made_by_another_version(state):
    """Ways in which a checkpoint can be one that this version cannot take up."""
    first = next(iter(state["optimiser"]["state"].values()))
    yield {name: value for name, value in state.items() if name != "chance"}
    yield {**state, "make": {**state["make"], "codes": 3}}
    yield {**state, "model": {**state["model"], "head.at": torch.zeros(7, 3)}}
    first["exp_avg"] = torch.zeros(7, 3)
    yield state


def test_a_checkpoint_that_does_not_fit_counts_as_none_and_that_is_told(world, tmp_path):
    scene, _, _, course = world
    course, rows, path = replace(course, iterations=3), torch.arange(24), tmp_path / "checkpoint"
    fresh = learned(begun(world), scene, rows, course, Watch(path))
    assert not fresh.anew
    for other in made_by_another_version(torch.load(path, weights_only=True)):
        torch.save(other, path)
        again = learned(begun(world), scene, rows, course, Watch(path))
        assert again.anew
        for one, same in zip(fresh.model.parameters(), again.model.parameters(), strict=True):
            assert torch.equal(one, same)
    path.write_bytes(b"half a checkpoint")
    assert learned(begun(world), scene, rows, course, Watch(path)).anew
    assert not learned(begun(world), scene, rows, course, Watch(path)).anew


class Breaking:
    """An engine whose loss is no number in some of its turns."""

    def __init__(self, engine, breaks):
        self.engine, self.breaks, self.turns = engine, list(breaks), []

    def __getattr__(self, name):
        return getattr(self.engine, name)

    def loss(self, model, scene, turn):
        self.turns.append(turn.iteration)
        lost = self.engine.loss(model, scene, turn)
        if self.breaks and self.breaks[0] == turn.iteration:
            self.breaks.pop(0)
            return replace(lost, total=lost.total * float("nan"))
        return lost


def test_a_loss_that_is_no_number_sends_the_course_back_to_its_last_checkpoint_and_on_slower(world, monkeypatch):
    scene, _, _, course = world
    monkeypatch.setattr(loop, "KEPT", 10)
    engine = Breaking(course.engine, [13])
    course = replace(course, engine=engine, iterations=20)
    found = learned(begun(world), scene, torch.arange(24), course)
    assert engine.turns == [*range(14), *range(10, 20)]
    assert (found.iterations, found.setbacks) == (20, 1)
    assert all(torch.isfinite(one).all() for one in found.model.parameters())


def test_a_course_that_breaks_at_its_first_step_whatever_is_done_ends_with_a_reason(world):
    scene, _, _, course = world
    broken = replace(scene, heard=scene.heard * float("nan"))
    with pytest.raises(FloatingPointError, match="The loss of iteration 0 is no number, and going back 4 times"):
        learned(begun(world), broken, torch.arange(24), course)


def test_a_course_ends_when_its_time_is_up_with_its_rates_as_low_as_at_any_end(world):
    scene, _, _, course = world
    done = []
    engine = Breaking(course.engine, [])
    engine.after = lambda _model, _optimiser, turn: done.append(turn.done)
    course = replace(course, engine=engine, iterations=100_000, seconds=0.5)
    found = learned(begun(world), scene, torch.arange(24), course)
    assert found.iterations == len(done) < 100_000
    assert found.seconds >= 0.5
    assert done == sorted(done)
    assert done[-1] > 0.5


def test_a_course_whose_last_step_made_no_numbers_goes_back_although_its_time_is_up(world):
    scene, _, _, course = world
    engine = Breaking(course.engine, [])
    broken = []

    def after(model, _optimiser, turn):
        if not broken:
            broken.append(turn.iteration)
            time.sleep(0.5)  # the time is up now
            model.head.at.data[0] = float("nan")

    engine.after = after
    found = learned(begun(world), scene, torch.arange(24), replace(course, engine=engine, iterations=1000, seconds=0.5))
    assert found.setbacks == 1
    assert all(torch.isfinite(one).all() for one in found.model.parameters())


def test_files_that_are_mapped_are_not_memory_that_learning_holds(tmp_path):
    np.save(tmp_path / "large.npy", np.ones(1 << 25, dtype=np.uint8))
    before = held()
    mapped = np.load(tmp_path / "large.npy", mmap_mode="c")
    assert int(torch.from_numpy(mapped).sum()) == 1 << 25
    assert held() - before < 1 << 23
    with mmap.mmap(-1, 1 << 25) as mine:  # pages that no allocator had before
        mine.write(mapped.tobytes())
        assert held() - before >= 1 << 25


def test_a_course_that_takes_more_memory_than_it_may_stops_and_says_how_much(world):
    scene, _, _, course = world
    with pytest.raises(OverMemory, match=r"learning takes \d+\.\d\d GiB, and 0\.00 GiB are allowed"):
        learned(begun(world), scene, torch.arange(24), replace(course, iterations=1, memory=1))


def test_a_cloud_keeps_its_numbers_valid():
    cloud = Cloud([Start(at=torch.zeros(5, 3), colour=torch.tensor([[0.0, 1.0, 0.5]]).repeat(5, 1), size=0.4)])
    assert len(cloud) == 5
    assert torch.isfinite(cloud.colour).all()
    assert torch.allclose(
        cloud.spread(torch.zeros(5, 3), torch.zeros(5, 4)), 0.16 * torch.eye(3).repeat(5, 1, 1), atol=1e-6
    )


# Driven by codes.


def test_codes_alone_move_the_mouth_and_no_net_listens(world):
    scene, head, triangles, course = world
    course = replace(course, iterations=130, drive=MOTION)
    deaf = replace(scene, heard=scene.heard * float("nan"))
    model = begun((deaf, head, triangles, course))
    ear = {name: value.clone() for name, value in model.ear.state_dict().items()}
    model = learned(model, deaf, torch.arange(20), course).model
    wide, shut = (driven.picture(model, deaf, 0, torch.tensor([code])) for code in (1.0, -1.0))
    assert wide[16:24, 12:20].mean() < shut[16:24, 12:20].mean() - 15
    assert abs(wide[:8].astype(int) - shut[:8]).mean() < 5
    assert all(torch.equal(value, ear[name]) for name, value in model.ear.state_dict().items())


def test_edges_of_the_mouth_count_where_colours_agree_on_the_mean():
    y, x = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    stripes = ((x // 2 + y // 2) % 2).float()[..., None].repeat(1, 1, 3)
    box = torch.tensor([8.0, 8.0, 20.0, 20.0])
    assert float(around_mouth(stripes, stripes, box)) == 0
    flat = float(around_mouth(torch.full_like(stripes, 0.5), stripes, box))
    assert flat > LIPS * 0.5 + 0.2
    away = stripes.clone()
    away[25:] = 0
    assert float(around_mouth(away, stripes, box)) == 0


def test_the_inside_of_the_mouth_lies_behind_the_lips_and_closes_with_them():
    ring = list(INNER_LIPS)
    shape = torch.zeros(478, 3)
    angles = torch.linspace(torch.pi, -torch.pi, len(ring) + 1)[:-1]
    shape[ring, 0] = 3 * torch.cos(angles)
    bases = torch.zeros(1, 478, 3)
    bases[0, ring, 1] = torch.sin(angles)
    fan = torch.tensor([[ring[0], ring[k], ring[k + 1]] for k in range(1, len(ring) - 1)])
    triangles = torch.cat([fan, torch.tensor([[0, 5, ring[0]]])])
    assert len(between_lips(triangles)) == len(fan)
    frames, side = 10, 32
    scene = still_scene(frames, side, codes=torch.linspace(0, 1, frames)[:, None])
    start, moved = inside(scene, (shape, bases), triangles, 60, torch.Generator().manual_seed(0))
    assert (start.at[:, 2] == -BEHIND).all()
    assert start.at[:, 1].abs().max() < 1e-6
    open_mouth = start.at + moved[:, 0]
    assert open_mouth[:, 1].max() > 0.3
    assert open_mouth[:, 1].min() < -0.3
    assert (open_mouth[:, 0].abs() <= 3).all()


def still_scene(frames, side, codes):
    return Scene(
        pictures=torch.full((frames, side, side, 3), 128, dtype=torch.uint8),
        ground=torch.zeros(side, side, 3, dtype=torch.uint8),
        head=torch.full((frames, side, side), 255, dtype=torch.uint8),
        torso=torch.zeros((frames, side, side), dtype=torch.uint8),
        turns=torch.diag(torch.tensor([1.0, -1.0, -1.0])).repeat(frames, 1, 1),
        moves=torch.tensor([[0.0, 0.0, 60.0]]).repeat(frames, 1),
        heard=torch.zeros(frames, 8, 1, 4),
        eyes=torch.zeros(frames, 2),
        sway=torch.zeros(frames, 4),
        codes=codes,
        opening=codes[:, 0],
        lips=torch.tensor([[10.0, 16.0, 22.0, 24.0]]).repeat(frames, 1),
    )
