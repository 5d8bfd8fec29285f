"""The stage ``morph``: the job's meshes, and a folder of pictures, films, maps, tables and meshes for each take."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import __version__ as pillow_version

from pipelines.contract import BadInput, Result, Work, cores, write_atomic
from pipelines.morph import Options
from pipelines.morph.blend import displacement
from pipelines.morph.crew import Count, copies, shared
from pipelines.morph.leg import Leg, mapped, pressed
from pipelines.morph.pair import Take
from pipelines.morph.plan import Plan, planned
from pipelines.morph.renderers import Look, Renderer, opened
from pipelines.morph.renderers.lighting import Lighting
from pipelines.morph.shoot import Footage, Set, filmed
from pipelines.morph.surface import Subject

EVERY = 5
"""Frames between two lines of progress."""
EMPTY = (
    "a picture shows nothing but background, because the surface is seen from its edge alone or is smaller than a "
    "pixel. Take another camera, or look at the mesh."
)
PIXEL, VERTEX, TEXTURES = 64, 2000, 200 * 1024**2
"""Bytes that a take needs for each pixel of a picture, with its samples, for each vertex, and for two textures."""
RESULT = "result"
"""The folder that is published: of one take itself, of several one folder for each."""

Tell = Callable[[Take, int], None]
"""Called with a take and how many more of its frames are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What all takes of a job have in common."""

    work: Work
    plan: Plan
    options: Options

    def folder(self, take: Take) -> Path:
        """Where a finished take lies."""
        result = self.work.folder / RESULT
        return result if self.plan.alone else result / take.name

    def partial(self, take: Take) -> Path:
        """Where a take lies until it is finished."""
        return self.work.folder / "partial" / take.name

    def record(self, take: Take) -> Path:
        """Where a finished take's figures lie."""
        return self.work.folder / "done" / f"{take.name}.json"

    def frames(self, take: Take) -> int:
        """How many frames a take has."""
        return len(take.legs) * (self.options.frames - 1) + 1


def morph(work: Work) -> Result:
    """All takes of the job, as folders below RESULT; what was finished before a kill is not made again.

    Raises BadInput where not one can be made, RuntimeError where the machine has no OpenGL.
    """
    began = time.perf_counter()
    options = Options(**work.request.options)
    plan = planned(work, options)
    read_in = _since(began)
    if not plan.todo:
        raise BadInput("\n".join(fault.why for fault in plan.faults) or "There is no pair of meshes to morph.")
    figures, drawn_by = _all_made(work, plan, options)
    if "report" in options.wanted and not plan.alone:
        from pipelines.morph.pages import indexed  # noqa: PLC0415  as below, where there are reports

        indexed(work.request.name, plan, work.folder / RESULT)
    warnings = [*plan.warnings, *(w for made in figures.values() for w in made.pop("warnings"))]
    return Result(
        publish=RESULT,
        figures={"pairs": figures, "seconds": {"read": read_in, "all": _since(began)}},
        warnings=tuple(dict.fromkeys(warnings)),
        faults=plan.faults,
        versions=_versions(options, drawn_by),
    )


def _all_made(work: Work, plan: Plan, options: Options) -> tuple[dict[str, dict[str, Any]], str]:
    """Afterwards each take's folder is there; the figures by the takes' names, and what drew them."""
    shutil.rmtree(work.folder / "partial", ignore_errors=True)
    job = Job(work=work, plan=plan, options=options)
    left = sum(not job.folder(take).is_dir() for take in plan.todo)
    among = copies(left, max(_room(take, options) for take in plan.todo))
    count, total = Count(among), sum(map(job.frames, plan.todo))

    def tell(take: Take, more: int) -> None:
        count.add(more, lambda done: work.progress(done, total, "frames", take.name))

    look = Look(size=options.resolution, background=options.background_rgb, lighting=Lighting(options.lighting))
    if among > 1:
        own = cache(lambda: opened(options.renderer, look))  # each copy its own, at its first take
        made = shared(lambda take: (_made(job, take, own(), tell), own().version), plan.todo, among)
    else:
        with opened(options.renderer, look) as renderer:
            made = [(_made(job, take, renderer, tell), renderer.version) for take in plan.todo]
    return {take.name: figures for take, (figures, _) in zip(plan.todo, made, strict=True)}, made[0][1]


def _room(take: Take, options: Options) -> int:
    """Bytes of memory that a copy needs for a take."""
    first = take.meshes[0]
    textures = TEXTURES if first.texture is not None else 0
    return PIXEL * options.resolution**2 + VERTEX * len(first.vertices) + textures


