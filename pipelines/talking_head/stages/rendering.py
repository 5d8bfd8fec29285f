"""The stage ``render``: each sound becomes the film of the subject saying it, without sound, in parts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipelines.contract import Result, Work, cores, write_atomic
from pipelines.talking_head import FPS, Options
from pipelines.talking_head.device import device
from pipelines.talking_head.film import written
from pipelines.talking_head.learning.drivers import Saying
from pipelines.talking_head.stages.files import model, named
from pipelines.talking_head.stages.listening import heard_of
from pipelines.talking_head.subject import Subject, remembered, spoken

PART = 10 * FPS
"""Frames of a part: what is lost at most by a kill."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Take:
    """A sound of so many frames that is being said. folder: of its parts."""

    work: Work
    subject: Subject
    saying: Saying
    frames: int
    folder: Path


def render(work: Work) -> Result:
    """Afterwards ``<number>/<part>.mkv`` are the films of the sounds. Parts that are there are not drawn again."""
    torch.set_num_threads(cores())
    torch.set_flush_denormal(True)
    subject = remembered(model(work), (device(), Options(**work.request.options).raster))
    figures: dict[str, Any] = {}
    for number, name in enumerate(named(work.request.of("audio"))):
        heard, folder = heard_of(work, number), work.folder / str(number)
        saying = subject.driver.hearing(heard)
        take = Take(work=work, subject=subject, saying=saying, frames=len(heard), folder=folder)
        take.folder.mkdir(exist_ok=True)
        tallies = [_part(take, start) for start in range(0, len(heard), PART)]
        outside, drawing, seconds = (sum(tally[key] for tally in tallies) for key in ("outside", "drawing", "seconds"))
        figures[name] = {
            "frames": len(heard),
            "mouths_never_seen_percent": round(100 * outside / len(heard), 1),
            "rendered_frames_a_second": round(len(heard) / drawing, 1),
            "rendered_and_encoded_frames_a_second": round(len(heard) / seconds, 1),
        }
    return Result(figures={"films": figures}, versions={"torch": torch.__version__})


def _part(take: Take, start: int) -> dict[str, float]:
    """Afterwards that part is there; in how many of its frames the mouth was one never seen, and seconds.

    drawing: of those the seconds without encoding.
    """
    path = take.folder / f"{start // PART:06}.mkv"
    tally = path.with_suffix(".json")
    if not path.exists():
        began = time.perf_counter()
        told = {"frames": min(PART, take.frames - start), "outside": 0, "drawing": 0.0}
        waiting = path.with_name(f"part-{path.name}")
        written(waiting, _pictures(take, start, told))
        told["seconds"] = time.perf_counter() - began
        write_atomic(tally, json.dumps(told).encode("ascii"))
        waiting.rename(path)  # last: where the part is, its tally is too
    return dict(json.loads(tally.read_bytes()))


def _pictures(take: Take, start: int, told: dict[str, float]) -> Iterator[np.ndarray]:
    """The pictures of a part; told counts those whose mouth was never seen, and the seconds that drawing took."""
    end = min(start + PART, take.frames)
    began = time.perf_counter()
    for row, (picture, seen) in enumerate(spoken(take.subject, take.saying, start, end), start=start):
        told["outside"] += not seen
        told["drawing"] += time.perf_counter() - began
        if row % FPS == 0:
            take.work.progress(row, take.frames, "frames")
        yield picture
        began = time.perf_counter()
