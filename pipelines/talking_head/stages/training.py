"""The stage ``train``: the subject is learned from most of the clip, and judged by the rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from pipelines.contract import BadInput, Result, Work, cores, write_atomic
from pipelines.talking_head import GIB, HOP, Options
from pipelines.talking_head.claim import WHOLE
from pipelines.talking_head.device import device, device_name
from pipelines.talking_head.drive import motion
from pipelines.talking_head.drive.codes import Mouths
from pipelines.talking_head.drive.pausing import narrowest
from pipelines.talking_head.engines import engine
from pipelines.talking_head.judge.blocks import Fold, ending
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.learning.course import Course, Learned, OverMemory, Step, Watch, learned
from pipelines.talking_head.learning.driven import prepared
from pipelines.talking_head.learning.drivers import ByEar, ByMotion
from pipelines.talking_head.learning.engine import AUDIO, MOTION, Model, rendered
from pipelines.talking_head.listen.front import FrontEnd, Sound, apart
from pipelines.talking_head.listen.hearing import Heard
from pipelines.talking_head.preview import chosen, page
from pipelines.talking_head.scene import Scene, assembled
from pipelines.talking_head.stages.continuing import Learner, continued
from pipelines.talking_head.stages.examining import Clip, examined, pictured
from pipelines.talking_head.stages.files import PREVIEW, STATE, load_footage, load_sights, load_track
from pipelines.talking_head.stages.fronts import ear_of, front_of
from pipelines.talking_head.stages.listening import SOUND
from pipelines.talking_head.subject import Made, keep
from pipelines.talking_head.track.bundle import Head
from pipelines.talking_head.track.tracked import Track
from pipelines.talking_head.weights import LANDMARKER

TOLD = 10
"""Iterations between two lines of progress."""
MEANT = 50
"""Iterations of which the loss and PSNR that are told are the means."""
SHOWN = 250
"""Iterations from one preview to the next."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """What is learned, and from what.

    head: with the bases that the scene's codes move. heard: of the frames held out, from their own sound. moved:
    what gives those codes, where it is not the model.
    """

    work: Work
    options: Options
    scene: Scene
    track: Track
    heard: Heard
    head: Head
    fold: Fold
    landmarker: Landmarker
    moved: ByMotion | None = None

    @property
    def rows(self) -> torch.Tensor:
        """The frames to learn from: those in which the face is seen."""
        learned_from = self.fold.learned
        return torch.from_numpy(learned_from[self.track.there[learned_from]])

    def driver(self, model: Model) -> ByEar | ByMotion:
        """What gives that model its codes."""
        if self.moved:
            return self.moved
        codes = self.scene.codes[self.rows]
        shut = codes[narrowest(self.scene.opening[self.rows].numpy())].mean(0)
        return ByEar(model, codes.amin(0), codes.amax(0), shut)


def train(work: Work) -> Result:
    """Afterwards the subject is in the folder ``state``, and the preview beside it.

    A run that was killed goes on at its last checkpoint, and ends as if it had not been. Refuses a course that takes
    more memory than the options allow, and one whose loss is no number, however slowly it goes.
    """
    torch.set_num_threads(cores())
    torch.set_flush_denormal(True)
    options, on = Options(**work.request.options), device()
    sound: Sound = np.load(work.earlier("listen") / SOUND)
    front = front_of(work, options.front)
    lesson = lesson_of(work, options, sound, front)
    course = _taught(lesson, on)
    held = lesson.fold.held
    clip = Clip(scene=lesson.scene, track=lesson.track, held=held, sound=sound, ear=ear_of(work, front))
    driver = lesson.driver(course.model)
    exam = examined(course.model, driver, clip, lesson.landmarker)
    _show(lesson, course.model, exam.curves)
    made = Made(engine=options.engine, model=course.model, driver=driver, iterations=options.iterations)
    about = keep(work.folder / STATE, made, lesson.scene, (front.name, front.digest), lesson.track.longest)
    figures = {
        "engine": options.engine,
        "drive": about.drive,
        "seed": options.seed,
        "device": device_name(on),
        **course.model.counted,
        "learned_frames": len(lesson.rows),
        **_told(course),
        "held_out": exam.figures,
        "loop": {"from": about.loop[0], "to": about.loop[1], "apart": round(about.loop[2], 4)},
    }
    return Result(
        state=STATE, figures=figures, warnings=_warned(course, options), versions={"torch": torch.__version__}
    )


def _told(course: Learned) -> dict[str, float]:
    return {
        "iterations": course.iterations,
        "learning_seconds": round(course.seconds, 1),
        "seconds_an_iteration": round(course.seconds / max(course.iterations, 1), 4),
        "setbacks": course.setbacks,
    }


def _warned(course: Learned, options: Options) -> tuple[str, ...]:
    """What the user should know of how the course went."""
    found = []
    if course.iterations < options.iterations:
        most = f"most_minutes = {options.most_minutes:g}"
        found.append(f"Learning ended after {course.iterations} of {options.iterations} iterations, because of {most}.")
    if course.anew:
        found.append("Learning began anew: the checkpoint that was there is of another version, or of other options.")
    if course.setbacks:
        found.append(f"Learning went back to a checkpoint {course.setbacks} times, because its loss was no number.")
    return tuple(found)


def lesson_of(work: Work, options: Options, sound: Sound, front: FrontEnd) -> Lesson:
    """What is learned in that job; what gives the codes has learned already. sound: in step with the mouth."""
    track = load_track(work.earlier("track"))
    fold = ending(len(track), track.starts)
    heard = apart(front, sound, sorted({*map(int, track.starts[1:]), int(fold.held[0]), len(track)}))
    scene = assembled(load_sights(work.earlier("track")), track, heard)
    landmarker = Landmarker(work.weights(LANDMARKER))
    lesson = Lesson(
        work=work,
        options=options,
        scene=scene,
        track=track,
        heard=ear_of(work, front)(sound[int(fold.held[0]) * HOP :]),
        head=track.head,
        fold=fold,
        landmarker=landmarker,
    )
    return _moving(lesson, sound, front) if options.drive == MOTION else lesson


def _moving(lesson: Lesson, sound: Sound, front: FrontEnd) -> Lesson:
    """The lesson of a model that a motion drives. The motion is learned first, from the same frames."""
    track, rows = lesson.track, lesson.rows.numpy()
    footage = load_footage(lesson.work)
    mouths = Mouths(track.lips, footage.blendshapes)
    own = motion.lesson(motion.Clip(sound, mouths, footage.speech), front, rows)
    part = prepared(lesson.scene, track, mouths, (motion.learned(own, [], front.digest), rows))
    return replace(lesson, scene=part.scene, head=part.head, moved=ByMotion(part.motion, part.controls))


def _taught(lesson: Lesson, on: torch.device) -> Learned:
    """The model after its course on that device."""
    options, work = lesson.options, lesson.work
    triangles = torch.from_numpy(lesson.landmarker.face.triangles).long()
    course = Course(
        engine=engine(options.engine, options.stage, torso=options.with_torso),
        iterations=options.iterations,
        seed=options.seed,
        drive=MOTION if lesson.moved else AUDIO,
        seconds=60 * options.most_minutes,
        memory=round(options.most_memory * GIB),
    )
    torch.manual_seed(course.seed)
    model = course.engine.begun(lesson.scene.chosen(lesson.rows), lesson.head, triangles, course.drive)
    if options.stage != WHOLE:
        continued(Learner(model, lesson.scene, lesson.moved), work.state, options)
    model = model.moved(on, options.raster)
    watch = Watch(work.folder / "checkpoint", _telling(lesson))
    try:
        return learned(model, lesson.scene.on(on), lesson.rows, course, watch)
    except OverMemory as error:
        raise BadInput(
            f"Learning was stopped: {error} (most_memory = {options.most_memory:g} GiB). Allow more, or ask for a "
            f"smaller resolution than {options.resolution}."
        ) from None
    except FloatingPointError as error:
        raise BadInput(
            f"Learning failed: {error} Another beginning may go well: drop the video again, with another seed than "
            f"{options.seed} in a manifest. If it does not, report it."
        ) from None


def _telling(lesson: Lesson) -> Callable[[Step, Model], None]:
    last: deque[Step] = deque(maxlen=MEANT)
    total = lesson.options.iterations

    def told(step: Step, model: Model) -> None:
        last.append(step)
        if step.iteration % TOLD == 0:
            loss, psnr = (sum(getattr(one, name) for one in last) / len(last) for name in ("loss", "psnr"))
            note = f"loss {loss:.4f}, PSNR {psnr:.1f} dB, {step.left / 60:.1f} min left"
            lesson.work.progress(step.iteration, total, "iterations", note)
        if step.iteration % SHOWN == 0:
            model.eval()
            _show(lesson, model, {})
            model.train()

    return told


def _show(lesson: Lesson, model: Model, curves: dict[str, np.ndarray]) -> None:
    """Afterwards the preview shows what the model can do now."""
    scene = lesson.scene
    held = lesson.fold.held
    among = chosen(lesson.track.opening[held])
    rows = held[among]
    given = lesson.driver(model).hearing(lesson.heard)(among, scene.eyes[torch.from_numpy(rows)])
    with torch.no_grad():
        pairs = zip(rows, given.codes, strict=True)
        shown = np.stack([pictured(rendered(model, scene, int(row), codes)) for row, codes in pairs])
    picture = page(scene.pictures.numpy()[rows], shown, scene.lips.numpy()[rows].astype(np.float64), curves)
    write_atomic(Path(lesson.work.folder / PREVIEW), picture)