def _made(job: Job, take: Take, renderer: Renderer, tell: Tell) -> dict[str, Any]:
    """Afterwards the take's folder is there, whole; its figures. What an earlier run finished is left as it is."""
    target, record, partial = job.folder(take), job.record(take), job.partial(take)
    each = job.frames(take)

    def drawn(frames: int) -> None:
        if frames % EVERY == 0 or frames == each:
            tell(take, frames % EVERY or EVERY)

    if target.is_dir():
        tell(take, each)
    else:
        place = Set(options=job.options, renderer=renderer, folder=partial, each=drawn)
        footage, legs = _shot(take, place)
        told = [f"{take.name}: {EMPTY}"] if footage.empty else []
        figures = {**_figures(job, take), "warnings": [*told, *(w for leg in legs for w in leg.warnings)]}
        if "report" in job.options.wanted:
            from pipelines.morph.pages import reported  # noqa: PLC0415  minimal has none, and starts sooner without

            facts = _facts(job, take, renderer.version)
            reported(take, legs, partial, facts, [*_about(job, take), *figures["warnings"]])
        record.parent.mkdir(exist_ok=True)
        write_atomic(record, json.dumps({**figures, "seconds": footage.clock.rounded()}).encode("ascii"))
        target.parent.mkdir(exist_ok=True)
        partial.rename(target)  # last: where the folder is, its figures are too
    figures = json.loads(record.read_bytes())
    return dict(figures)


def _shot(take: Take, place: Set) -> tuple[Footage, tuple[Leg, ...]]:
    """Afterwards all of a take but its reports is in the folder of the set."""
    legs: list[Leg] = []
    jobs: list[Future[None]] = []
    with ExitStack() as stack:
        press = stack.enter_context(ThreadPoolExecutor(cores()))

        def begin(number: int, subject: Subject) -> None:
            pair = take.legs[number]
            folder = place.folder if len(take.legs) == 1 else place.folder / "legs" / f"{number + 1}-{pair.name}"
            leg = Leg(pair=pair, normals=subject.normals, folder=folder, options=place.options)
            legs.append(leg)
            jobs.extend(pressed(leg, press))
            jobs.extend(mapped(leg, place.renderer, press))

        footage = filmed(take, place, begin)
        with footage.clock.part("outputs"):
            for job in jobs:
                job.result()
    return footage, tuple(legs)


def _figures(job: Job, take: Take) -> dict[str, Any]:
    first = take.meshes[0]
    return {
        "vertices": len(first.vertices),
        "faces": first.face_count,
        "frames": job.frames(take),
        "textured": all(mesh.texture is not None for mesh in take.meshes),
        "displacement": dataclasses.asdict(displacement(take.seen[0], take.seen[-1])),
        "offset": list(job.plan.offsets[take.name]),
    }


def _facts(job: Job, take: Take, drawn_by: str) -> dict[str, str]:
    """What the report tells of how it was made."""
    options, first = job.options, take.meshes[0]
    moved = displacement(take.seen[0], take.seen[-1])
    return {
        "Files": ", ".join(mesh.file for mesh in take.meshes),
        "Vertices": f"{len(first.vertices):,}",
        "Faces": f"{first.face_count:,}",
        "Largest displacement": f"{moved.largest:.4g} ({moved.largest_percent:.3g} % of the first mesh's height)",
        "Mean displacement": f"{moved.mean:.4g} ({moved.mean_percent:.3g} %)",
        "Alignment": options.align,
        "Frames": f"{options.frames} of {options.resolution} pixels, {options.easing}, {options.fps:g} a second",
        "Camera and lighting": f"{options.camera}, {options.lighting}",
        "Drawn by": drawn_by,
    }


def _about(job: Job, take: Take) -> list[str]:
    """The warnings of the job that are about this take."""
    names = {mesh.file for mesh in take.meshes}
    return [w for w in job.plan.warnings if w.startswith((f"{take.name}: ", *(f"{name}: " for name in names)))]


def _versions(options: Options, drawn_by: str) -> dict[str, str]:
    from moderngl import __version__ as gl_version  # type: ignore[attr-defined]  # noqa: PLC0415  copies may have it

    found = {"numpy": np.__version__, "moderngl": gl_version, "pillow": pillow_version}
    if "video" in options.wanted:
        from pipelines.morph.film import VERSION  # noqa: PLC0415  FFmpeg takes long to load, where there is no film

        found["pyav"] = VERSION
    return {**found, "opengl": drawn_by}


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 3)
