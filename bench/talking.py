"""Talking heads: whether a mouth follows its audio, as codes on every clip, and as pictures on one."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from bench.figures import median
from bench.place import ROOT
from bench.report import Report, Table
from daemon import models
from pipelines.talking_head import offset
from pipelines.talking_head.drive import motion
from pipelines.talking_head.drive.codes import Mouths
from pipelines.talking_head.drive.motion import Clip, Lesson, Motion
from pipelines.talking_head.ingest.footage import Footage, Models, ingested
from pipelines.talking_head.ingest.speech import Voice
from pipelines.talking_head.judge import drive, report
from pipelines.talking_head.judge.blocks import Fold, folds
from pipelines.talking_head.judge.following import FAR, REACH
from pipelines.talking_head.judge.report import Judgement, Spoken
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.listen.front import FrontEnd
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
SEEDS = (0, 1, 2)
WAYS = {"right": drive.right, "wrong": drive.wrong, "silent": drive.silent}
COLUMNS = ("peak", "r", "margin", "p", "spread", "LMD right", "wrong", "silent", "holds")
ABOUT = f"""
Every frame is held out once: 5 contiguous blocks with guards of 0.5 s, and what is heard of a block is its own sound
alone. peak: the shift of the driving audio, in frames, at which the opening of the mouth agrees best with the true one;
r: the correlation there; margin: by how much it exceeds every shift of {FAR} to {REACH} frames; p: of as good an
agreement by circular shifts; spread: of the opening, of the truth's; LMD: distance of the lips from the true ones, % of
the inter-ocular distance, with the right audio, with the block's own audio half its length later (wrong), and with
silence. holds: peak within 1, margin .15, p under .01, spread .6, and LMD at most .95 of both others. Not held out:
tracking and the offset see the whole clip, and the numbers of the method were chosen by these clips.
Codes: sound to lips, nothing rendered; the other clips teach too. Pictures: {NAMES[0]} at 96 pixels, lips as the
landmarker finds them in what is rendered, with pose, eyes and background frozen; tracked codes: the same driven by the
true mouth, which tells the renderer's error from the ear's. PSNR and SSIM: driven by the right audio, in the true pose.
""".strip()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A clip, tracked, with its sound in step."""

    footage: Footage
    track: Track
    clip: Clip
    parts: tuple[Fold, ...]


def measure(folder: Path) -> Report:
    """All of it: about a quarter of an hour on two cores."""
    if not CLIPS.is_dir():
        return Report(name="talking", title="Driven by the audio", about="The clips are not here.", tables=())
    files = weights()
    front = Joined(Speech(files / MELSPECTROGRAM, files / EMBEDDING))
    cases = [case_of(CLIPS / name, files) for name in NAMES]
    lessons = [motion.lesson(case.clip, front) for case in cases]
    told, driven = [], []
    for at, case in enumerate(cases):
        motions = taught(case, [one for other, one in enumerate(lessons) if other != at], front)
        driven.append(motions)
        found = report.judged(Spoken(truth=case.clip.mouths.lips, **spoken(case, motions, front)), case.parts)
        told.append(row_of(NAMES[at], found))
        print("  ".join(told[-1]), file=sys.stderr, flush=True)
    shown = _shown(folder, files, (cases[0], driven[0]))
    return Report(
        name="talking",
        title="Driven by the audio",
        about=ABOUT,
        tables=(Table(title="Codes", columns=("clip", *COLUMNS), rows=tuple(told)), *shown),
    )


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
    clip = Clip(sound, Mouths(track.lips, footage.blendshapes))
    return Case(footage=footage, track=track, clip=clip, parts=folds(len(track)))


def taught(case: Case, others: Sequence[Lesson], front: FrontEnd) -> list[Motion]:
    """A motion a fold, taught by the rest of the clip and by the others."""
    lessons = (motion.lesson(case.clip, front, fold.learned) for fold in case.parts)
    return [motion.learned(own, others, front.digest) for own in lessons]


def spoken(case: Case, motions: Sequence[Motion], front: FrontEnd) -> dict[str, np.ndarray]:
    """The lips in every frame, by each way."""
    audios = {name: drive.Audio(front, case.clip.sound, way) for name, way in WAYS.items()}
    pairs = list(zip(motions, case.parts, strict=True))
    return {
        name: np.concatenate([one.lips(one(audio.of(fold))) for one, fold in pairs]) for name, audio in audios.items()
    }


def _shown(folder: Path, files: Path, what: tuple[Case, Sequence[Motion]]) -> tuple[Table, ...]:
    """Pictures, by as many processes as there are cores: a fold of a seed each."""
    from bench import talking_shown as shown  # noqa: PLC0415  torch is an extra

    case, motions = what
    job = folder / "job.pickle"
    job.write_bytes(pickle.dumps(shown.prepared(case.footage, case.track, (case.clip, motions), files)))
    tasks = [(seed, fold) for seed in SEEDS for fold in range(len(case.parts))]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        runs = [pool.submit(shown.shown, job, seed, fold) for seed, fold in tasks]
        found = dict(zip(tasks, (run.result() for run in runs), strict=True))
    truth, rows, judgements = shown.truth(job), [], []
    for seed in SEEDS:
        each = [found[seed, fold] for fold in range(len(case.parts))]
        lips = {name: np.concatenate([one.lips[name] for one in each]) for name in each[0].lips}
        oracle = lips.pop("tracked")
        judgements.append(report.judged(Spoken(truth=truth, **lips), case.parts))
        whole = report.judged(Spoken(truth=truth, **{**lips, "right": oracle}), case.parts)
        psnr, ssim = np.mean([(one.psnr, one.ssim) for one in each], axis=0)
        seconds = median([one.seconds for one in each])
        rows.append((*row_of(f"seed {seed}", judgements[-1]), f"{psnr:.2f}", f"{ssim:.3f}", f"{seconds:.0f}"))
        rows.append((*row_of(f"seed {seed}, tracked codes", whole), "", "", ""))
    rows.append((*row_of("median of the seeds", report.median(judgements)), "", "", ""))
    return (Table(title="Pictures", columns=("run", *COLUMNS, "PSNR", "SSIM", "CPU s a fold"), rows=tuple(rows)),)


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
