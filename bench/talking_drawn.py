"""Talking heads: whether a drawn mouth follows its audio, by every engine and three seeds, on one clip."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.figures import median
from bench.report import Report, Table
from bench.talking import CLIPS, COLUMNS, JUDGED, NAMES, case_of, front_of, missing, named, row_of, taught, weights
from pipelines.talking_head.judge import report
from pipelines.talking_head.judge.blocks import Fold
from pipelines.talking_head.judge.report import Judgement, Spoken

if TYPE_CHECKING:
    from bench.talking_shown import Shown

SEEDS = (0, 1, 2)
ABOUT = f"""
{NAMES[0]} at 96 pixels, 400 iterations a block, driven by what the rest of the clip alone has taught. Lips as the
landmarker finds them in what is drawn, with pose, eyes and background frozen; tracked codes: the same driven by the
true mouth, which tells the drawing's error from the ear's. PSNR and SSIM: of the whole frame in its own pose, driven by
the right audio. {JUDGED}
""".strip()


def measure(folder: Path, engines: Sequence[str]) -> Report:
    """The pictures of those engines: about eight minutes an engine on two cores."""
    if not CLIPS.is_dir():
        return missing("talking_drawn")
    from bench import talking_shown as shown  # noqa: PLC0415  torch is an extra

    files = weights()
    front = front_of(files)
    case = case_of(CLIPS / NAMES[0], files)
    jobs = [folder / f"fold {number}.pickle" for number in range(len(case.parts))]
    for path, fold, motion in zip(jobs, case.parts, taught(case, [], front), strict=True):
        path.write_bytes(pickle.dumps(shown.prepared(case, fold, motion, files)))
    tasks = [(job, name, seed) for name in engines for seed in SEEDS for job in jobs]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        runs = [pool.submit(shown.shown, *task) for task in tasks]
        found = dict(zip(tasks, (run.result() for run in runs), strict=True))
    truth, tables = shown.truth(case, files), []
    for name in engines:
        seeds = {seed: [found[job, name, seed] for job in jobs] for seed in SEEDS}
        rows = _rows(seeds, truth, case.parts)
        tables.append(Table(title=name, columns=("run", *COLUMNS, "PSNR", "SSIM", "CPU s a block"), rows=rows))
    return Report(
        name=named("talking_drawn", engines), title="Driven by the audio: pictures", about=ABOUT, tables=tuple(tables)
    )


def _rows(
    seeds: Mapping[int, Sequence[Shown]], truth: np.ndarray, parts: Sequence[Fold]
) -> tuple[tuple[str, ...], ...]:
    """A seed's pictures, the same by tracked codes, and the seed of the middle."""
    rows: list[tuple[str, ...]] = []
    judgements: list[Judgement] = []
    for seed, each in seeds.items():
        lips = {name: np.concatenate([one.lips[name] for one in each]) for name in each[0].lips}
        oracle = lips.pop("tracked")
        judgements.append(report.judged(Spoken(truth=truth, **lips), parts))
        whole = report.judged(Spoken(truth=truth, **{**lips, "right": oracle}), parts)
        psnr, ssim = np.mean([(one.psnr, one.ssim) for one in each], axis=0)
        seconds = median([one.seconds for one in each])
        rows.append((*row_of(f"seed {seed}", judgements[-1]), f"{psnr:.2f}", f"{ssim:.3f}", f"{seconds:.0f}"))
        rows.append((*row_of(f"seed {seed}, tracked codes", whole), "", "", ""))
    rows.append((*row_of("median of the seeds", report.median(judgements)), "", "", ""))
    return tuple(rows)
