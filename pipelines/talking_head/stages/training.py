"""The stage ``train``: the subject is learned from most of the clip, and judged by the rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from pipelines.contract import Result, Work, cores, write_atomic
from pipelines.talking_head import FPS, Options
from pipelines.talking_head.drive import motion
from pipelines.talking_head.drive.codes import Mouths
from pipelines.talking_head.gaussians.driven import prepared
from pipelines.talking_head.gaussians.drivers import ByEar, ByMotion
from pipelines.talking_head.gaussians.learning import AUDIO, MOTION, Course, Step, begun, learned, rendered
from pipelines.talking_head.gaussians.moving import Talker
from pipelines.talking_head.gaussians.scene import Scene, assembled
from pipelines.talking_head.judge.blocks import GUARD, Fold
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.listen.front import FrontEnd, Sound, apart
from pipelines.talking_head.preview import chosen, page
from pipelines.talking_head.stages.examining import Clip, examined, pictured
from pipelines.talking_head.stages.files import PREVIEW, STATE, load_footage, load_sights, load_track, video
from pipelines.talking_head.stages.fronts import front_of
from pipelines.talking_head.stages.listening import SOUND
from pipelines.talking_head.subject import keep
from pipelines.talking_head.track.bundle import Head
from pipelines.talking_head.track.tracked import Track
from pipelines.talking_head.weights import LANDMARKER

HELD, MOST_HELD = 0.2, 10 * FPS
"""Share of the clip that is not learned from but judged by, and at most so many frames: its end."""
TOLD = 10
"""Iterations between two lines of progress."""
SHOWN = 250
"""Iterations from one preview to the next."""
AGAIN = 2
"""How often is begun anew, with another seed, where the loss is no number any more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """What is learned, and from what.

    head: with the bases that the scene's codes move. moved: what gives those codes, where it is not the talker's ear.
    """

    work: Work
    options: Options
    scene: Scene
    track: Track
    head: Head
    fold: Fold
    landmarker: Landmarker
    moved: ByMotion | None = None

    @property
    def rows(self) -> torch.Tensor:
        """The frames to learn from: those in which the face is seen."""
        learned_from = self.fold.learned
        return torch.from_numpy(learned_from[self.track.there[learned_from]])

    def driver(self, talker: Talker) -> ByEar | ByMotion:
        """What gives that talker its codes."""
        if self.moved:
            return self.moved
        codes = self.scene.codes[self.rows]
        return ByEar(talker, codes.amin(0), codes.amax(0))


def train(work: Work) -> Result:
    """Afterwards the subject is in the folder ``state``, and the preview beside it.

    A run that was killed goes on at its last checkpoint, and ends as if it had not been. Raises RuntimeError where the
    loss is no number, whatever the seed.
    """
    torch.set_num_threads(cores())
    torch.set_flush_denormal(True)
    options = Options(**work.request.options)
    sound: Sound = np.load(work.earlier("listen") / SOUND)
    front = front_of(work, options.front_end)
    lesson = lesson_of(work, options, sound, front)
    began = time.perf_counter()
    talker, seed = _taught(lesson)
    took = time.perf_counter() - began
    held = lesson.fold.held
    clip = Clip(scene=lesson.scene, track=lesson.track, held=held, sound=sound, front=front)
    driver = lesson.driver(talker)
    exam = examined(talker, driver, clip, lesson.landmarker)
    _show(lesson, talker, exam.curves)
    about = keep(work.folder / STATE, (talker, driver), lesson.scene, (front.name, front.digest))
    figures = {
        "engine": options.engine,
        "drive": about.drive,
        "seed": seed,
        "gaussians": about.head + about.torso,
        "learned_frames": len(lesson.rows),
        "seconds_an_iteration": round(took / options.iterations, 4),
        "held_out": exam.figures,
        "loop": {"from": about.loop[0], "to": about.loop[1], "apart": round(about.loop[2], 4)},
    }
    return Result(state=STATE, figures=figures, versions={"torch": torch.__version__})


def held_out(frames: int) -> Fold:
    """The end of the clip, and all before it but a guard of half a second."""
    held = min(round(HELD * frames), MOST_HELD)
    rows = np.arange(frames, dtype=np.int64)
    return Fold(rows[: frames - held - GUARD], rows[frames - held :])


