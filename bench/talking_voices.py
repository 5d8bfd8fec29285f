"""Talking heads: what other people's voices do to a mouth, as codes on every clip."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64

from bench.report import Report, Table
from bench.talking import CLIPS, NAMES, Case, case_of, ear_of, front_of, missing, weights
from pipelines.talking_head import HOP
from pipelines.talking_head.drive import motion
from pipelines.talking_head.drive.motion import Motion
from pipelines.talking_head.ingest import sound as sounds
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
OPENER, STEADY = 1.5, 95
"""Wanted: how much wider in speech than in silence; the percentile of the clip's own jitter that is not passed."""
QUIET = 25
"""Frames of silence laid before and after each voice, so that all of them have some."""
ABOUT = f"""
Each clip's motion, taught by the whole clip alone, is driven by the voices of others, a second of silence before and
after. opening in speech / silence: mean opening of the mouth in frames that Silero's network calls speech, of that in
all others; wanted {OPENER}. By the same network the mouth is shut in silence, so beside it stands what knows nothing of
it, loud / quiet: the same of frames that are loud and those which are not (a tenth of what is usual where it is loud).
jitter: median second difference of the lips in the film, of the {STEADY}th percentile of the clip's own; wanted at most
1. apart: mean difference of the openings of two films, of the opening's own spread; 0 would be the same film. Nothing
is drawn.
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
        wider, louder = wider_in(opening, heard.speech), wider_in(opening, loud(sound))
        shaken = float(np.median(jitter(lips))) / steady
        apart = _apart(opening, before) / spread if before is not None else None
        before = opening
        holds = wider >= OPENER and shaken <= 1 and (apart is None or apart > 0)
        shown = "" if apart is None else f"{apart:.2f}"
        rows.append((name, other, f"{wider:.2f}", f"{louder:.2f}", f"{shaken:.2f}", shown, "yes" if holds else "no"))
    return rows


def wider_in(opening: Float64[np.ndarray, " t"], speech: Bool[np.ndarray, " t"]) -> float:
    """How many times as far the mouth is open in those frames as in all others."""
    return float(opening[speech].mean() / max(float(opening[~speech].mean()), 1e-9))


def _quiet(samples: Sound) -> Sound:
    around = np.zeros(QUIET * HOP, dtype=np.float32)
    whole = len(samples) // HOP * HOP
    return np.concatenate([around, samples[:whole].astype(np.float32), around])


def _apart(one: Float64[np.ndarray, " t"], other: Float64[np.ndarray, " u"]) -> float:
    both = min(len(one), len(other))
    return float(np.abs(one[:both] - other[:both]).mean())
