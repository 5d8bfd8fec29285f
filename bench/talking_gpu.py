"""Talking heads on a GPU: how long a head takes to learn, how good it is, and how fast it is drawn; else the floor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bench import talking_alone, talking_floor
from bench.report import Report, Table
from bench.talking import CLIPS, case_of, ear_of, front_of, weights
from pipelines.talking_head import RASTERS, scene
from pipelines.talking_head.device import exact
from pipelines.talking_head.drive import motion
from pipelines.talking_head.engines import engine
from pipelines.talking_head.film import written
from pipelines.talking_head.judge.blocks import ending
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.learning.course import Course, Watch, learned
from pipelines.talking_head.learning.driven import Part, prepared
from pipelines.talking_head.learning.drivers import ByMotion
from pipelines.talking_head.learning.engine import MOTION, Model
from pipelines.talking_head.stages.examining import Clip, examined, pictured
from pipelines.talking_head.subject import TOGETHER
from pipelines.talking_head.track.person import Person
from pipelines.talking_head.track.sights import sighted
from pipelines.talking_head.weights import LANDMARKER, SELFIE

NAME, SIDE, MINUTES = "MLCourse/obama.mp4", 512, 8.0
ITERATIONS = {"egstalker": 30_000, "ernerf": 125_000}
FRAMES = 400
"""That are drawn for a rate, the first of them unmeasured."""
PUBLISHED = (
    ("ER-NeRF, its paper (RTX 3080 Ti)", "120", "", "35.6 (own log)", "", "2.5", "34", ""),
    ("EGSTalker, by a survey (RTX 3090)", "222", "", "", "", "", "68.5", ""),
    ("GaussianTalker", "60 to 90", "", "32.4", "", "", "98 to 121", ""),
    ("TalkingGaussian", "30", "", "33.6", "", "", "108", ""),
)
COLUMNS = ("engine", "minutes", "iterations", "PSNR head", "whole", "LMD", "frames/s drawn", "file to file")
ABOUT = f"""
One clip ({NAME}) at {SIDE} pixels, the papers' sizes, at most {MINUTES:g} minutes of learning an engine. PSNR and LMD:
on the held-out end of the clip, driven by its own sound; LMD in % of the inter-ocular distance (the papers: pixels).
Drawn: pictures in the GPU's memory, {TOGETHER} at a time. File to file: from codes to an encoded film, by the cores.
The floor is computed, not measured: it counts what has to be done, at an H200's published peaks.
""".strip()
NONE = "No GPU that torch can use is here: nothing was measured, and the tables below are computed or compiled."
GOALS = "Goals: 100 frames/s and 20 minutes for ernerf, 200 and 15 for egstalker; better 250 and 400, 8 minutes each."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """What an engine learns. exam: how the model is judged, its figures as the stage has them."""

    part: Part
    rows: torch.Tensor
    held: torch.Tensor
    triangles: torch.Tensor
    exam: Callable[[Model], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Frames a second."""

    drawn: float
    filed: float


def measure(folder: Path) -> Report:
    """With a GPU about twenty minutes; without, three, in which the kernels are compiled for one."""
    if not torch.cuda.is_available():
        tables = (Table(title="Published", columns=COLUMNS, rows=PUBLISHED), talking_floor.table(), compiled())
        return Report(name="talking_gpu", title="Talking heads on a GPU", about=f"{ABOUT}\n\n{NONE}", tables=tables)
    device = torch.device("cuda")
    exact()
    lesson = lesson_of(CLIPS / NAME, SIDE)
    rows = [row_of(name, lesson, device, folder) for name in ITERATIONS]
    about = f"{ABOUT}\n\nGPU: {torch.cuda.get_device_name(device)}, torch {torch.__version__}. {GOALS}"
    return Report(
        name="talking_gpu",
        title="Talking heads on a GPU",
        about=about,
        tables=(
            Table(title="Heads", columns=COLUMNS, rows=(*rows, *PUBLISHED)),
            talking_alone.table(device, talking_alone.Scale()),
            talking_floor.table(),
            compiled(),
        ),
    )


