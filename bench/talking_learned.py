"""One clip as the stage ``train`` learns it: a whole course, and what holds of the frames that it has not seen."""

from __future__ import annotations

import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.talking import Case, ear_of, front_of
from pipelines.talking_head.drive import motion
from pipelines.talking_head.drive.motion import Clip
from pipelines.talking_head.engines import engine
from pipelines.talking_head.judge.blocks import ending
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.learning.course import Course, Learned, learned
from pipelines.talking_head.learning.driven import Part
from pipelines.talking_head.learning.driven import prepared as of_clip
from pipelines.talking_head.learning.drivers import ByMotion
from pipelines.talking_head.learning.engine import MOTION
from pipelines.talking_head.listen.front import apart
from pipelines.talking_head.scene import assembled
from pipelines.talking_head.stages import examining
from pipelines.talking_head.track.person import Person
from pipelines.talking_head.track.sights import Sights, sighted
from pipelines.talking_head.track.tracked import Track
from pipelines.talking_head.weights import LANDMARKER, SELFIE

SIDE = 96


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """What every engine needs."""

    track: Track
    sights: Sights
    clip: Clip
    files: Path


def prepared(whole: Case, files: Path) -> Job:
    """The job of a clip."""
    case = whole.apart(ending(len(whole.track)))
    sights = sighted(case.footage, case.track, Person(files / SELFIE), SIDE)
    return Job(track=case.track, sights=sights, clip=case.clip, files=files)


def judged(path: Path, name: str, iterations: int) -> dict[str, Any]:
    """The figures of the receipt, and the seconds that the course took, after so many iterations by that engine."""
    torch.set_num_threads(1)
    job: Job = pickle.loads(path.read_bytes())
    fold, front = ending(len(job.track)), front_of(job.files)
    rows = fold.learned[job.track.there[fold.learned]]
    heard = apart(front, job.clip.sound, (int(fold.held[0]), len(job.track)))
    taught = motion.learned(motion.lesson(job.clip, front, rows), [], front.digest)
    part = of_clip(assembled(job.sights, job.track, heard), job.track, job.clip.mouths, (taught, rows))
    landmarker = Landmarker(job.files / LANDMARKER)
    done = _course(part, rows, landmarker, (name, iterations))
    clip = examining.Clip(
        scene=part.scene, track=job.track, held=fold.held, sound=job.clip.sound, ear=ear_of(front, job.files)
    )
    driver = ByMotion(part.motion, part.controls)
    found = examining.examined(done.model, driver, clip, landmarker).figures
    print(f"{name}, {iterations} iterations, {done.seconds:.0f} s: {found['whole_frame']}", file=sys.stderr, flush=True)
    return {**found, "seconds": done.seconds}


def _course(part: Part, rows: np.ndarray, landmarker: Landmarker, run: tuple[str, int]) -> Learned:
    name, iterations = run
    course = Course(engine=engine(name), iterations=iterations, seed=0, drive=MOTION)
    triangles = torch.from_numpy(landmarker.face.triangles).long()
    torch.manual_seed(course.seed)
    model = course.engine.begun(part.scene.chosen(torch.from_numpy(rows)), part.head, triangles, course.drive)
    return learned(model, part.scene, torch.from_numpy(rows), course)
