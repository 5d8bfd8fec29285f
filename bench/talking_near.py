"""Talking heads: how near the pictures of frames never learned from come to the truth, after a whole course."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench.report import Report, Table
from bench.talking import CLIPS, NAMES, case_of, missing, named, weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A clip, how long it is learned, and what the whole frame should have: PSNR, SSIM, and dB over what knows nothing.

    over: the frame of the nearest pose, and the mean frame.
    """

    clip: str
    iterations: int
    psnr: float
    ssim: float | None
    over: tuple[float, float]

    def missed(self, found: dict[str, Any]) -> list[str]:
        """What it does not have."""
        psnr, ssim = found["whole_frame"]["psnr"], found["whole_frame"]["ssim"]
        held = {
            f"PSNR {self.psnr}": psnr >= self.psnr,
            f"SSIM {self.ssim}": self.ssim is None or ssim >= self.ssim,
            f"{self.over[0]} dB over the nearest pose": psnr >= found["nearest_pose_psnr"] + self.over[0],
            f"{self.over[1]} dB over the mean frame": psnr >= found["mean_frame_psnr"] + self.over[1],
        }
        return [name for name, holds in held.items() if not holds]


GOALS = (
    Goal(clip=NAMES[0], iterations=1500, psnr=24.5, ssim=0.82, over=(1.5, 3.5)),
    Goal(clip=NAMES[3], iterations=2000, psnr=30.5, ssim=None, over=(3.0, 3.0)),
)
COLUMNS = (
    "clip",
    "engine",
    "iterations",
    "PSNR",
    "SSIM",
    "head: PSNR",
    "SSIM",
    "nearest pose",
    "mean frame",
    "LMD right",
    "wrong",
    "silent",
    "s an iteration",
    "minutes",
    "frames/s",
    "goals",
)
ABOUT = f"""
96 pixels, seed 0, as the stage `train` does it, by the processor and one thread: the last fifth of the clip, ten
seconds at most, is not learned from, and judged. PSNR and SSIM of the whole frame in its own pose, driven by the right
audio; head: the same with the torso and background of the true frame (the papers' figure); nearest pose, mean frame:
PSNR of the frame learned from whose pose is nearest, and of the mean of all. LMD as in `talking_drawn`, but in the
frames' own poses. Torso sway and pose are played with the footage: they are the true ones. goals: of {GOALS[0].clip}
PSNR {GOALS[0].psnr}, SSIM {GOALS[0].ssim}, 1.5 dB over the nearest pose and 3.5 over the mean frame; of {GOALS[1].clip}
PSNR {GOALS[1].psnr} and 3 dB over both.
""".strip()


def measure(folder: Path, engines: Sequence[str]) -> Report:
    """A course of each engine over each clip: about five minutes an engine on two cores."""
    if not CLIPS.is_dir():
        return missing("talking_near")
    from bench import talking_learned as learned  # noqa: PLC0415  torch is an extra

    files = weights()
    for number, goal in enumerate(GOALS):
        job = learned.prepared(case_of(CLIPS / goal.clip, files), files)
        (folder / f"{number}.pickle").write_bytes(pickle.dumps(job))
    tasks = [(number, name) for number in reversed(range(len(GOALS))) for name in engines]  # the longest first
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        runs = {
            (number, name): pool.submit(learned.judged, folder / f"{number}.pickle", name, GOALS[number].iterations)
            for number, name in tasks
        }
        found = {task: run.result() for task, run in runs.items()}
    rows = tuple(_row(GOALS[number], name, found[number, name]) for number, name in sorted(tasks))
    table = Table(title="Whole frames, held out", columns=COLUMNS, rows=rows)
    return Report(name=named("talking_near", engines), title="Near to the truth", about=ABOUT, tables=(table,))


def _row(goal: Goal, engine: str, found: dict[str, Any]) -> tuple[str, ...]:
    whole, head, lips = found["whole_frame"], found["head_over_true_rest"], found["lmd_percent"]
    missed = goal.missed(found)
    return (
        goal.clip,
        engine,
        str(goal.iterations),
        f"{whole['psnr']:.2f}",
        f"{whole['ssim']:.3f}",
        f"{head['psnr']:.2f}",
        f"{head['ssim']:.3f}",
        f"{found['nearest_pose_psnr']:.2f}",
        f"{found['mean_frame_psnr']:.2f}",
        *(f"{lips[way]:.2f}" for way in ("right", "wrong", "silent")),
        f"{found['seconds'] / goal.iterations:.3f}",
        f"{found['seconds'] / 60:.1f}",
        f"{found['frames_a_second']:.0f}",
        "all" if not missed else "not " + ", ".join(missed),
    )