def lesson_of(work: Work, options: Options, sound: Sound, front: FrontEnd) -> Lesson:
    """What is learned in that job; what gives the codes has learned already. sound: in step with the mouth."""
    track = load_track(work.earlier("track"))
    fold = held_out(len(track))
    heard = apart(front, sound, (int(fold.held[0]), len(track)))
    scene = assembled(load_sights(work.earlier("track")), track, heard)
    landmarker = Landmarker(work.weights(LANDMARKER))
    lesson = Lesson(
        work=work, options=options, scene=scene, track=track, head=track.head, fold=fold, landmarker=landmarker
    )
    return _moving(lesson, sound, front) if options.drive == MOTION else lesson


def _moving(lesson: Lesson, sound: Sound, front: FrontEnd) -> Lesson:
    """The lesson of a talker that a motion drives. The motion is learned first, from the same frames."""
    work, track, rows = lesson.work, lesson.track, lesson.rows.numpy()
    seen = video(work)
    assert seen is not None  # noqa: S101  the stage is not asked otherwise
    mouths = Mouths(track.lips, load_footage(work.earlier("ingest"), work.path(seen)).blendshapes)
    own = motion.lesson(motion.Clip(sound, mouths), front, rows)
    part = prepared(lesson.scene, track, mouths, (motion.learned(own, [], front.digest), rows))
    return replace(lesson, scene=part.scene, head=part.head, moved=ByMotion(part.motion, part.controls))


def _taught(lesson: Lesson) -> tuple[Talker, int]:
    """The talker after its course, and the seed with which it came to an end."""
    triangles = torch.from_numpy(lesson.landmarker.face.triangles).long()
    drive = MOTION if lesson.moved else AUDIO
    course = Course(iterations=lesson.options.iterations, seed=lesson.options.seed, drive=drive)
    broke: Exception | None = None
    for turn in range(AGAIN + 1):
        tried = replace(course, seed=course.seed + turn)
        path, failed = (lesson.work.folder / f"{kind}-{turn}" for kind in ("checkpoint", "failed"))
        if failed.exists():
            continue
        talker = begun(lesson.scene.chosen(lesson.rows), lesson.head, triangles, tried)
        try:
            return learned(talker, lesson.scene, lesson.rows, tried, (path, _telling(lesson, talker))), tried.seed
        except FloatingPointError as error:
            broke = error
            write_atomic(failed, str(error).encode())
            path.unlink(missing_ok=True)
    raise RuntimeError(f"Learning failed {AGAIN + 1} times, each with another seed. {broke}")


def _telling(lesson: Lesson, talker: Talker) -> Callable[[Step], None]:
    losses: list[float] = []
    began = time.perf_counter()

    def told(step: Step) -> None:
        losses.append(step.loss)
        if step.iteration % TOLD == 0:
            total = lesson.options.iterations
            left = (time.perf_counter() - began) / len(losses) * (total - step.iteration)
            note = f"loss {sum(losses[-50:]) / len(losses[-50:]):.4f}, {left / 60:.1f} min left"
            lesson.work.progress(step.iteration, total, "iterations", note)
        if step.iteration % SHOWN == 0:
            talker.eval()
            _show(lesson, talker, {})
            talker.train()

    return told


def _show(lesson: Lesson, talker: Talker, curves: dict[str, np.ndarray]) -> None:
    """Afterwards the preview shows what the talker can do now."""
    scene = lesson.scene
    rows = lesson.fold.held[chosen(lesson.track.opening[lesson.fold.held])]
    at = torch.from_numpy(rows)
    given = lesson.driver(talker)(scene.heard[at], scene.eyes[at])
    with torch.no_grad():
        pairs = zip(rows, given.codes, strict=True)
        shown = np.stack([pictured(rendered(talker, scene, int(row), codes)) for row, codes in pairs])
    picture = page(scene.pictures.numpy()[rows], shown, scene.lips.numpy()[rows].astype(np.float64), curves)
    write_atomic(Path(lesson.work.folder / PREVIEW), picture)
