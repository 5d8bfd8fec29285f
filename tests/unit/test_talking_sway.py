"""The torso is followed by what is seen of it, and models move theirs along; where nothing is seen, it stays."""

import os
from dataclasses import replace

import cv2
import numpy as np
import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")

import torch

from pipelines.talking_head.gaussians.camera import flattened
from pipelines.talking_head.scene import swaying
from pipelines.talking_head.track.sway import fitted, middle, moved, swayed, usual
from pipelines.talking_head.track.turning import FOCAL
from tests.unit.talking_world import a_talking_ball, begun

SIDE, FRAMES = 96, 12
TORSO = np.zeros((SIDE, SIDE), dtype=np.uint8)
TORSO[56:, 16:80] = 255
TURN = np.column_stack(
    [
        0.02 * np.sin(np.arange(FRAMES) / 2),
        0.03 * np.sin(np.arange(FRAMES) / 3),
        0.03 * np.cos(np.arange(FRAMES) / 3),
        0.01 * np.cos(np.arange(FRAMES) / 2),
    ]
)


def shirt(seed=0):
    """A shirt with a pattern, larger than the picture."""
    rough = np.random.default_rng(seed).integers(40, 215, (24, 24, 3), dtype=np.uint8)
    return cv2.resize(rough, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)


def worn(cloth, sways):
    """The cloth as the frames of those sways show it, before a head that goes its own ways."""
    found = []
    for row, sway in enumerate(sways):
        stretch, turn, across, down = sway
        middle_ = SIDE / 2 - 0.5
        matrix = np.array([[1 + stretch, -turn, 0.0], [turn, 1 + stretch, 0.0]])
        matrix[:, 2] = middle_ + SIDE * np.array([across, down]) - matrix[:, :2] @ [middle_, middle_]
        shown = cv2.warpAffine(cloth, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
        cv2.circle(shown, (48 + 3 * (row % 5), 30), 18, (200, 160, 140), -1)
        found.append(shown)
    return np.stack(found)


def test_a_torso_is_followed_as_it_shifts_turns_and_comes_nearer():
    pictures = worn(shirt(), TURN)
    found = swayed(pictures, np.tile(TORSO, (FRAMES, 1, 1)))
    first = middle(pictures)
    rest = np.argwhere(TORSO[::8, ::8] > 0)[:, ::-1] * 8 / SIDE - 0.5
    there = moved(rest, TURN[first])
    off = [np.linalg.norm(moved(there, one) - moved(rest, true), axis=1) for one, true in zip(found, TURN, strict=True)]
    assert SIDE * np.max(off) < 0.6
    assert SIDE * np.mean(off) < 0.2
    assert not found[first].any()
    assert 0.01 < usual(found) < 0.1


def test_a_plain_shirt_says_nothing_and_so_stays():
    plain = np.full((SIDE, SIDE, 3), 90, dtype=np.uint8)
    noise = np.random.default_rng(0).integers(0, 6, (FRAMES, SIDE, SIDE, 3), dtype=np.uint8)
    assert not swayed(worn(plain, TURN) + noise, np.tile(TORSO, (FRAMES, 1, 1))).any()


def test_a_picture_without_a_torso_has_none_that_sways():
    strip = np.zeros_like(TORSO)
    strip[94:, 40:60] = 255
    found = swayed(worn(shirt(), TURN), np.tile(strip, (FRAMES, 1, 1)))
    assert found.shape == (FRAMES, 4)
    assert usual(found) == 0


def test_points_that_go_elsewhere_have_no_say():
    some = np.random.default_rng(1)
    source = some.uniform(-0.5, 0.5, (200, 2))
    sway = np.array([0.03, -0.05, 0.04, 0.02])
    target = moved(source, sway) + some.normal(0, 1e-4, source.shape)
    target[:60] += [0.1, -0.05]
    assert np.abs(fitted(source, target) - sway).max() < 1e-3


def test_what_sways_in_the_picture_sways_so_at_any_depth():
    sway = torch.tensor([0.03, -0.05, 0.04, 0.02])
    places = torch.rand(30, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([40.0, 40.0, 90.0]) + 20
    gone = places @ swaying(sway).T
    at, now = ((FOCAL * one[:, :2] / one[:, 2:]).double().numpy() for one in (places, gone))
    assert torch.equal(gone[:, 2], places[:, 2])
    assert np.abs(moved(at, sway.double().numpy()) - now).max() < 1e-5


@torch.no_grad()
def test_a_torso_of_gaussians_goes_where_the_sway_says_and_the_head_does_not():
    world = a_talking_ball()
    scene, talker = world[0], begun(world)
    still = scene.view(3)
    sway = torch.tensor([0.1, 0.05, 0.05, -0.02])
    swung = replace(still, sway=sway)
    before, after = (flattened(talker(scene.codes[3], view), scene.side) for view in (still, swung))
    head = len(talker.head)
    rest, now = ((flat.at[head:].double().numpy() / scene.side - 0.5) for flat in (before, after))
    assert torch.equal(before.at[:head], after.at[:head])
    assert np.abs(moved(rest, sway.double().numpy()) - now).max() < 1e-5


@torch.no_grad()
def test_a_torso_begins_where_the_reference_frame_shows_it_less_its_sway():
    scene, *rest = a_talking_ball()
    shift = torch.tensor([0.0, 0.0, 0.25, 0.0]).repeat(len(scene), 1)
    swung = replace(scene, sway=shift)
    here, there = begun((scene, *rest)), begun((swung, *rest))
    deep = here.torso.at[:, 2:]
    assert torch.allclose(here.torso.at[:, :1] - there.torso.at[:, :1], 0.25 * deep / FOCAL, atol=1e-3)
