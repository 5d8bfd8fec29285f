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
from pipelines.talking_head.listen.front import Features
from pipelines.talking_head.stages.files import model, named
from pipelines.talking_head.stages.listening import features
from pipelines.talking_head.subject import Subject, remembered, spoken

PART = 10 * FPS
"""Frames of a part: what is lost at most by a kill."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Take:
    """A sound that is being said. folder: of its parts."""

    work: Work
    subject: Subject
    heard: Features
    folder: Path


def render(work: Work) -> Result:
    """Afterwards ``<number>/<part>.mkv`` are the films of the sounds. Parts that are there are not drawn again."""
    torch.set_num_threads(cores())
    torch.set_flush_denormal(True)
    subject = remembered(model(work), (device(), Options(**work.request.options).raster))
    figures: dict[str, Any] = {}
    for number, name in enumerate(named(work.request.of("audio"))):
        heard = features(work, number)
        take = Take(work=work, subject=subject, heard=heard, folder=work.folder / str(number))
        take.folder.mkdir(exist_ok=True)
        tallies = [_part(take, start) for start in range(0, len(heard), PART)]
        outside, seconds = (sum(tally[key] for tally in tallies) for key in ("outside", "seconds"))
        figures[name] = {
            "frames": len(heard),
            "mouths_never_seen_percent": round(100 * outside / len(heard), 1),
            "rendered_frames_a_second": round(len(heard) / seconds, 1),
        }
    return Result(figures={"films": figures}, versions={"torch": torch.__version__})


def _part(take: Take, start: int) -> dict[str, float]:
    """Afterwards that part is there; its seconds, and in how many of its frames the mouth was one never seen."""
    path = take.folder / f"{start // PART:06}.mkv"
    tally = path.with_suffix(".json")
    if not path.exists():
        began = time.perf_counter()
        outside = [0]
        waiting = path.with_name(f"part-{path.name}")
        written(waiting, _pictures(take, start, outside))
        told = {"outside": outside[0], "seconds": time.perf_counter() - began}
        write_atomic(tally, json.dumps(told).encode("ascii"))
        waiting.rename(path)  # last: where the part is, its tally is too
    return dict(json.loads(tally.read_bytes()))


def _pictures(take: Take, start: int, outside: list[int]) -> Iterator[np.ndarray]:
    """The pictures of a part; outside counts those whose mouth was never seen."""
    end = min(start + PART, len(take.heard))
    for row, (picture, seen) in enumerate(spoken(take.subject, take.heard, start, end), start=start):
        outside[0] += not seen
        if row % FPS == 0:
            take.work.progress(row, len(take.heard), "frames")
        yield picture
