"""What is left when somebody was learned and has spoken: figures, film, and how often each stage was done."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from bench.place import Place
from daemon.model import Job, Status
from daemon.store import AttemptStatus
from pipelines.talking_head import PIPELINE

STAGES = tuple(stage.name for stage in PIPELINE.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What is left when all is over. film: SHA-256 of what is seen and heard. took: seconds of each stage's last run.

    attempts, done: of each stage.
    """

    figures: str
    film: str
    took: dict[str, float]
    attempts: dict[str, int]
    done: dict[str, int]


def ended_as(place: Place, job: Job) -> Ended:
    """What is left of a job that is done."""
    assert job.status is Status.DONE, job.reason
    results = place.root / "results" / "talking_head" / "anna"
    receipt = json.loads((results / f"{job.result}.receipt.json").read_text("utf-8"))
    attempts = place.attempts(job)
    return Ended(
        figures=json.dumps(_timeless(receipt["figures"]), sort_keys=True),
        film=_seen_and_heard(results / f"{job.result}.mp4"),
        took={one.stage: (one.ended or 0) - one.started for one in attempts if one.status is AttemptStatus.DONE},
        attempts={stage: sum(one.stage == stage for one in attempts) for stage in STAGES},
        done={s: sum(one.stage == s and one.status is AttemptStatus.DONE for one in attempts) for s in STAGES},
    )


def _timeless(figures: object) -> object:
    """The figures without those that a clock made."""
    if not isinstance(figures, dict):
        return figures
    clock = ("seconds_an_iteration", "learning_seconds")
    return {
        name: _timeless(value)
        for name, value in figures.items()
        if name not in clock and not name.endswith("frames_a_second")
    }


def _seen_and_heard(path: Path) -> str:
    digest = hashlib.sha256()
    for kind in ("video", "audio"):
        with av.open(str(path)) as container:
            for frame in container.decode(**{kind: 0}):
                digest.update(np.ascontiguousarray(frame.to_ndarray()).tobytes())
    return digest.hexdigest()
