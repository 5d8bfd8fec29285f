"""Talking heads: what every part of an iteration, and of a whole job, takes the processor, and what dominates."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from bench.laps import NONE, REST, Lap, Laps, Seconds, shares, usual
from bench.report import Report, Table
from bench.talking import CLIPS, NAMES, missing, weights
from bench.talking_job import Lesson, lesson_of, named, used
from bench.talking_learned import SIDE
from pipelines.talking_head import ENGINES
from pipelines.talking_head.claim import WHOLE
from pipelines.talking_head.egstalker import engine as egstalker
from pipelines.talking_head.egstalker import model as deformed
from pipelines.talking_head.egstalker.deform import Deformation
from pipelines.talking_head.egstalker.grafting import Grafting
from pipelines.talking_head.engines import engine
from pipelines.talking_head.ernerf import losses, operations, turns
from pipelines.talking_head.ernerf.engine import Stage
from pipelines.talking_head.ernerf.occupancy import Occupancy
from pipelines.talking_head.ernerf.portrait import Portrait
from pipelines.talking_head.gaussians import splat
from pipelines.talking_head.learning.course import Course, Learned, Watch, learned
from pipelines.talking_head.learning.engine import MOTION
from pipelines.talking_head.learning.shelf import Shelf

WARM, MEASURED, USUAL = 100, 200, 1500
HALF, OFF = 0.5, 0.02
TILES = "backward: the tiles'"
STEPS = ("ingest", "track", "listen", "motion", "course", "examine", "render", "encode, mux")
COMMON = {
    "optimiser": [(torch.optim.AdamW, "step"), (torch.optim.Optimizer, "zero_grad")],
    "checkpoint": [(Shelf, "put")],
}
PLACES: Mapping[str, Mapping[str, Sequence[tuple[Any, str]]]] = {
    "egstalker": {
        "deformation net": [(Deformation, name) for name in ("still", "resting", "forward")],
        "moved and flattened": [(deformed.Deformed, "forward"), (deformed, "flattened")],
        "tiles drawn": [(deformed, "together")],
        "loss": [(egstalker, name) for name in ("_loss", "rough", "squared")],
        "backward: all else": [(torch.Tensor, "backward")],
        TILES: [(vars(splat)["_Tiles"], "backward")],
        "growth": [(deformed.Deformed, "strained"), (Grafting, "grow")],
        **COMMON,
    },
    "ernerf": {
        "pixels and rays": [(turns, "of_head"), (turns, "of_lips")],
        "loss": [(losses, name) for name in ("doubted", "entropy", "outside", "attentive", "patched")],
        "neighbours": [(turns, "_uneven")],
        "torso": [(turns, "of_torso")],
        "occupancy": [(Occupancy, "refresh")],
        "backward": [(torch.Tensor, "backward")],
        "steady mean": [(Portrait, "steadied")],
        **COMMON,
    },
}
PLAIN = {"march": "march", "encode": "planes", "matter": "field", "composite": "composite"}
CLOSED = ("torso", "occupancy", "neighbours")
ABOUT = f"""
{NAMES[0]} at {SIDE} pixels, `drive = "motion"`, seed 0, by the processor, one thread of torch: courses of
{WARM + MEASURED} iterations, of which the first {WARM} do not count. Each part without the parts inside of it, the
median of the iterations that have it; what few have (growth, occupancy, checkpoints) is spread over all of their sort.
rest: what no part has. The parts of each sort of iteration sum to its whole within 2 % of the CPU, or the bench fails.
`ernerf` draws the torso beside the head, or beside the lips in every other iteration of the second half; what that
costs backward shows where the torso is learned alone. The job: everything from the video to a film, once; a course of
{USUAL} iterations is reckoned from those {MEASURED}, as if no more grew after them, and of the film it is one second.
""".strip()


def measure(folder: Path) -> Report:
    """Both engines: two minutes of a core that nobody else wants."""
    if not CLIPS.is_dir():
        return missing("talking_parts")
    torch.set_num_threads(1)
    before = Laps()
    lesson = lesson_of(weights(), before)
    jobs, tables, told, broken = {}, [], [], []
    for name in ENGINES:
        done, sorts = taught(name, lesson, WHOLE)
        laps = [lap for each in sorts.values() for lap in each]
        if name == "ernerf":
            sorts["torso alone"] = taught(name, lesson, Stage.TORSO)[1]["all"]
        found = {sort: usual(each) for sort, each in sorts.items()}
        tables.append(_table(name, found))
        told += [f"{name}, {sort}: {dominating(*each)}" for sort, each in found.items()]
        broken += [f"{name}, {sort}: {sum_of(*each):.1%}" for sort, each in found.items() if _off(sum_of(*each))]
        jobs[name] = {**named(before), "course": _course(laps), **used(done, name, lesson, folder)}
    tables.append(_jobs(jobs))
    told += [f"{name}, the job: {dominating(_sum(job), job)}" for name, job in jobs.items()]
    return Report(
        name="talking_parts",
        title="What the parts of a talking head take",
        about=ABOUT,
        tables=tuple(tables),
        verdicts=tuple(told),
        broken=tuple(f"the parts sum to their whole: {each}" for each in broken),
    )


def taught(name: str, lesson: Lesson, stage: str) -> tuple[Learned, dict[str, list[Lap]]]:
    """What was learned, and the laps that count, by what they drew."""
    clock, part = Laps(CLOSED), lesson.part
    course = Course(engine=engine(name, stage), iterations=WARM + MEASURED, drive=MOTION)
    triangles = torch.from_numpy(lesson.landmarker.face.triangles).long()
    torch.manual_seed(course.seed)
    model = course.engine.begun(part.scene.chosen(lesson.rows), part.head, triangles, course.drive)
    if name == "ernerf":
        plain = operations.PLAIN
        timed = {call: clock.timed(own, getattr(plain, call)) for call, own in PLAIN.items()}
        model.parts.head.operations = replace(plain, **timed)
    with clock.watching(PLACES[name]):
        done = learned(model, part.scene, lesson.rows, course, Watch(told=lambda _step, _model: clock.over()))
    print(f"{name}, {stage}: {done.seconds:.0f} s", done.model.counted, file=sys.stderr, flush=True)
    laps = clock.laps[WARM:]
    if name == "egstalker" or stage != WHOLE:
        return done, {"all": laps}
    lips = [lap for lap in laps if "of_lips" in lap.called]
    return done, {"head and torso": [lap for lap in laps if lap not in lips], "lips and torso": lips}


def sum_of(whole: Seconds, parts: Mapping[str, Seconds]) -> float:
    """The parts' CPU, as a share of the whole."""
    return sum(cpu for cpu, _ in parts.values()) / whole[0]


