"""The loop in which Gaussians learn a clip: what is drawn when, the loss, the checkpoints."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pipelines.talking_head.gaussians.camera import flattened
from pipelines.talking_head.gaussians.cloud import Cloud, Counts, in_mask, on_face, on_surface
from pipelines.talking_head.gaussians.mouth import between_lips, inside
from pipelines.talking_head.gaussians.moving import Talker
from pipelines.talking_head.gaussians.scene import Scene
from pipelines.talking_head.gaussians.splat import drawn
from pipelines.talking_head.track.bundle import Head

RATES = {
    "at": 0.01,
    "sizes": 0.01,
    "quaternions": 0.004,
    "opacity": 0.02,
    "colour": 0.02,
    "effects": 0.004,
    "leans": 0.004,
}
"""Adam's rates of what belongs to Gaussians; all others are nets'."""
NETS, DECAY = 1e-3, 0.05
LEAST = 0.05
"""Of its rate at the beginning that is left at the end; it falls as a cosine."""
STRUCTURE, CODES, LIPS = 0.2, 0.01, 0.3
"""Weights in the loss: of structural dissimilarity, of codes unlike the tracked ones, of the mouth from half-way."""
EDGES = 0.3
"""Weight of the mouth's gradients from half-way: lips that part are an edge, and the mean of all mouths has none."""
Drive = Literal["audio", "motion"]
AUDIO: Drive = "audio"
MOTION: Drive = "motion"
KEPT = 50
"""Iterations from one checkpoint to the next."""
LEVELS = 8
"""Levels of opening from which every other frame is drawn evenly: closed mouths are many, and say little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How long and how is learned. drive: whether a net finds codes in the sound, or the scene's are all there are."""

    iterations: int = 1500
    seed: int = 0
    drive: Drive = AUDIO
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True)
class Step:
    """What is told of an iteration."""

    iteration: int
    loss: float


