"""Talking heads: whether a mouth follows its audio, as codes on every clip; and the clips that all is judged by."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from bench.place import ROOT
from bench.report import Report, Table
from daemon import models
from pipelines.talking_head import ENGINES, offset
from pipelines.talking_head.drive import motion
from pipelines.talking_head.drive.codes import Mouths
from pipelines.talking_head.drive.motion import Clip, Lesson, Motion
from pipelines.talking_head.ingest.footage import Footage, Models, ingested
from pipelines.talking_head.ingest.speech import Voice
from pipelines.talking_head.judge import drive, report
from pipelines.talking_head.judge.blocks import Fold, folds
from pipelines.talking_head.judge.following import FAR, REACH
from pipelines.talking_head.judge.report import Judgement, Spoken
from pipelines.talking_head.landmarks.archive import Canonical
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.listen.front import FrontEnd, Sound
from pipelines.talking_head.listen.hearing import Activity, Ear
from pipelines.talking_head.listen.joined import Joined
from pipelines.talking_head.listen.speech import Speech
from pipelines.talking_head.track.tracked import Track, tracked
from pipelines.talking_head.weights import EMBEDDING, LANDMARKER, MELSPECTROGRAM, VOICE, WEIGHTS

CLIPS = Path(os.environ.get("VISAGED_DATA", ROOT.parent / "shared" / "data")) / "talking"
NAMES = (
    "LatentSync/demo1_video.mp4",
    "SadTalker/WDA_AlexandriaOcasioCortez_000.mp4",
    "video-retalking/1.mp4",
    "MLCourse/obama.mp4",
)
WAYS = {"right": drive.right, "wrong": drive.wrong, "silent": drive.silent}
COLUMNS = ("peak", "r", "margin", "p", "spread", "LMD right", "wrong", "silent", "holds")
JUDGED = f"""
Every frame is held out once: 5 contiguous blocks with guards of 0.5 s, and what is heard of a block is its own sound
alone. peak: the shift of the driving audio, in frames, at which the opening of the mouth agrees best with the true one;
r: the correlation there; margin: by how much it exceeds every shift of {FAR} to {REACH} frames; p: of as good an
agreement by circular shifts; spread: of the opening, of the truth's; LMD: distance of the lips from the true ones, % of
the inter-ocular distance, with the right audio, with the block's own audio half its length later (wrong), and with
silence, in which a mouth is the subject's shut one whatever else it does: that claim is an easy one. holds: peak within
1, margin .15, p under .01, spread .6, and LMD at most .95 of both others. The head is tracked apart for each block, by
the frames that are learned from. Not held out: the offset is found in the whole clip, and the numbers of the method
were chosen by these clips.
""".strip()
ABOUT = f"""
Sound to lips, nothing drawn. By itself: taught by the rest of the clip and nothing else, which is what users have. With
the others: the other three clips teach too. {JUDGED}
""".strip()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A clip, tracked, with its sound in step."""

    footage: Footage
    face: Canonical
    track: Track
    clip: Clip
    parts: tuple[Fold, ...]

    def apart(self, fold: Fold) -> Case:
        """The clip as it is tracked where what is held out is not known."""
        track = tracked(self.footage, self.face, fold.learned)
        return replace(self, track=track, clip=clip_of(self.footage, track, self.clip.sound))


def measure(folder: Path) -> Report:
    """The codes of all clips: about three minutes on two cores."""
    del folder
    if not CLIPS.is_dir():
        return missing("talking_codes")
    files = weights()
    front = front_of(files)
    ear = ear_of(front, files)
    cases = [case_of(CLIPS / name, files) for name in NAMES]
    lessons = [motion.lesson(case.clip, front) for case in cases]
    alone, helped = [], []
    for at, case in enumerate(cases):
        others = [one for other, one in enumerate(lessons) if other != at]
        for rows, teachers in ((alone, []), (helped, others)):
            said = spoken(case, taught(case, teachers, front), ear)
            found = report.judged(Spoken(truth=case.clip.mouths.lips, **said), case.parts)
            rows.append(row_of(NAMES[at], found))
            print("  ".join(rows[-1]), file=sys.stderr, flush=True)
    return Report(
        name="talking_codes",
        title="Driven by the audio: codes",
        about=ABOUT,
        tables=(
            Table(title="Each clip by itself", columns=("clip", *COLUMNS), rows=tuple(alone)),
            Table(title="With the others", columns=("clip", *COLUMNS), rows=tuple(helped)),
        ),
    )


