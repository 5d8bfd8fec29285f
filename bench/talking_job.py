"""Everything that a talking head is made by, from the video to a film, step by step and timed."""

from __future__ import annotations

import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from bench.laps import REST, Laps, Seconds
from bench.talking import CLIPS, NAMES, ear_of, front_of
from bench.talking_learned import SIDE
from pipelines.talking_head import FPS, HOP, RATE, offset
from pipelines.talking_head.drive import motion
from pipelines.talking_head.drive.codes import Mouths
from pipelines.talking_head.film import joined, written
from pipelines.talking_head.ingest.footage import Models, ingested
from pipelines.talking_head.ingest.speech import Voice
from pipelines.talking_head.judge.blocks import ending
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.learning.course import Learned
from pipelines.talking_head.learning.driven import Part, prepared
from pipelines.talking_head.learning.drivers import ByMotion
from pipelines.talking_head.listen.front import apart
from pipelines.talking_head.listen.hearing import Heard
from pipelines.talking_head.scene import assembled
from pipelines.talking_head.stages.examining import Clip, examined
from pipelines.talking_head.subject import Made, keep, remembered, spoken
from pipelines.talking_head.track.person import Person
from pipelines.talking_head.track.sights import sighted
from pipelines.talking_head.track.tracked import tracked
from pipelines.talking_head.weights import LANDMARKER, SELFIE, VOICE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """What is learned. rows: the frames to learn from. spoken: what is heard of all of the clip."""

    part: Part
    rows: torch.Tensor
    clip: Clip
    landmarker: Landmarker
    spoken: Heard


def lesson_of(files: Path, clock: Laps) -> Lesson:
    """The clip as the stages would have it, each timed."""
    landmarker, front = Landmarker(files / LANDMARKER), front_of(files)
    ear = ear_of(front, files)
    footage = clock.timed("ingest", ingested)(CLIPS / NAMES[0], Models(landmarker, Voice(files / VOICE)))
    fold = ending(len(footage))
    track = clock.timed("track", tracked)(footage, landmarker.face, fold.learned)
    lag = clock.timed("track", offset.found)(footage.sound, track.mouth).believed
    sound = offset.shifted(footage.sound, lag)
    sights = clock.timed("track", sighted)(footage, track, Person(files / SELFIE), SIDE)
    rows, mouths = fold.learned[track.there[fold.learned]], Mouths(track.lips, footage.blendshapes)
    heard = clock.timed("listen", apart)(front, sound, (int(fold.held[0]), len(track)))

    def moving() -> Part:
        own = motion.lesson(motion.Clip(sound, mouths, footage.speech), front, rows)
        return prepared(assembled(sights, track, heard), track, mouths, (motion.learned(own, [], front.digest), rows))

    part: Part = clock.timed("motion", moving)()
    clip = Clip(scene=part.scene, track=track, held=fold.held, sound=sound, ear=ear)
    return Lesson(
        part=part,
        rows=torch.from_numpy(rows),
        clip=clip,
        landmarker=landmarker,
        spoken=Heard(heard, ear.activity(sound)),
    )


def used(done: Learned, name: str, lesson: Lesson, folder: Path) -> Mapping[str, Seconds]:
    """What it takes to examine the model, and to make a second of film."""
    clock = Laps()
    driver = ByMotion(lesson.part.motion, lesson.part.controls)
    clock.timed("examine", examined)(done.model, driver, lesson.clip, lesson.landmarker)
    own = folder / name
    keep(own, Made(engine=name, model=done.model, driver=driver), lesson.part.scene, ("", ""))
    subject = remembered(own)
    drawn = clock.timed("render", lambda: [one for one, _ in spoken(subject, driver.hearing(lesson.spoken), 0, FPS)])()
    film, sound = own / "film.mkv", own / "sound.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((lesson.clip.sound[: FPS * HOP] * 32767).astype(np.int16).tobytes())
    clock.timed("encode, mux", written)(film, drawn)
    clock.timed("encode, mux", joined)([film], sound, own / "film.mp4", {})
    return named(clock)


def named(clock: Laps) -> Mapping[str, Seconds]:
    """What each step took."""
    clock.over()
    return {step: spent for step, spent in clock.laps[0].parts.items() if step != REST}
