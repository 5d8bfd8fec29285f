"""Talking heads: what other people's voices do to a mouth, as codes on every clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.report import Report, Table
from bench.talking import CLIPS, NAMES, Case, case_of, ear_of, front_of, missing, weights
from pipelines.talking_head import HOP
from pipelines.talking_head.drive import motion
from pipelines.talking_head.drive.motion import Motion
from pipelines.talking_head.ingest import sound as sounds
from pipelines.talking_head.judge import mouths
from pipelines.talking_head.listen.front import Sound
from pipelines.talking_head.listen.hearing import Ear, loud
from pipelines.talking_head.track.lips import opening_of
from pipelines.talking_head.track.smoothing import jitter

VOICES = (
    "SadTalker/RD_Radio31_000.wav",
    "SadTalker/chinese_poem1.wav",
    "video-retalking/1.wav",
    "LatentSync/demo1_audio.wav",
    "AAAI22-one-shot-talking-face/obama2.wav",
)
STEADY = 95
"""The percentile of the clip's own jitter that is not to be passed."""
QUIET = 25
"""Frames of silence laid before and after each voice, so that all of them have some."""
ABOUT = f"""
Each clip's motion, taught by the whole clip alone, is driven by the voices of others, a second of silence before and
after. opening in speech / silence: mean opening of the mouth in frames that Silero's network calls speech, of that in
all others; wanted {mouths.QUIET}. By the same network the mouth is shut in silence, so beside it stands what knows
nothing of it, loud / quiet: the same of frames that are loud and those which are not (a tenth of what is usual where it
is loud).
jitter: median second difference of the lips in the film, of the {STEADY}th percentile of the clip's own; wanted at most
1. apart: mean difference of the openings of two films, of the opening's own spread; wanted: that they correlate by less
than .9. Nothing is drawn.
""".strip()


def measure(folder: Path) -> Report:
    """The voices on all clips: two minutes on two cores."""
    del folder
    if not CLIPS.is_dir():
        return missing("talking_voices")
    files = weights()
    front = front_of(files)
    ear = ear_of(front, files)
    rows = []
    for name in NAMES:
        case = case_of(CLIPS / name, files)
        taught = motion.learned(motion.lesson(case.clip, front), [], front.digest)
        rows += _rows(name, case, taught, ear)
    measured = ("opening in speech / silence", "loud / quiet", "jitter", "apart from the one before")
    return Report(
        name="talking_voices",
        title="Driven by other voices",
        about=ABOUT,
        tables=(Table(title="Codes", columns=("clip", "voice", *measured, "holds"), rows=tuple(rows)),),
    )


def _rows(name: str, case: Case, taught: Motion, ear: Ear) -> list[tuple[str, ...]]:
    """A row for each voice that is not the clip's own."""
    steady = float(np.percentile(jitter(case.clip.mouths.lips), STEADY))
    spread = float(opening_of(case.clip.mouths.lips).std())
    rows, before = [], None
    for other in VOICES:
        if other.partition("/")[0] == name.partition("/")[0]:
            continue
        sound = _quiet(sounds.read(CLIPS / other).samples)
        heard = ear(sound)
        lips = taught.lips(taught(heard))
        opening = opening_of(lips)
        wider, louder = (mouths.speaking(opening, where) for where in (heard.speech, loud(sound)))
        shaken = float(np.median(jitter(lips))) / steady
        both = min(len(opening), len(opening if before is None else before))
        other_film = before is None or mouths.differs(before[:both], opening[:both])
        apart = None if before is None else float(np.abs(opening[:both] - before[:both]).mean()) / spread
        before = opening
        holds = wider >= mouths.QUIET and shaken <= 1 and other_film
        shown = "" if apart is None else f"{apart:.2f}"
        rows.append((name, other, f"{wider:.2f}", f"{louder:.2f}", f"{shaken:.2f}", shown, "yes" if holds else "no"))
    return rows


def _quiet(samples: Sound) -> Sound:
    around = np.zeros(QUIET * HOP, dtype=np.float32)
    whole = len(samples) // HOP * HOP
    return np.concatenate([around, samples[:whole].astype(np.float32), around])