def lesson_of(path: Path, side: int) -> Lesson:
    """The clip as the stages would have it, without the daemon."""
    files = weights()
    whole, landmarker = case_of(path, files), Landmarker(files / LANDMARKER)
    front = front_of(files)
    fold = ending(len(whole.track))
    case = whole.apart(fold)
    sights = sighted(case.footage, case.track, Person(files / SELFIE), side)
    known = scene.assembled(sights, case.track, front(case.clip.sound))
    taught = motion.learned(motion.lesson(case.clip, front, fold.learned), [], front.digest)
    part = prepared(known, case.track, case.clip.mouths, (taught, fold.learned))
    clip = Clip(scene=part.scene, track=case.track, held=fold.held, sound=case.clip.sound, ear=ear_of(front, files))
    driver = ByMotion(part.motion, part.controls)
    return Lesson(
        part=part,
        rows=torch.from_numpy(fold.learned),
        held=torch.from_numpy(fold.held),
        triangles=torch.from_numpy(landmarker.face.triangles).long(),
        exam=lambda model: examined(model, driver, clip, landmarker).figures,
    )


def row_of(name: str, lesson: Lesson, device: torch.device, folder: Path) -> tuple[str, ...]:
    """An engine's row of the table of heads."""
    course = Course(engine=engine(name), iterations=ITERATIONS[name], drive=MOTION, seconds=60 * MINUTES)
    began = time.perf_counter()
    model, iterations = taught(course, lesson, device, RASTERS[0])
    minutes = (time.perf_counter() - began) / 60
    figures, found = lesson.exam(model), rates(model, lesson, folder, FRAMES)
    near, whole = figures["head_over_true_rest"], figures["whole_frame"]
    told = (f"{minutes:.1f}", f"{iterations}", f"{near['psnr']:.2f}", f"{whole['psnr']:.2f}")
    row = (name, *told, f"{figures['lmd_percent']['right']:.2f}", f"{found.drawn:.0f}", f"{found.filed:.0f}")
    print("  ".join(row), file=sys.stderr, flush=True)
    return row


def taught(course: Course, lesson: Lesson, device: torch.device, raster: str) -> tuple[Model, int]:
    """The model after its course on that device, and after how many iterations that was."""
    torch.manual_seed(course.seed)
    known = lesson.part.scene
    model = course.engine.begun(known.chosen(lesson.rows), lesson.part.head, lesson.triangles, course.drive)
    done = learned(model.moved(device, raster), known.on(device), lesson.rows, course, Watch())
    return done.model, done.iterations


def rates(model: Model, lesson: Lesson, folder: Path, frames: int) -> Rates:
    """How fast the held-out frames are drawn again and again, and made a film."""
    batches = lesson.held[torch.arange(frames) % len(lesson.held)].split(TOGETHER)
    for _ in _drawn(model, lesson, batches[:1]):
        _waited(model.device)
    began = time.perf_counter()
    for _ in _drawn(model, lesson, batches):
        pass
    _waited(model.device)
    drawn = frames / (time.perf_counter() - began)
    began = time.perf_counter()
    shown = (pictured(one) for batch in _drawn(model, lesson, batches) for one in batch)
    written(folder / f"{time.monotonic_ns()}.mkv", shown)
    return Rates(drawn=drawn, filed=frames / (time.perf_counter() - began))


@torch.no_grad()
def _drawn(model: Model, lesson: Lesson, batches: Sequence[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    known = lesson.part.scene
    views = {int(row): known.view(int(row)).on(model.device) for row in torch.cat(list(batches)).unique()}
    codes = known.codes.to(model.device)
    for batch in batches:
        yield model.shown_together(codes[batch.to(model.device)], [views[int(row)] for row in batch])


def _waited(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def compiled() -> Table:
    """What each kernel takes of an H200, in a process of its own: interpreter and compiler exclude each other."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.ahead", "90", "--taken"],
        env={**os.environ, "TRITON_INTERPRET": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    columns = ("kernel", "registers", "spilled", "shared", "warps")
    cells = tuple((row["name"], *(str(row[name]) for name in columns[1:])) for row in rows)
    title = "The kernels, compiled for sm_90 (registers and bytes spilled of a thread, bytes shared by a program)"
    return Table(title=title, columns=columns, rows=cells)