def missing(name: str) -> Report:
    """What a bench of talking heads says where the clips are not."""
    return Report(name=name, title="Talking heads", about=f"The clips are not in {CLIPS}.", tables=())


def named(part: str, engines: Sequence[str]) -> str:
    """The name of a page: not all engines have one of their own, and leave that of all alone."""
    return part if set(engines) == set(ENGINES) else "_".join([part, *engines])


def front_of(files: Path) -> FrontEnd:
    """The usual front end."""
    return Joined(Speech(files / MELSPECTROGRAM, files / EMBEDDING))


def ear_of(front: FrontEnd, files: Path) -> Ear:
    """The front end with what tells speech from silence."""
    return Ear(front, Activity(Voice(files / VOICE)))


def weights() -> Path:
    """The folder of weights, filled once."""
    folder = Path(os.environ.get("VISAGED_MODELS") or ROOT / ".cache" / "models")
    if failed := models.fetch(list(WEIGHTS), folder):
        raise SystemExit(failed.reason)
    return folder


def case_of(path: Path, files: Path) -> Case:
    """The clip in path."""
    landmarker = Landmarker(files / LANDMARKER)
    footage = ingested(path, Models(landmarker, Voice(files / VOICE)))
    track = tracked(footage, landmarker.face)
    sound = offset.shifted(footage.sound, offset.found(footage.sound, track.mouth).believed)
    clip = clip_of(footage, track, sound)
    return Case(footage=footage, face=landmarker.face, track=track, clip=clip, parts=folds(len(track)))


def clip_of(footage: Footage, track: Track, sound: Sound) -> Clip:
    """What a motion learns from. sound: in step."""
    return Clip(sound, Mouths(track.lips, footage.blendshapes), footage.speech)


@cache
def blocks(case: Case) -> tuple[Clip, ...]:
    """What a motion learns from, a fold each, tracked without what is held out."""
    return tuple(case.apart(fold).clip for fold in case.parts)


def taught(case: Case, others: Sequence[Lesson], front: FrontEnd) -> list[Motion]:
    """A motion a fold, taught by the rest of the clip and by the others."""
    pairs = zip(blocks(case), case.parts, strict=True)
    lessons = (motion.lesson(clip, front, fold.learned) for clip, fold in pairs)
    return [motion.learned(own, others, front.digest) for own in lessons]


def spoken(case: Case, motions: Sequence[Motion], ear: Ear) -> dict[str, np.ndarray]:
    """The lips in every frame, by each way."""
    audios = {name: drive.Audio(ear, case.clip.sound, way) for name, way in WAYS.items()}
    pairs = list(zip(motions, case.parts, strict=True))
    return {
        name: np.concatenate([one.lips(one(audio.of(fold))) for one, fold in pairs]) for name, audio in audios.items()
    }


def row_of(name: str, found: Judgement) -> tuple[str, ...]:
    """What was found, in the order of COLUMNS."""
    following, distances = found.following, found.distances
    return (
        name,
        f"{following.peak:+d}",
        f"{following.curve.max():.2f}",
        f"{following.margin:.2f}",
        f"{following.chance:.4f}",
        f"{found.spread:.2f}",
        *(f"{100 * one:.2f}" for one in (distances.right, distances.wrong, distances.silent)),
        "yes" if all(found.claims.values()) else "no: " + ", ".join(c for c, held in found.claims.items() if not held),
    )
