"""The stage ``attributes``: age, gender, emotion and race of faces are estimated, of new ones and of those before."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Int64

from pipelines.contract import BadInput, Result, Work
from pipelines.faces.attribute_packs import ATTRIBUTE_PACKS, AttributePack, required, wanted
from pipelines.faces.attributes.estimating import estimated
from pipelines.faces.attributes.keeping import close, reached, write_part
from pipelines.faces.attributes.opening import Opened, opened
from pipelines.faces.attributes.patches import unpacked
from pipelines.faces.attributes.units import Unit, units
from pipelines.faces.packs import digest
from pipelines.faces.tree.attributes import Attributes

TOGETHER = 64
"""Faces between two lines of progress."""
EVERY = 20.0
"""Seconds of work that a kill may cost."""
_PARTS = "parts"

Opens = Callable[[str, Sequence[str], Path], Opened]
"""(pack, attributes, folder of weights) -> what estimates them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """What the stage works with. names: of the attributes that are estimated; lacks: of those that cannot be."""

    work: Work
    pack: AttributePack
    names: tuple[str, ...]
    lacks: tuple[str, ...]


def attributes(work: Work) -> Result:
    """Afterwards the stage's folder holds a table for each shard, and for each segment of which not all was known.

    What was looked at before a kill is not looked at again. Raises BadInput for a drop where deepface is not installed,
    or where weights are missing without which its views or filter would be empty; a command does the rest, and its
    receipt says so. Raises RuntimeError where a GPU was given that cannot be used.
    """
    return run(work, opened)


def run(work: Work, opens: Opens) -> Result:
    """As ``attributes``, with what opens gives as estimator."""
    cv2.setNumThreads(1)  # its own threads would take cores that others were given
    job = _job(work)
    todo = [unit for unit in units(work, job.names) if not (work.folder / unit.table).is_file()] if job.names else []
    if not todo:
        return Result(figures=_figures(job, 0, 0.0, 0.0), warnings=_warnings(job))
    began = time.perf_counter()
    try:
        ready = opens(job.pack.name, job.names, work.weights(""))
    except BadInput as why:
        if work.request.command is None:
            raise
        return Result(figures=_figures(job, 0, 0.0, 0.0), warnings=(str(why), *_warnings(job)))
    started = time.perf_counter()
    faces = sum(_all(job, todo, ready))
    return Result(
        figures=_figures(job, faces, started - began, time.perf_counter() - started),
        warnings=_warnings(job),
        versions=dict(ready.versions),
        weights={name: digest(work.weights(name)) for name in job.pack.of(job.names)},
    )


def _job(work: Work) -> Job:
    """The job, with those attributes whose weights are here. Raises BadInput where that is too little."""
    options = work.request.options
    pack = ATTRIBUTE_PACKS[options.get("attributes_pack", "attributes")]
    asked = wanted(options)
    here = tuple(name for name in asked if all(work.weights(file).is_file() for file in pack.of([name])))
    lacks = tuple(name for name in asked if name not in here)
    job = Job(work=work, pack=pack, names=here, lacks=lacks)
    must = [name for name in required(options) if name in lacks]
    if must and work.request.command is None:
        raise BadInput(f"views and filter ask for {' and '.join(must)}, but {_how(job, must)}")
    return job


def _all(job: Job, todo: Sequence[Unit], ready: Opened) -> Iterator[int]:
    """Every unit is looked at and closed; how many faces it was, block by block."""
    total = sum(len(unit.rows) for unit in todo)
    done = 0
    for unit in todo:
        parts = job.work.folder / _PARTS / unit.table
        left = unit.rows[~reached(parts, unit.ids[unit.rows])]
        done += len(unit.rows) - len(left)
        for rows in _looked(unit, left, ready, parts):
            done += len(rows)
            job.work.progress(done, total, "faces", ", ".join(job.names))
            yield len(rows)
        close(parts, unit, job.work.folder / unit.table)
    shutil.rmtree(job.work.folder / _PARTS, ignore_errors=True)


def _looked(unit: Unit, rows: Int64[np.ndarray, " k"], ready: Opened, parts: Path) -> Iterator[Int64[np.ndarray, " b"]]:
    """Every row is looked at and in a part; the rows, block by block."""
    waiting: list[tuple[Int64[np.ndarray, " b"], Attributes]] = []
    since = time.monotonic()
    for start in range(0, len(rows), TOGETHER):
        block = rows[start : start + TOGETHER]
        waiting.append((block, _seen(unit, block, ready)))
        if time.monotonic() - since >= EVERY or start + TOGETHER >= len(rows):
            for some, found in waiting:
                write_part(parts, unit.ids[some], found)
            waiting, since = [], time.monotonic()
        yield block


def _seen(unit: Unit, rows: Int64[np.ndarray, " b"], ready: Opened) -> Attributes:
    """What is estimated of these rows; nothing of a face whose chip is damaged."""
    chips, good = unpacked(unit.chips, rows.tolist())
    return estimated(ready.estimator(chips[good]) if good.any() else {}, good, len(rows))


def _how(job: Job, names: Sequence[str]) -> str:
    """Which weights are missing, and how they come here."""
    files = [name for name in job.pack.of(names) if not job.work.weights(name).is_file()]
    others = [pack.name for pack in ATTRIBUTE_PACKS.values() if pack is not job.pack and set(names) <= set(pack.files)]
    other = f'; or take other models with attributes_pack = "{others[0]}"' if others else ""
    return (
        f"the weights {', '.join(files)} are missing. `visaged models fetch {job.pack.name}` fetches them; without a "
        f"network, `visaged models import PATH` takes them from files that you bring{other}."
    )


def _warnings(job: Job) -> tuple[str, ...]:
    return (f"Not estimated: {', '.join(job.lacks)}; {_how(job, job.lacks)}",) if job.lacks else ()


def _figures(job: Job, faces: int, start: float, look: float) -> dict[str, Any]:
    return {
        "pack": job.pack.name,
        "attributes": list(job.names),
        "faces": faces,
        "rate": round(faces / look, 1) if look else 0.0,
        "seconds": {"start": round(start, 3), "look": round(look, 3)},
    }
