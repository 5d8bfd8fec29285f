"""The loop in which any engine learns a clip: rates, the way back from what is no number, caps, and who is told."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from pipelines.talking_head import GIB
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
    """More memory is taken than the course may have. The message says how much, in GiB."""


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
    """What a course came to. seconds: of all its sittings. setbacks: how often it went back to a checkpoint.

    anew: there was a checkpoint from which it could not go on.
    """

    model: Model
    iterations: int
    seconds: float
    setbacks: int
    anew: bool = False


def learned(model: Model, scene: Scene, rows: torch.Tensor, course: Course, watch: Watch | None = None) -> Learned:
    """The model after its course over those rows of the scene, from its last checkpoint on where there is one.

    Interrupted or not, the result is the same, on a processor to a bit, but for a cap on time. A checkpoint that does
    not fit counts as none. Where the loss is no number the course goes back to its last checkpoint and on with half of
    its rates. Raises FloatingPointError where that did not help ``BACK`` times, OverMemory where too much is taken.
    """
    torch.set_flush_denormal(True)
    watch, engine = watch or Watch(), course.engine
    shelf = Shelf(watch.path)
    run, anew = _taken_up(shelf, engine, begun(engine, model, course.seed))
    run.model.train()
    while run.iteration < course.iterations and not _spent(run, course):
        began = time.perf_counter()
        lost = _stepped(engine, run, scene, _turn(run, rows, course))
        finite = math.isfinite(float(lost.total.detach()))
        took = time.perf_counter() - began  # after that number: a GPU has then done what it was told
        last = run.iteration == course.iterations or _spent(run, course, took)
        due = last or run.iteration % KEPT == 0
        if not finite or (due and not run.sound):
            run = _back(engine, run, shelf)
            continue
        run.seconds += took
        if due:
            shelf.put(run)
            _afforded(run, course)
        watch.told(_told(run, lost, course), run.model)
    run.model.eval()
    return Learned(model=run.model, iterations=run.iteration, seconds=run.seconds, setbacks=run.setbacks, anew=anew)


def _taken_up(shelf: Shelf, engine: Engine, fresh: Run) -> tuple[Run, bool]:
    """The run that was kept, else the fresh one, kept now; and whether what was kept could not be used."""
    chance, anew = torch.get_rng_state(), False
    try:
        if kept := shelf.take(engine, fresh):
            return kept, False
    except ValueError:
        torch.set_rng_state(chance)  # what was tried has drawn from it
        anew = True
    shelf.put(fresh)
    return fresh, anew


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


def _spent(run: Run, course: Course, more: float = 0.0) -> bool:
    return bool(course.seconds) and run.seconds + more >= course.seconds


def _afforded(run: Run, course: Course) -> None:
    """Raises OverMemory where the course takes more than it may."""
    if not course.memory:
        return
    device = next(run.model.parameters()).device
    taken = int(torch.cuda.max_memory_allocated(device)) if device.type == "cuda" else held()
    if taken > course.memory:
        told = " GiB, and ".join(f"{each / GIB:.2f}" for each in (taken, course.memory))
        raise OverMemory(f"learning takes {told} GiB are allowed")


def held() -> int:
    """Bytes that this process holds of its own; not what it has mapped of files, which give way."""
    lines = (line.split() for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines())
    return sum(1024 * int(words[1]) for words in lines if words and words[0] in {"RssAnon:", "RssShmem:"})


def _told(run: Run, lost: Lost, course: Course) -> Step:
    each = run.seconds / max(run.iteration, 1)
    left = each * (course.iterations - run.iteration)
    if course.seconds:
        left = min(left, course.seconds - run.seconds)
    psnr = -10 * math.log10(max(float(lost.square), 1e-10))
    return Step(iteration=run.iteration, loss=float(lost.total.detach()), psnr=psnr, left=max(left, 0.0))
