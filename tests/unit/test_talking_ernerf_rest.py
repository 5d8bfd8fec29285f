"""How the tracked surface carries what is around it from the mouth at rest to a frame's, for the engine ernerf."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")

import torch

from pipelines.talking_head.ernerf.box import Box
from pipelines.talking_head.ernerf.engine import ErNerf
from pipelines.talking_head.ernerf.planes import Layout
from pipelines.talking_head.ernerf.resting import Rest, widest
from pipelines.talking_head.ernerf.sizes import PACE, Sizes
from pipelines.talking_head.learning.course import Course
from pipelines.talking_head.learning.engine import MOTION, Turn, rendered
from pipelines.talking_head.track.bundle import Head
from tests.unit.talking_world import a_talking_ball, begun

SMALL = Sizes(
    planes=Layout(levels=4, least=8, most=32, entries=1 << 11),
    step=2 * PACE,
    samples=12,
    cells=24,
    nodes=32,
    rays=256,
    torso=Layout(levels=2, least=4, most=16, entries=1 << 11, features=2, tiled=True),
)
BOX = Box(torch.tensor([1.0, -1.0, 2.0]), torch.tensor(10.0))
DROP = (0.25, -1.0, 0.5)
"""What a code of 1 does to the lower lip, in centimetres."""
OPEN, SHUT = 1.0, 0.0


def two_lips():
    """Sheets of points that meet at y = 0 while the code is 0, of which the lower one moves."""
    x, y = (values.flatten() for values in np.meshgrid(np.linspace(-3, 3, 25), np.linspace(-3, 3, 26)))
    shape = np.stack([x, y, np.full_like(x, 4.0)], axis=1)
    bases = np.where(y[:, None] < 0, DROP, 0.0)[None]
    return Head(shape=shape, bases=bases, mean=np.zeros(52), directions=np.zeros((52, 1)))


def rested(code, *places, nodes=128):
    """Where what is at those places, in centimetres, rests; with an open mouth at rest."""
    head = two_lips()
    rest = Rest(1, len(head.shape), nodes)
    rest.put(head, torch.tensor([OPEN]), BOX)
    return BOX.outside(rest.rested(BOX.inside(torch.tensor(places)), rest.moves(torch.tensor([code]))))


@pytest.mark.parametrize("code", [SHUT, 0.5, OPEN, 1.5])
def test_what_is_on_a_lip_goes_back_to_rest_by_its_basis(code):
    moved = (code - OPEN) * torch.tensor(DROP)
    seen = torch.tensor([0.5, -1.6, 4.0]) + code * torch.tensor(DROP)
    found = rested(code, seen.tolist(), [0.5, 1.0, 4.0])
    assert found[0].tolist() == pytest.approx((seen - moved).tolist(), abs=1e-3)
    assert found[1].tolist() == pytest.approx([0.5, 1.0, 4.0], abs=1e-3)


def test_how_deep_a_place_lies_does_not_matter():
    seen = [[0.5, -1.6, depth] for depth in (-6.0, 4.0, 6.0)]
    away = rested(SHUT, *seen) - torch.tensor(seen)
    assert away[:, 1].tolist() == pytest.approx([-1.0] * 3, abs=1e-3)


def test_far_from_the_surface_all_is_at_rest():
    far = [[0.0, -7.5, 4.0], [7.5, -1.0, 4.0], [-8.0, 8.0, 4.0]]
    assert rested(SHUT, *far).flatten().tolist() == pytest.approx(torch.tensor(far).flatten().tolist(), abs=1e-5)


def test_what_is_beside_the_surface_comes_to_rest_without_a_jump():
    line = [[0.0, -2.0 - 0.05 * k, 4.0] for k in range(110)]
    away = (rested(SHUT, *line) - torch.tensor(line))[:, 1]
    assert away[0] == pytest.approx(-1.0, abs=1e-3)
    assert away[-1] == pytest.approx(0.0, abs=1e-5)
    assert away.diff().abs().max() < 0.1


def test_between_open_lips_at_rest_nothing_is_carried():
    inside = [[0.2, -0.3, 4.0], [0.2, -0.8, 3.0]]
    assert rested(OPEN, *inside).flatten().tolist() == pytest.approx(torch.tensor(inside).flatten().tolist(), abs=1e-5)


def test_shut_lips_meet_and_what_was_between_them_is_pressed_to_a_line():
    above, below = rested(SHUT, [0.0, 0.3, 4.0], [0.0, -0.3, 4.0])[:, 1]
    assert above == pytest.approx(0.3, abs=0.05)
    assert below == pytest.approx(-1.3, abs=0.05)
    line = rested(SHUT, *([0.0, 0.3 - 0.01 * k, 4.0] for k in range(61)))[:, 1]
    assert (line.diff() < 0).all()


def test_what_is_just_inside_a_half_open_mouth_goes_with_the_lip_beside_it():
    under, over = rested(0.5, [0.0, 0.0, 4.0], [0.0, -0.55, 4.0])[:, 1]
    assert under == pytest.approx(0.0, abs=0.05)
    assert over == pytest.approx(-1.05, abs=0.05)


def test_the_mouth_at_rest_is_the_mean_of_the_widest():
    scene = a_talking_ball()[0]
    few = scene.chosen(torch.arange(20))
    assert widest(few).tolist() == few.codes[few.opening.argmax()].tolist()
    many = scene.chosen(torch.arange(24).repeat(5))
    assert float(widest(many)) == pytest.approx(float(many.codes.sort(0, descending=True).values[:6].mean()))


# In a portrait.


@pytest.fixture(scope="module")
def world():
    """The talking ball with bases that pull all of it down."""
    scene, head, triangles, _ = a_talking_ball()
    head = replace(head, bases=np.tile([0.0, -4.0, 0.0], (1, len(head.shape), 1)))
    return scene, head, triangles, Course(engine=ErNerf(sizes=SMALL), iterations=1, drive=MOTION)


def test_a_head_is_drawn_where_its_surface_is(world):
    scene = world[0]
    model = begun(world)
    head, codes = model.parts.head, scene.codes[4]
    given = model.parts.given(codes, scene.eyes[4])
    with torch.no_grad():
        head.tables.normal_(generator=torch.Generator().manual_seed(1))
        point = torch.tensor([[0.1, 0.2, 0.0]])
        away = (codes - head.rest.codes) * torch.tensor([[0.0, -4.0, 0.0]]) / head.box.half
        there = head.dense(point + away, given)
        still = head.dense(point, replace(given, moves=None))
    assert away.norm() > 0.05
    assert float(there) == pytest.approx(float(still), rel=1e-3)


def test_planes_learn_at_rest_from_a_mouth_that_moved(world):
    scene = world[0]
    model = begun(world)
    turn = Turn(iteration=0, done=0.5, rows=torch.arange(24), chance=torch.Generator().manual_seed(0), drive=MOTION)
    ErNerf(sizes=SMALL).loss(model, scene, turn).total.backward()
    gradient = model.parts.head.tables.grad
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() > 0
    assert model.parts.moves[0].weight.grad.abs().max() > 0


def test_a_revived_portrait_moves_as_it_did(world):
    scene = world[0]
    model = begun(world).eval()
    with torch.no_grad():
        model.steady.head.tables.normal_(generator=torch.Generator().manual_seed(1))
    again = ErNerf().revived(json.loads(json.dumps(model.make)))
    again.load_state_dict(model.state_dict())
    shown = [rendered(one.eval(), scene, 2, torch.tensor([0.5])) for one in (model, again)]
    assert torch.equal(*shown)