def begun(scene: Scene, head: Head, triangles: Int[Tensor, "f 3"], course: Course) -> Talker:
    """A talker at its start: on the tracked surface, in the reference frame's masks and colours."""
    torch.manual_seed(course.seed)
    generator = torch.Generator().manual_seed(course.seed)
    shape, bases = (torch.from_numpy(values).float() for values in (head.shape, head.bases))
    chosen, shares = on_surface(shape, triangles, course.counts.face, generator)
    corners = triangles[chosen]
    places = (shape[corners] * shares[..., None]).sum(1)
    moved = (bases[:, corners] * shares[None, ..., None]).sum(2).transpose(0, 1)
    middle = int(len(scene) // 2)
    face = on_face(scene, places)
    hair = in_mask(scene, scene.head[middle] / 255.0, course.counts.hair, generator, of_head=True)
    torso = in_mask(scene, scene.torso[middle] / 255.0, course.counts.torso, generator, of_head=False)
    still = moved.new_zeros(course.counts.hair, *moved.shape[1:])
    starts, ways = [face, hair], [moved, still]
    if course.drive == MOTION and len(between_lips(triangles)):
        teeth, way = inside(scene, (shape, bases), triangles, course.counts.mouth, generator)
        starts, ways = [*starts, teeth], [*ways, way]
    return Talker(Cloud(starts), Cloud([torso]), torch.cat(ways), (scene.heard.shape[2], scene.heard.shape[3]))


def rendered(
    talker: Talker, scene: Scene, row: int, codes: Float[Tensor, " k"] | None = None
) -> Float[Tensor, "s s 3"]:
    """The frame as the talker has it, 0 to 1. codes: in place of those that its sound gives."""
    if codes is None:
        codes = talker.said(scene.heard[row : row + 1], scene.eyes[row : row + 1])[0]
    solid = talker(codes, scene.stance[row], (scene.turns[row], scene.moves[row]))
    return drawn(flattened(solid, scene.side), scene.side, scene.side).over(scene.ground / 255.0)


def learned(
    talker: Talker,
    scene: Scene,
    rows: Int[Tensor, " n"],
    course: Course,
    kept: tuple[Path | None, Callable[[Step], None]] = (None, lambda _: None),
) -> Talker:
    """The talker after its course over those rows of the scene, from its last checkpoint on where there is one.

    kept: where checkpoints are, and who is told of each iteration. Interrupted or not, the result is the same to a bit.
    Raises FloatingPointError where the loss is no number.
    """
    talker.train()
    torch.set_flush_denormal(True)
    path, told = kept
    optimiser = torch.optim.AdamW(_groups(talker), betas=(0.9, 0.99))
    generator = torch.Generator().manual_seed(course.seed)
    first = _resumed(path, talker, optimiser, generator)
    for iteration in range(first, course.iterations):
        for group in optimiser.param_groups:
            group["lr"] = group["whole"] * fallen(iteration / course.iterations)
        row = picked(scene.opening, rows, iteration, generator)
        late = iteration >= course.iterations // 2
        if course.drive == MOTION:
            loss = looks(rendered(talker, scene, row, scene.codes[row]), scene, row, late=late)
        else:
            loss = lost(talker, scene, row, late=late, taught=iteration % 4 in {2, 3})
        if not torch.isfinite(loss):
            raise FloatingPointError(f"The loss of iteration {iteration} is no number.")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        told(Step(iteration + 1, float(loss.detach())))
        if path is not None and ((iteration + 1) % KEPT == 0 or iteration + 1 == course.iterations):
            _keep(path, talker, optimiser, (generator, iteration + 1))
    talker.eval()
    return talker


def picked(opening: Float[Tensor, " t"], rows: Int[Tensor, " n"], iteration: int, generator: torch.Generator) -> int:
    """The frame of an iteration: every other from all, the rest evenly over how far the mouth is open."""
    if iteration % 2:
        level = torch.randint(LEVELS, (1,), generator=generator)
        here = opening[rows]
        edges = torch.linspace(float(here.min()), float(here.max()) + 1e-6, LEVELS + 1)
        rows_here = rows[(here >= edges[level]) & (here < edges[level + 1])]
        rows = rows_here if len(rows_here) else rows
    return int(rows[torch.randint(len(rows), (1,), generator=generator)])


def lost(talker: Talker, scene: Scene, row: int, *, late: bool, taught: bool = False) -> Float[Tensor, ""]:
    """The loss of a frame whose codes come from its sound: how it looks, and codes near the tracked ones.

    taught: drawn with the tracked codes, so that these keep their meaning, and sound has something to aim at.
    """
    codes = talker.said(scene.heard[row : row + 1], scene.eyes[row : row + 1])[0]
    shown = rendered(talker, scene, row, scene.codes[row] if taught else codes)
    return looks(shown, scene, row, late=late) + CODES * (codes - scene.codes[row]).square().mean()


def looks(shown: Float[Tensor, "s s 3"], scene: Scene, row: int, *, late: bool) -> Float[Tensor, ""]:
    """How far a picture is from the frame: 0.8 L1 + 0.2 structural dissimilarity, late also the mouth."""
    truth = scene.pictures[row] / 255.0
    total = (1 - STRUCTURE) * (shown - truth).abs().mean() + STRUCTURE * (1 - similarity(shown, truth))
    return total + around_mouth(shown, truth, scene.lips[row]) if late else total


def around_mouth(
    shown: Float[Tensor, "s s 3"], truth: Float[Tensor, "s s 3"], box: Float[Tensor, 4]
) -> Float[Tensor, ""]:
    """How far the mouth's colours are off, and its edges."""
    x0, y0, x1, y1 = (int(value) for value in box.round())
    off = (shown - truth)[y0 : y1 + 1, x0 : x1 + 1]
    edges = off.diff(dim=0).abs().mean() + off.diff(dim=1).abs().mean()
    return LIPS * off.abs().mean() + EDGES * edges


def similarity(a: Float[Tensor, "h w 3"], b: Float[Tensor, "h w 3"]) -> Float[Tensor, ""]:
    """Structural similarity as in ``judge.pixels``, of pictures from 0 to 1."""
    at = torch.arange(-5, 6, dtype=a.dtype)
    weights = torch.exp(-at.square() / 4.5)
    weights = weights / weights.sum()

    def blurred(values: Tensor) -> Tensor:
        stacked = values.permute(2, 0, 1)[:, None]
        across = torch.nn.functional.conv2d(stacked, weights.reshape(1, 1, 1, -1))
        return torch.nn.functional.conv2d(across, weights.reshape(1, 1, -1, 1))

    mean_a, mean_b = blurred(a), blurred(b)
    both = blurred(a * b) - mean_a * mean_b
    light = (2 * mean_a * mean_b + 1e-4) / (mean_a.square() + mean_b.square() + 1e-4)
    spread = blurred(a * a) - mean_a.square() + blurred(b * b) - mean_b.square()
    return (light * (2 * both + 9e-4) / (spread + 9e-4)).mean()


def fallen(done: float) -> float:
    """The share of a rate that is left when that share of the course is done."""
    return LEAST + (1 - LEAST) * 0.5 * (1 + math.cos(math.pi * done))


def _groups(talker: Talker) -> list[dict[str, object]]:
    found = []
    for name, parameter in talker.named_parameters():
        rate = RATES.get(name.rsplit(".", 1)[-1], NETS)
        decay = DECAY if rate == NETS else 0.0
        found.append({"params": [parameter], "lr": rate, "whole": rate, "weight_decay": decay})
    return found


def _keep(path: Path, talker: Talker, optimiser: torch.optim.Optimizer, at: tuple[torch.Generator, int]) -> None:
    generator, iteration = at
    partial = path.with_name(f".{path.name}.partial")
    state = {
        "talker": talker.state_dict(),
        "optimiser": optimiser.state_dict(),
        "chance": (generator.get_state(), torch.get_rng_state()),
        "iteration": iteration,
    }
    torch.save(state, partial)
    partial.replace(path)


def _resumed(path: Path | None, talker: Talker, optimiser: torch.optim.Optimizer, generator: torch.Generator) -> int:
    """Where to go on: what is in the checkpoint is taken over."""
    if path is None or not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    talker.load_state_dict(state["talker"])
    optimiser.load_state_dict(state["optimiser"])
    own, shared = state["chance"]
    generator.set_state(own)
    torch.set_rng_state(shared)
    return int(state["iteration"])
