"""The engine ernerf: a talking ball is learned, as a whole and in parts, interrupted or not."""

import json
import os
from dataclasses import replace

import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")

import torch

from pipelines.talking_head.ernerf import drawing, occupancy, portrait
from pipelines.talking_head.ernerf.box import around
from pipelines.talking_head.ernerf.engine import ErNerf, Stage
from pipelines.talking_head.ernerf.planes import Layout
from pipelines.talking_head.ernerf.sizes import PACE, Sizes
from pipelines.talking_head.learning.course import Course, Watch, learned
from pipelines.talking_head.learning.engine import AUDIO, MOTION, Turn, rendered
from tests.unit.talking_world import a_talking_ball, begun, taken_up_again

SMALL = Sizes(
    planes=Layout(levels=4, least=8, most=32, entries=1 << 11),
    attention=32,
    step=2 * PACE,
    samples=12,
    cells=24,
    nodes=16,
    rays=512,
    rate=1e-2,
    torso=Layout(levels=3, least=4, most=32, entries=1 << 11, features=2, tiled=True),
)


@pytest.fixture(scope="module")
def world():
    scene, head, triangles, _ = a_talking_ball()
    return scene, head, triangles, Course(engine=ErNerf(sizes=SMALL), iterations=60, drive=MOTION)


def with_course(world, **changes):
    return (*world[:3], replace(world[3], **changes))


def off(one, other):
    return float((one - other).square().mean())


def turn_of(scene, iteration=0, done=0.0, drive=MOTION):
    return Turn(
        iteration=iteration,
        done=done,
        rows=torch.arange(len(scene)),
        chance=torch.Generator().manual_seed(0),
        drive=drive,
    )


# Where it begins.


def test_the_box_holds_the_head_and_the_cells_its_shell(world):
    scene, head, _, _ = world
    shape = torch.from_numpy(head.shape).float()
    box = around(scene, shape)
    assert box.inside(shape).abs().max() <= 1
    filled = occupancy.allowed(scene, shape, box, 24)
    assert 0.02 < float(filled.float().mean()) < 0.5
    axis = (torch.arange(24) + 0.5) / 12 - 1
    cells = box.outside(torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), 3)[filled])
    assert cells[:, :2].norm(dim=1).max() < 0.3 * 128 / 3 + 3
    assert cells[:, 2].abs().max() < occupancy.THICK + 2


def test_pixels_are_drawn_around_the_head_and_oftenest_at_the_mouth(world):
    scene = world[0]
    chosen = drawing.of_head(scene, 3, 64, turn_of(scene))
    assert len(chosen.unique()) == 64
    share = torch.nn.functional.max_pool2d(scene.head[3][None].float(), 5, stride=1, padding=2).flatten()
    assert (share[chosen] > 0).all()
    turn = turn_of(scene)
    many = torch.cat([drawing.of_head(scene, 3, 64, turn) for _ in range(200)]).bincount(minlength=32 * 32)
    mouth = drawing.of_mouth(scene, 3)
    assert mouth.shape == (9, 13)
    beside = (share > 0) & ~torch.isin(torch.arange(32 * 32), mouth)
    assert many[mouth].float().mean() > 1.5 * many[beside].float().mean()


def test_places_of_the_torso_are_never_the_heads(world):
    scene = world[0]
    spots = drawing.of_torso(scene, 500, turn_of(scene))
    assert len(spots.rows) > 100
    assert scene.head.flatten(1)[spots.rows, spots.pixels].max() < 5


# Learning.


def test_a_talking_ball_is_learned_and_its_mouth_follows_the_codes(world):
    scene, _, _, course = world
    steps = []
    watch = Watch(told=lambda step, _: steps.append(step))
    model = learned(begun(world), scene, torch.arange(20), course, watch).model
    assert sum(step.psnr for step in steps[-10:]) > sum(step.psnr for step in steps[:10]) + 10 * 6
    mean = scene.pictures[:20].float().mean(0) / 255
    for row in (21, 23):
        truth = scene.pictures[row] / 255
        shown = rendered(model, scene, row, scene.codes[row])
        assert off(shown[16:24, 8:24], truth[16:24, 8:24]) < 0.8 * off(mean[16:24, 8:24], truth[16:24, 8:24])
    wide, shut = (model.shown(torch.tensor([code]), scene.view(0)) for code in (1.0, -1.0))
    assert wide[17:23, 12:20].mean() < shut[17:23, 12:20].mean() - 0.1
    assert (wide[:8] - shut[:8]).abs().mean() < 0.03


