"""One fold of one clip as pictures: an engine learns it, and the lips are read from what it shows."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import pickle
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float64, UInt8

from bench.talking import Case, ear_of, front_of
from pipelines.talking_head import scene
from pipelines.talking_head.drive.motion import Clip, Motion
from pipelines.talking_head.engines import engine
from pipelines.talking_head.judge import drive, pixels
from pipelines.talking_head.judge.blocks import Fold
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.learning.course import Course, learned
from pipelines.talking_head.learning.driven import Part, Performer, calm, picture
from pipelines.talking_head.learning.driven import prepared as of_clip
from pipelines.talking_head.learning.engine import MOTION, Model
from pipelines.talking_head.track.person import Person
from pipelines.talking_head.track.sights import Sights, sighted
from pipelines.talking_head.track.tracked import Track
from pipelines.talking_head.track.watching import watched
from pipelines.talking_head.weights import LANDMARKER, SELFIE

SIDE, ITERATIONS = 96, 400
"""Pixels a side; iterations of a fold, so that three seeds of five folds take ten minutes on two idle cores."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """What a fold needs. All of it is known from the frames that are learned from."""

    fold: Fold
    track: Track
    sights: Sights
    clip: Clip
    motion: Motion
    files: Path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """What one fold showed. lips: by what drove them. seconds: of CPU time, of learning."""

    lips: dict[str, Float64[np.ndarray, "h 40 2"]]
    psnr: float
    ssim: float
    seconds: float


def prepared(case: Case, fold: Fold, taught: Motion, files: Path) -> Job:
    """The job of a fold. taught: by the same frames."""
    apart = case.apart(fold)
    sights = sighted(case.footage, apart.track, Person(files / SELFIE), SIDE)
    return Job(fold=fold, track=apart.track, sights=sights, clip=apart.clip, motion=taught, files=files)


def truth(case: Case, files: Path) -> Float64[np.ndarray, "t 40 2"]:
    """The lips that are read from the true pictures, at the size of those that are drawn."""
    pictures = case.footage.pictures(SIDE)
    return watched(pictures, Landmarker(files / LANDMARKER), case.track.head, case.track.poses)[0]


def shown(path: Path, name: str, seed: int) -> Shown:
    """The job in path, learned by the engine of that name, and judged."""
    torch.set_num_threads(1)
    job: Job = pickle.loads(path.read_bytes())
    fold = job.fold
    whole = scene.assembled(job.sights, job.track, np.zeros((len(job.track), 1, 1), dtype=np.float32))
    part = of_clip(whole, job.track, job.clip.mouths, (job.motion, fold.learned))
    began = time.process_time()
    performer = Performer(_learned(part, job, (name, seed)), part, calm(part.scene, fold.learned))
    seconds = time.process_time() - began
    film, true = _played(job, performer), job.sights.pictures[fold.held]
    found = Shown(
        lips=_lips(job, performer),
        psnr=pixels.mean_psnr(film, true),
        ssim=float(np.mean([pixels.ssim(one, other) for one, other in zip(film, true, strict=True)])),
        seconds=seconds,
    )
    print(f"{name} seed {seed} {path.stem}: {found.psnr:.2f} dB, {found.ssim:.3f}, {seconds:.0f} s", file=sys.stderr)
    return found


def _learned(part: Part, job: Job, run: tuple[str, int]) -> Model:
    name, seed = run
    course = Course(engine=engine(name), iterations=ITERATIONS, seed=seed, drive=MOTION)
    rows = torch.from_numpy(job.fold.learned)
    triangles = torch.from_numpy(Landmarker(job.files / LANDMARKER).face.triangles).long()
    torch.manual_seed(seed)
    model = course.engine.begun(part.scene.chosen(rows), part.head, triangles, course.drive)
    return learned(model, part.scene, rows, course).model


def _audio(job: Job, way: drive.Way) -> drive.Audio:
    return drive.Audio(ear_of(front_of(job.files), job.files), job.clip.sound, way)


def _lips(job: Job, performer: Performer) -> dict[str, Float64[np.ndarray, "h 40 2"]]:
    """The lips of each film of the held-out frames, all in one pose."""
    still = job.track.poses.chosen(np.full(len(job.fold.held), performer.row))
    ways = {"right": drive.right, "wrong": drive.wrong, "silent": drive.silent}
    films = {name: performer(_audio(job, way).of(job.fold)) for name, way in ways.items()}
    films["tracked"] = performer.shown(performer.part.codes[job.fold.held])
    found = {}
    for name, film in films.items():
        found[name], _ = watched(film, Landmarker(job.files / LANDMARKER), job.track.head, still)
    return found


def _played(job: Job, performer: Performer) -> UInt8[np.ndarray, "h s s 3"]:
    """The held-out frames in their own poses and with their own eyes, driven by the right audio."""
    part = performer.part
    codes = part.motion(_audio(job, drive.right).of(job.fold))
    controls = torch.from_numpy(part.controls(codes, job.track.blink[job.fold.held])).float()
    pairs = zip(job.fold.held, controls, strict=True)
    return np.stack([picture(performer.model, part.scene, int(row), control) for row, control in pairs])
