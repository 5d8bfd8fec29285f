"""The command ``faces bench``: the detectors that are here side by side on a user's own pictures."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from pipelines.contract import BadInput, Input, Result, Work, cores
from pipelines.faces import Options
from pipelines.faces.ask.tables import table
from pipelines.faces.claim import KINDS
from pipelines.faces.embed.detection import Detector
from pipelines.faces.embed.looking import detector_of, found_in, reducible
from pipelines.faces.embed.pictures import Opened, Unreadable, read
from pipelines.faces.registry import PACKS

MOST = 300
"""Pictures that are looked at, evenly spread over all; more make no other picture of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How a detector did. rate: pictures a second, decoding apart. share: of the pictures with a face, 0 to 1.

    alone: pictures in which no other detector found a face. size: median of the shorter side, pixels.
    """

    detector: str
    packs: tuple[str, ...]
    rate: float
    share: float
    faces: int
    alone: int
    size: float


@dataclass(slots=True, kw_only=True)
class _Run:
    """A detector at work: the seconds it took and what it found, a picture after the other."""

    name: str
    detector: Detector
    seconds: float = 0.0
    counts: list[int] = dataclasses.field(default_factory=list)
    sizes: list[float] = dataclasses.field(default_factory=list)


def bench(work: Work) -> Result:
    """The scores of all detectors whose files are here: a table in words, and the same as data.

    Each picture is decoded once and shown to all of them. Raises BadInput where there is no detector or no picture.
    """
    cv2.setNumThreads(1)
    options = Options(**work.request.options)
    models = work.weights("")
    here = {pack.detector: pack for pack in PACKS.values() if (models / pack.detector).is_file()}
    if not here:
        raise BadInput("There is no detector here. `visaged models fetch buffalo_sc` brings one.")
    runs = [_Run(name=name, detector=detector_of(pack, models, cores())) for name, pack in here.items()]
    seen = 0
    for picture in _pictures(work, options):
        seen += 1
        for run in runs:
            _show(run, picture, options.min_size)
    if not seen:
        raise BadInput("There is no picture in this folder that can be read.")
    scores = [_score(run, runs) for run in runs]
    return Result(answer=_answer(scores, seen, options), data=[dataclasses.asdict(score) for score in scores])


def _pictures(work: Work, options: Options) -> Iterator[Opened]:
    pictures = [one for one in work.request.of("folder") if KINDS.get(Path(one.path).suffix.lower()) == "picture"]
    chosen: list[Input] = pictures[:: max(1, -(-len(pictures) // MOST))]
    for number, one in enumerate(chosen, start=1):
        try:
            yield read(work.path(one), options.max_pixels, reducible(options.min_size))
        except Unreadable:
            continue
        finally:
            work.progress(number, len(chosen), "pictures", one.path)


def _show(run: _Run, picture: Opened, least: float) -> None:
    began = time.perf_counter()
    found = found_in(run.detector, picture, least)
    run.seconds += time.perf_counter() - began
    run.counts.append(len(found))
    run.sizes += (found.sizes * picture.reduction).tolist()


def _score(run: _Run, runs: list[_Run]) -> Score:
    counts = np.array(run.counts)
    others = np.array([other.counts for other in runs if other is not run]).reshape(-1, len(counts)).sum(axis=0)
    return Score(
        detector=run.name,
        packs=tuple(pack.name for pack in PACKS.values() if pack.detector == run.name),
        rate=round(len(counts) / max(run.seconds, 1e-9), 1),
        share=round(float((counts > 0).mean()), 4),
        faces=int(counts.sum()),
        alone=int(((counts > 0) & (others == 0)).sum()) if len(runs) > 1 else 0,
        size=round(median(run.sizes), 1) if run.sizes else 0.0,
    )


def _answer(scores: list[Score], seen: int, options: Options) -> str:
    rows = [
        (
            one.detector,
            ", ".join(one.packs),
            f"{one.rate:,.0f}",
            f"{one.share:.1%}",
            f"{one.faces:,}",
            f"{one.alone:,}",
            f"{one.size:.0f}",
        )
        for one in scores
    ]
    head = ("detector", "pack", "pictures/s", "with a face", "faces", "only here", "median size")
    told = f"{seen:,} pictures on {cores()} cores, faces from {options.min_size} pixels; decoding is not counted."
    return f"{table(head, rows)}\n\n{told}"
