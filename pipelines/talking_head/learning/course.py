"""The loop in which any engine learns a clip: rates, the way back from what is no number, caps, and who is told."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from pipelines.talking_head.learning.engine import AUDIO, Drive, Engine, Lost, Model, Turn
from pipelines.talking_head.learning.shelf import Run, Shelf, begun
from pipelines.talking_head.scene import Scene

LEAST = 0.05
"""Of its rate at the beginning that is left at the end; it falls as a cosine."""
KEPT = 50
"""Iterations from one checkpoint to the next."""
BACK, SLOWER = 4, 0.5
"""How often a course goes back to its last checkpoint, and the share of its rates that it goes on with each time."""


class OverMemory(RuntimeError):
    """More memory is taken than the course may have. The message says how much, in gigabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """By whom, how long and how is learned.

    seconds: after which the course ends early, its rates as low as at its end; 0: never. memory: bytes; 0: any.
    """

    engine: Engine
    iterations: int = 1500
    seed: int = 0
    drive: Drive = AUDIO
    seconds: float = 0.0
    memory: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is told of an iteration. left: seconds until the end, as it goes now."""

    iteration: int
    loss: float
    psnr: float
    left: float


@dataclass(frozen=True, slots=True)
class Watch:
    """Where checkpoints are (None: in memory), and who is told of each iteration, with the model as it is."""

    path: Path | None = None
    told: Callable[[Step, Model], None] = field(default=lambda _step, _model: None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learned:
    """What a course came to. seconds: of all its sittings. setbacks: how often it went back to a checkpoint."""

    model: Model
    iterations: int
    seconds: float
    setbacks: int


def learned(model: Model, scene: Scene, rows: torch.Tensor, course: Course, watch: Watch | None = None) -> Learned:
    """The model after its course over those rows of the scene, from its last checkpoint on where there is one.

    Interrupted or not, the result is the same to a bit, but for a cap on time. Where the loss is no number the course
    goes back to its last checkpoint and on with half of its rates. Raises FloatingPointError where that did not help
    ``BACK`` times, OverMemory where too much is taken.
    """
    torch.set_flush_denormal(True)
    watch, engine = watch or Watch(), course.engine
    shelf = Shelf(watch.path)
    fresh = begun(engine, model, course.seed)
    run = shelf.take(engine, fresh) or fresh
    if run is fresh:
        shelf.put(run)
    run.model.train()
    while run.iteration < course.iterations and not _spent(run, course):
        began = time.perf_counter()
        lost = _stepped(engine, run, scene, _turn(run, rows, course))
        due = run.iteration % KEPT == 0 or run.iteration == course.iterations
        if not math.isfinite(float(lost.total.detach())) or (due and not run.sound):
            run = _back(engine, run, shelf)
            continue
        run.seconds += time.perf_counter() - began
        if due:
            shelf.put(run)
            _afforded(run, course)
        watch.told(_told(run, lost, course), run.model)
    run.model.eval()
    return Learned(model=run.model, iterations=run.iteration, seconds=run.seconds, setbacks=run.setbacks)


def fallen(done: float) -> float:
    """The share of a rate that is left when that share of the course is done."""
    return LEAST + (1 - LEAST) * 0.5 * (1 + math.cos(math.pi * done))


def _turn(run: Run, rows: torch.Tensor, course: Course) -> Turn:
    done = run.iteration / course.iterations
    if course.seconds:
        done = min(1.0, max(done, run.seconds / course.seconds))
    return Turn(iteration=run.iteration, done=done, rows=rows, chance=run.chance, drive=course.drive)


def _stepped(engine: Engine, run: Run, scene: Scene, turn: Turn) -> Lost:
    """Afterwards the run is one iteration further, unless its loss is no number."""
    for group in run.optimiser.param_groups:
        group["lr"] = group["whole"] * fallen(turn.done) * SLOWER**run.setbacks
    lost = engine.loss(run.model, scene, turn)
    if torch.isfinite(lost.total):
        run.optimiser.zero_grad(set_to_none=True)
        lost.total.backward()
        run.optimiser.step()
        engine.after(run.model, run.optimiser, turn)
        run.iteration += 1
    return lost


def _back(engine: Engine, run: Run, shelf: Shelf) -> Run:
    """The run as it was at its last checkpoint, to go on slower."""
    if run.setbacks == BACK:
        raise FloatingPointError(
            f"The loss of iteration {run.iteration} is no number, and going back {BACK} times did not help."
        )
    again = shelf.take(engine, run)
    assert again is not None  # noqa: S101  the beginning was put there
    again.setbacks = run.setbacks + 1
    shelf.put(again)
    again.model.train()
    return again


def _spent(run: Run, course: Course) -> bool:
    return bool(course.seconds) and run.seconds >= course.seconds


def _afforded(run: Run, course: Course) -> None:
    """Raises OverMemory where the course takes more than it may."""
    if not course.memory:
        return
    device = next(run.model.parameters()).device
    if device.type == "cuda":
        taken = int(torch.cuda.max_memory_allocated(device))
    else:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        taken = pages * 4096
    if taken > course.memory:
        raise OverMemory(f"learning takes {taken / 1e9:.1f} GB, and {course.memory / 1e9:.1f} GB are allowed")


def _told(run: Run, lost: Lost, course: Course) -> Step:
    each = run.seconds / max(run.iteration, 1)
    left = each * (course.iterations - run.iteration)
    if course.seconds:
        left = min(left, course.seconds - run.seconds)
    psnr = -10 * math.log10(max(float(lost.square), 1e-10))
    return Step(iteration=run.iteration, loss=float(lost.total.detach()), psnr=psnr, left=max(left, 0.0))
