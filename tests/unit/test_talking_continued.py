"""One part of a head alone: it goes on from what the subject was, or says why it cannot."""

import os
from dataclasses import replace

import numpy as np
import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")

import torch

from pipelines.contract import BadInput
from pipelines.talking_head import Options
from pipelines.talking_head.engines import engine
from pipelines.talking_head.ernerf.engine import ErNerf, Stage
from pipelines.talking_head.learning.course import Course
from pipelines.talking_head.learning.drivers import ByEar
from pipelines.talking_head.listen.hearing import Heard
from pipelines.talking_head.stages.continuing import Learner, continued
from pipelines.talking_head.subject import Made, keep, remembered, spoken
from tests.unit.talking_world import a_talking_ball, begun
from tests.unit.test_talking_ernerf import SMALL

LIPS = Options(engine="ernerf", stage="lips", drive="audio", front_end="mel", resolution=64)
HEARD = Heard(np.random.default_rng(3).normal(0, 1, (12, 1, 4)).astype(np.float32), np.ones(12, dtype=bool))


def a_learner(**changes):
    """A ball of 64 pixels and 70 frames that an engine with those sizes is about to learn."""
    scene, head, triangles, _ = a_talking_ball()
    rows = torch.arange(70) % len(scene)
    scene = scene.chosen(rows)
    wider = {
        name: getattr(scene, name)[rows].repeat_interleave(2, 1).repeat_interleave(2, 2)
        for name in ("pictures", "head", "torso")
    }
    wider |= {"ground": scene.ground.repeat_interleave(2, 0).repeat_interleave(2, 1), "stored": None}
    scene = replace(scene, **{**wider, **changes})
    course = Course(engine=ErNerf(sizes=SMALL))
    return Learner(begun((scene, head, triangles, course)), scene, None)


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    folder = tmp_path_factory.mktemp("subject")
    learner = a_learner()
    with torch.no_grad():
        learner.model.parts.torso.table.fill_(0.25)
        learner.model.steady.head.field.colour[2].weight.normal_()
    codes = learner.scene.codes
    driver = ByEar(learner.model, codes.amin(0), codes.amax(0), codes.mean(0))
    keep(folder, Made(engine="ernerf", model=learner.model.eval(), driver=driver), learner.scene, ("mel", "abc"))
    return folder


def test_a_part_goes_on_from_what_the_subject_was(subject):
    learner = a_learner()
    continued(learner, subject, LIPS)
    assert learner.model.parts.torso.table.unique().tolist() == [0.25]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"front_end": "speech"}, 'that was with front_end = "mel", and this is with "speech"'),
        ({"resolution": 96}, "that was with resolution = 64, and this is with 96"),
        ({"drive": "motion"}, 'that was with drive = "audio", and this is with "motion"'),
    ],
)
def test_what_was_learned_otherwise_is_no_beginning(subject, changes, words):
    with pytest.raises(BadInput, match="Drop the video with stage") as refused:
        continued(a_learner(), subject, replace(LIPS, **changes))
    assert words in str(refused.value)


def test_another_video_is_no_beginning(subject):
    learner = a_learner()
    other = replace(learner, scene=replace(learner.scene, pictures=learner.scene.pictures // 2))
    with pytest.raises(BadInput, match="but that was from another video"):
        continued(other, subject, LIPS)


def test_a_part_of_nothing_is_refused():
    with pytest.raises(BadInput, match=r'stage = "lips" goes on from what was learned before, and nothing was yet\.'):
        continued(a_learner(), None, LIPS)


def test_the_options_say_which_part_is_learned():
    assert engine("ernerf", "torso") == ErNerf(stage=Stage.TORSO)
    assert engine("ernerf", torso=False) == ErNerf(torso=False)


def test_a_remembered_portrait_speaks(subject):
    one = remembered(subject)
    film = np.stack([picture for picture, _ in spoken(one, one.driver.hearing(HEARD), 0, 3)])
    assert film.shape == (3, 64, 64, 3)
    beside = one.head[0] == 0
    assert np.array_equal(film[:, beside], one.pictures[:3][:, beside])
    assert not np.array_equal(film, one.pictures[:3])