def test_learning_that_was_interrupted_ends_as_if_it_had_not_been(world, tmp_path, monkeypatch):
    world = with_course(world, iterations=24)
    scene, _, _, course = world
    rows = torch.arange(24)
    whole = learned(begun(world), scene, rows, course).model
    monkeypatch.setattr("pipelines.talking_head.learning.course.KEPT", 10)
    resumed = taken_up_again(world, tmp_path / "checkpoint")[0].model
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_a_stage_alone_leaves_the_rest_as_it_was(world):
    scene = world[0]
    for stage, moves, stays in (
        (Stage.HEAD, "head.tables", "torso.table"),
        (Stage.LIPS, "head.tables", "torso.table"),
        (Stage.TORSO, "torso.table", "head.tables"),
    ):
        here = with_course(world, iterations=4, engine=ErNerf(sizes=SMALL, stage=stage))
        before = {name: value.clone() for name, value in begun(here).parts.named_parameters()}
        after = dict(learned(begun(here), scene, torch.arange(20), here[3]).model.parts.named_parameters())
        assert not torch.equal(before[moves], after[moves])
        assert torch.equal(before[stays], after[stays])


def test_lips_are_drawn_every_other_turn_of_a_courses_end_and_of_their_own_stage(world):
    scene = world[0]
    model = begun(world)
    drawn = {}
    for stage, done in ((Stage.WHOLE, 0.5), (Stage.WHOLE, 0.9), (Stage.HEAD, 0.9), (Stage.LIPS, 0.1)):
        engine = ErNerf(sizes=SMALL, stage=stage)
        drawn[stage, done] = [engine.lips(turn_of(scene, iteration, done), 0.8) for iteration in (4, 5)]
    assert drawn == {
        (Stage.WHOLE, 0.5): [False, False],
        (Stage.WHOLE, 0.9): [False, True],
        (Stage.HEAD, 0.9): [False, False],
        (Stage.LIPS, 0.1): [False, True],
    }
    lost = ErNerf(sizes=SMALL).loss(model, scene, turn_of(scene, 5, 0.9))
    lost.total.backward()
    assert torch.isfinite(lost.total)
    assert model.parts.head.tables.grad.abs().max() > 0


def test_where_sound_drives_the_ear_learns_from_what_is_drawn(world):
    scene = world[0]
    model = begun(world)
    ErNerf(sizes=SMALL).loss(model, scene, turn_of(scene, 0, 0.5, AUDIO)).total.backward()
    assert next(model.parts.ear.parameters()).grad.abs().max() > 0
    assert model.said(scene.heard[:3], scene.eyes[:3]).shape == (3, 1)


# What is kept and shown.


def test_a_portrait_is_revived_from_what_json_can_hold(world):
    scene = world[0]
    model = begun(world).eval()
    again = ErNerf().revived(json.loads(json.dumps(model.make)))
    again.load_state_dict(model.state_dict())
    codes = scene.codes[2]
    assert torch.equal(rendered(model, scene, 2, codes), rendered(again.eval(), scene, 2, codes))


def test_a_picture_is_the_same_in_chunks_of_any_size(world, monkeypatch):
    scene = world[0]
    model = begun(world).eval()
    whole = rendered(model, scene, 2, scene.codes[2])
    assert whole.shape == (32, 32, 3)
    assert not whole.requires_grad
    monkeypatch.setattr(portrait, "CHUNK", 100)
    assert (rendered(model, scene, 2, scene.codes[2]) - whole).abs().max() < 1e-5


def test_what_no_pose_tells_is_shown_by_the_mean_of_all_frames_and_not_by_the_first(world):
    scene = world[0]
    model = begun(world).eval()
    before = rendered(model, scene, 2, scene.codes[2])
    for own in (model.steady.own, model.steady.torso_own):
        own.data = own.data.flip(0)
    assert (rendered(model, scene, 2, scene.codes[2]) - before).abs().max() < 1e-5
    given = model.steady.given(scene.codes[2], scene.eyes[2])
    assert torch.equal(given.own, model.steady.own.mean(0))
    assert torch.equal(model.steady.given(scene.codes[2], scene.eyes[2], 3).own, model.steady.own[3])


def test_without_a_torso_the_ground_is_shown_beside_the_head(world):
    world = with_course(world, engine=ErNerf(sizes=SMALL, torso=False))
    scene = world[0]
    shown = rendered(begun(world).eval(), scene, 0, scene.codes[0])
    assert torch.allclose(shown[:, 0], scene.ground[:, 0] / 255)


def test_what_is_shown_is_the_mean_of_the_last_iterations(world):
    model = begun(world)
    with torch.no_grad():
        model.steady.head.tables.zero_()
        model.parts.head.tables.fill_(1.0)
    model.steadied()
    model.steadied()
    assert model.steady.head.tables.unique().tolist() == pytest.approx([1 - portrait.STEADY**2])
