"""The stage ``morph``: the job's meshes, all their pairs, and a folder of pictures and film for each."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from pipelines.contract import BadInput, Fault, Result, Work, write_atomic
from pipelines.morph import Options
from pipelines.morph.blend import displacement
from pipelines.morph.camera import doubts
from pipelines.morph.film import VERSION as FILM_VERSION
from pipelines.morph.mesh import Mesh
from pipelines.morph.names import labels
from pipelines.morph.pair import Pair, Shoot, filmed, left_out
from pipelines.morph.pairs import pairs, why_not
from pipelines.morph.read import read
from pipelines.morph.render import GlRenderer
from pipelines.morph.textures import Item

RESULT = "result"
"""The folder that is published: of one pair itself, of several one folder for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done. alone: the item is one pair. faults: what cannot be done, and why."""

    todo: tuple[Pair, ...]
    alone: bool
    faults: tuple[Fault, ...]
    warnings: tuple[str, ...]


def morph(work: Work) -> Result:
    """All pairs of the job's meshes, as folders below RESULT; what was finished before a kill is not made again.

    Raises BadInput where not one pair can be made, RuntimeError where the machine has no OpenGL.
    """
    began = time.perf_counter()
    options = Options(**work.request.options)
    plan = planned(work)
    read_in = _since(began)
    if not plan.todo:
        raise BadInput("\n".join(fault.why for fault in plan.faults) or "There is no pair of meshes to morph.")
    with GlRenderer(options.resolution, options.background_rgb) as renderer:
        figures = {pair.name: _made(work, plan, pair, renderer, options) for pair in plan.todo}
        versions = _versions(renderer)
    found = [warning for pair in plan.todo for warning in _warnings(pair)]
    return Result(
        publish=RESULT,
        figures={
            "pairs": figures,
            "seconds": {"read": read_in, "all": round(time.perf_counter() - began, 3)},
        },
        warnings=tuple(dict.fromkeys([*plan.warnings, *found])),
        faults=plan.faults,
        versions=versions,
    )


def planned(work: Work) -> Plan:
    """All pairs of the job, each mesh read once; a mesh that cannot be read is one fault, whatever pairs it costs."""
    chosen = _chosen(work)
    names = sorted({path for pair in chosen for path in pair})
    label = dict(zip(names, labels([name.removeprefix("in/") for name in names]), strict=True))
    meshes, faults = _read(work, label)
    todo = []
    for first, second in chosen:
        if first not in meshes or second not in meshes:
            continue
        pair = Pair(called=(label[first], label[second]), a=meshes[first], b=meshes[second])
        why = why_not(pair.a, pair.b)
        if why:
            faults.append(Fault(what=pair.name, why=why))
        else:
            todo.append(pair)
    warnings = tuple(warning for mesh in meshes.values() for warning in mesh.warnings)
    return Plan(todo=tuple(todo), alone=len(chosen) == 1, faults=tuple(faults), warnings=warnings)


def _chosen(work: Work) -> tuple[tuple[str, str], ...]:
    """The pairs of paths: the one that a manifest names by its roles, else all."""
    request = work.request
    first, second = request.of("a"), request.of("b")
    if first and second:
        return ((first[0].path, second[0].path),)
    return pairs(entry.path for entry in request.of("mesh"))


def _read(work: Work, label: Mapping[str, str]) -> tuple[dict[str, Mesh], list[Fault]]:
    request = work.request
    item = Item(
        meshes=tuple(work.job / path for path in label),
        images=tuple(work.path(entry) for entry in request.of("texture")),
        materials=tuple(work.path(entry) for entry in request.of("material")),
    )
    meshes: dict[str, Mesh] = {}
    faults: list[Fault] = []
    for path, name in label.items():
        try:
            meshes[path] = read(work.job / path, item)
        except BadInput as bad:
            faults.append(Fault(what=name, why=str(bad)))
    return meshes, faults


def _made(work: Work, plan: Plan, pair: Pair, renderer: GlRenderer, options: Options) -> dict[str, Any]:
    """Afterwards the pair's folder is there, whole; its figures. What an earlier run finished is left as it is."""
    target = work.folder / RESULT if plan.alone else work.folder / RESULT / pair.name
    record = work.folder / "done" / f"{pair.name}.json"
    before, total = plan.todo.index(pair) * options.frames, len(plan.todo) * options.frames

    def tell(frames: int) -> None:
        work.progress(before + frames, total, "frames", pair.name)

    if target.is_dir():
        tell(options.frames)
    else:
        partial = work.folder / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        shoot = Shoot(frames=options.frames, size=options.resolution, fps=options.fps)
        clock = filmed(pair, shoot, renderer, partial, tell)
        record.parent.mkdir(exist_ok=True)
        write_atomic(record, json.dumps({**_figures(pair, options), "seconds": clock.rounded()}).encode("ascii"))
        target.parent.mkdir(exist_ok=True)
        partial.rename(target)  # last: where the folder is, its figures are too
    figures: dict[str, Any] = json.loads(record.read_bytes())
    return figures


def _figures(pair: Pair, options: Options) -> dict[str, Any]:
    return {
        "vertices": len(pair.a.vertices),
        "faces": pair.a.face_count,
        "frames": options.frames,
        "textured": pair.a.texture is not None and pair.b.texture is not None,
        "displacement": dataclasses.asdict(displacement(pair.a.vertices, pair.b.vertices)),
    }


def _warnings(pair: Pair) -> tuple[str, ...]:
    missing = left_out(pair.a, pair.b)
    seen = doubts(pair.a.vertices, pair.b.vertices)
    return tuple(f"{pair.name}: {warning}" for warning in (missing, seen) if warning)


def _versions(renderer: GlRenderer) -> dict[str, str]:
    packages = {name: version(name) for name in ("numpy", "moderngl", "pillow")}
    return {**packages, "pyav": FILM_VERSION, "opengl": renderer.version}


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 3)
