"""How one part of a head is learned on top of what was learned before: by the same engine, from the same video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from pipelines.contract import BadInput
from pipelines.talking_head import Options
from pipelines.talking_head.about import OTHERS, About, read_about
from pipelines.talking_head.drive.kept import arrays
from pipelines.talking_head.learning.drivers import ByMotion, kept_driver
from pipelines.talking_head.learning.engine import Model
from pipelines.talking_head.scene import Scene
from pipelines.talking_head.subject import MODEL

MEANING = ("directions", "rest", "controls_mean", "controls_spread")
"""Arrays of a motion by which its codes are what they are."""
TORSO = "torso"
"""Of a model's make: whether one is drawn. That may change from part to part."""


@dataclass(frozen=True, slots=True, eq=False)
class Learner:
    """What is about to be learned. scene: whole. moved: what gives its codes, where it is not the model."""

    model: Model
    scene: Scene
    moved: ByMotion | None


def continued(learner: Learner, state: Path | None, options: Options) -> None:
    """Afterwards the model is what the subject was; refuses a subject of which it cannot be a part.

    state: the folder of the subject, None where there is none yet.
    """
    asked = f'stage = "{options.stage}" goes on from what was learned before'
    first = f'Drop the video with stage = "{Options().stage}", or without any, first.'
    if state is None:
        raise BadInput(f"{asked}, and nothing was yet. {first}")
    if why := _another(learner, state, options):
        raise BadInput(f"{asked}, but {why}. {first}")
    learner.model.load_state_dict(torch.load(state / MODEL, weights_only=True))


def _another(learner: Learner, state: Path, options: Options) -> str:
    """In which way the subject was learned otherwise; empty: in none."""
    about = read_about(state)
    for name, then, now in (
        ("engine", about.engine, options.engine),
        ("drive", about.drive, options.drive),
        ("front_end", about.front_end, options.front),
        ("resolution", about.side, options.resolution),
    ):
        if then != now:
            return f"that was with {name} = {then!r}, and this is with {now!r}".replace("'", '"')
    if _same(about, learner.model) and _seen(learner.scene, state) and _moved(learner, state, about):
        return ""
    return "that was from another video, or another part of it"


def _same(about: About, model: Model) -> bool:
    return {**about.make, TORSO: None} == {**model.make, TORSO: None}


def _seen(scene: Scene, state: Path) -> bool:
    """Whether the frames that the subject plays are those of the scene."""
    then = np.load(state / "pictures.npy", mmap_mode="r")
    known = scene.pictures.numpy()
    return then.shape[1:] == known.shape[1:] and all(map(np.array_equal, then, known[: len(then)]))


def _moved(learner: Learner, state: Path, about: About) -> bool:
    """Whether the codes mean what they meant. Raises BadInput for what another version left."""
    try:
        driver = kept_driver(state, about.drive, learner.model)
    except (FileNotFoundError, KeyError) as error:
        raise BadInput(OTHERS) from error
    if not isinstance(driver, ByMotion) or learner.moved is None:
        return True
    then, now = (arrays(one.motion, one.controls) for one in (driver, learner.moved))
    return all(then[name].shape == now[name].shape and np.allclose(then[name], now[name]) for name in MEANING)