def dominating(whole: Seconds, parts: Mapping[str, Seconds]) -> str:
    """Which parts take more than half of the CPU together, the largest first, in words."""
    share = shares(whole[0], {name: cpu for name, (cpu, _) in parts.items()})
    named: list[str] = []
    while share and sum(share[name] for name in named) <= HALF and len(named) < len(share):
        named.append(next(name for name in share if name not in named))
    each = ", ".join(f"{name} ({share[name]:.0%})" for name in named)
    return f"{each} {'dominate' if len(named) > 1 else 'dominates'}."


def _off(total: float) -> bool:
    return abs(total - 1) > OFF


def _sum(parts: Mapping[str, Seconds]) -> Seconds:
    return sum(cpu for cpu, _ in parts.values()), sum(wall for _, wall in parts.values())


def _course(laps: Sequence[Lap]) -> Seconds:
    each = USUAL / len(laps)
    return each * sum(lap.whole[0] for lap in laps), each * sum(lap.whole[1] for lap in laps)


def _table(name: str, found: Mapping[str, tuple[Seconds, Mapping[str, Seconds]]]) -> Table:
    names = [*PLACES[name], *(PLAIN.values() if name == "ernerf" else ())]
    first = next(iter(found.values()))[1]
    ordered = [*sorted(names, key=lambda part: -first.get(part, NONE)[0]), REST]
    rows = [(part, *_cells((parts.get(part), whole) for whole, parts in found.values())) for part in ordered]
    rows.append(("whole", *_cells((whole, whole) for whole, _ in found.values())))
    columns = tuple(f"{sort}, {what}" for sort in found for what in ("CPU ms", "wall ms", "% of CPU"))
    return Table(title=f"{name}: an iteration", columns=("part", *columns), rows=tuple(rows))


def _jobs(jobs: Mapping[str, Mapping[str, Seconds]]) -> Table:
    rows = [(step, *_cells(((job[step], _sum(job)) for job in jobs.values()), 1)) for step in STEPS]
    rows.append(("whole", *_cells(((_sum(job), _sum(job)) for job in jobs.values()), 1)))
    columns = tuple(f"{name}, {what}" for name in jobs for what in ("CPU s", "wall s", "% of CPU"))
    return Table(title="The job", columns=("step", *columns), rows=tuple(rows))


def _cells(each: Iterable[tuple[Seconds | None, Seconds]], scale: float = 1000) -> Iterator[str]:
    for one, whole in each:
        figures = (scale * one[0], scale * one[1], 100 * one[0] / whole[0]) if one else ()
        yield from [f"{figure:.1f}" for figure in figures] or ("", "", "")
