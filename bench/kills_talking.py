"""kill -9 in every stage of a talking head, and of the daemon: the same figures and film, and no stage done twice."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bench.place import Place, set_up
from bench.report import Report, Table
from bench.talking import CLIPS
from bench.talking_ended import STAGES, Ended, ended_as
from daemon.model import ACTIVE, Job
from daemon.store import AttemptStatus
from pipelines.talking_head.ingest import sound
from pipelines.talking_head.learning.course import KEPT
from pipelines.talking_head.stages.rendering import PART
from tests.unit.talking_world import decoded, film, wav

FRAMES, ITERATIONS = 105, 120
SAID = 12.0
"""Seconds of the sound that is said: two parts of rendering."""
SHARES = (0.1, 0.5, 0.9)
"""Where in a stage it is killed: as a share of what it has to do where it tells that, else of its time undisturbed."""
TELLING = ("ingest", "train", "render")
"""The stages that tell how far they are often enough."""
LONGEST = 1800.0
SETTINGS = f"[pipelines.talking_head]\nresolution = 96\niterations = {ITERATIONS}\n"
MISSED = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A stage that was killed. after: seconds that it had run. lost: what it had to do again, in words."""

    stage: str
    after: float
    daemon: bool
    lost: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Where stages are to be killed. took: seconds of each undisturbed. daemon: it too."""

    share: float
    took: dict[str, float]
    daemon: bool


def measure(folder: Path, models: Path) -> Report:
    """One drop undisturbed, then the same killed in each of its stages, once for each share; the daemon too at last."""
    drop = _drop(folder)
    quiet = ended_as(*_played(folder / "quiet", drop, models))
    rows: list[tuple[str, ...]] = []
    broken: list[str] = []
    for number, share in enumerate(SHARES):
        kills: list[Kill] = []
        wanted = Wanted(share=share, took=quiet.took, daemon=share == SHARES[-1])
        place, job = _played(folder / f"round{number}", drop, models, wanted, kills)
        ended = ended_as(place, job)
        rows += [_row(share, stage, kills, ended) for stage in STAGES]
        broken += [f"killed at {share:.0%}: {what}" for what in _different(quiet, ended, kills)]
    return _report(quiet, rows, broken)


def _drop(folder: Path) -> dict[str, bytes]:
    """A video of four seconds, a third as large as it was, and somebody else's words."""
    source = CLIPS / "LatentSync" / "demo1_video.mp4"
    pictures = [cv2.resize(one, (360, 640), interpolation=cv2.INTER_AREA) for one in decoded(source, FRAMES)]
    spoken = sound.read(source).samples[: FRAMES * 640]
    words = np.resize(sound.read(CLIPS / "video-retalking" / "1.wav").samples, round(SAID * 16_000))
    return {
        "talking_head/anna/both/take.mp4": film(folder / "take.mp4", pictures, sound=spoken).read_bytes(),
        "talking_head/anna/both/hello.wav": wav(folder / "hello.wav", words).read_bytes(),
    }


def _played(
    root: Path, drop: dict[str, bytes], models: Path, wanted: Wanted | None = None, kills: list[Kill] | None = None
) -> tuple[Place, Job]:
    """A place in which the drop is done, with its job, whatever was killed on the way. kills: gets what was."""
    place = set_up(root, f'settle_seconds = 0.2\nmodels = "{models}"\nfetch_models = false', rest=SETTINGS)
    place.drop(drop, "talking_head/anna/both")
    daemon = place.start()
    try:
        for stage in STAGES if wanted else ():
            if (after := _killed(place, stage, wanted)) is None:
                continue  # it was quicker than before
            before = len(_told(root, stage))
            if wanted.daemon:
                daemon.kill()
                daemon.wait()
                daemon = place.start()
            lost = _lost(place, stage, before)
            kills.append(Kill(stage=stage, after=after, daemon=wanted.daemon, lost=lost))
        place.wait_for("the end of the job", lambda: _over(place), LONGEST)
    finally:
        daemon.terminate()
        daemon.wait(60)
    (job,) = place.jobs()
    return place, job


def _killed(place: Place, stage: str, wanted: Wanted) -> float | None:
    """After how many seconds the stage was killed where that is wanted; None: it was over before."""
    place.wait_for(f"the stage {stage}", lambda: _pid_of(stage, place.root) or _done(place, stage), LONGEST)
    began = time.monotonic()
    if stage in TELLING:
        place.wait_for(f"{stage} to get there", lambda: _share(place.root, stage) >= wanted.share, LONGEST)
    else:
        time.sleep(wanted.share * wanted.took[stage])
    after = time.monotonic() - began
    if (pid := _pid_of(stage, place.root)) is None:
        return None
    os.kill(pid, signal.SIGKILL)
    return after


def _over(place: Place) -> bool:
    jobs = place.jobs()
    return len(jobs) == 1 and jobs[0].status not in ACTIVE


def _pid_of(stage: str, root: Path) -> int | None:
    """The process of that stage below root that does its work, if it runs: the youngest, below its launcher."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        ours = any(word.startswith(os.fsencode(root)) for word in words)
        if ours and b"pipelines.talking_head" in words and stage.encode() in words:
            found.append(int(path.parent.name))
    return max(found, default=None)


def _told(root: Path, stage: str) -> list[tuple[float, float]]:
    """What a stage said of how far it was, line by line: done, and of how many."""
    lines = [line for path in root.glob("work/*/progress.jsonl") for line in path.read_text().splitlines()]
    return [(told["done"], told["total"]) for told in map(json.loads, lines) if told["stage"] == stage]


def _share(root: Path, stage: str) -> float:
    """What the stage says that it has done of all it has to do."""
    return max((done / total for done, total in _told(root, stage)), default=0.0)


def _lost(place: Place, stage: str, before: int) -> str:
    """What of the work of a killed stage was done again, after it has begun anew."""
    place.wait_for(
        f"the stage {stage} again",
        lambda: len(_told(place.root, stage)) > before or _done(place, stage),
        LONGEST,
    )
    told = [done for done, _ in _told(place.root, stage)]
    if before == 0:
        return "all of it"
    if len(told) <= before:
        return f"none of {max(told):.0f}"
    return f"{max(told[:before]) - told[before]:.0f} of {max(told[:before]):.0f}"


def _done(place: Place, stage: str) -> bool:
    (job,) = place.jobs()
    return any(one.stage == stage and one.status is AttemptStatus.DONE for one in place.attempts(job))


def _different(quiet: Ended, ended: Ended, kills: Sequence[Kill]) -> Iterator[str]:
    if quiet.figures != ended.figures:
        yield f"other figures: {ended.figures} instead of {quiet.figures}"
    if quiet.film != ended.film:
        yield "another film"
    killed = [kill.stage for kill in kills]
    for stage in STAGES:
        if ended.done[stage] != 1:
            yield f"{stage} was done {ended.done[stage]} times"
        if ended.attempts[stage] != 1 + killed.count(stage):
            yield f"{stage} was begun {ended.attempts[stage]} times, and killed {killed.count(stage)} times"


def _row(share: float, stage: str, kills: Sequence[Kill], ended: Ended) -> tuple[str, ...]:
    at, done = f"{share:.0%}", str(ended.done[stage])
    for kill in kills:
        if kill.stage == stage:
            who = "stage and daemon" if kill.daemon else "stage"
            return (at, stage, who, f"{kill.after:.1f}", kill.lost, done)
    return (at, stage, MISSED, MISSED, "it was over before", done)


def _report(quiet: Ended, rows: list[tuple[str, ...]], broken: list[str]) -> Report:
    held = "held" if not broken else "broken, see below"
    hit = sum(row[2] != MISSED for row in rows)
    columns = ("killed at", "stage", "what", "s after its start", "done again", "times done")
    psnr = json.loads(quiet.figures)["held_out"]["whole_frame"]["psnr"]
    return Report(
        name="kills_talking",
        title="kill -9 while somebody is learned and rendered",
        about=ABOUT,
        tables=(Table(title=f"{hit} kills", columns=columns, rows=tuple(rows)),),
        verdicts=(
            f"the same figures ({psnr} dB on held-out frames), the same film to the bit, no stage done twice: {held}",
        ),
        broken=tuple(broken),
    )


ABOUT = f"""
One drop: {FRAMES} frames of LatentSync's demo1 at a third of its size, and {SAID:g} s of other words; 96 pixels,
{ITERATIONS} iterations. It is done undisturbed, then {len(SHARES)} times more, and each time every one of its
{len(STAGES)} stages is killed once, at that share of what it has to do (ingest, train, render) or else of the time
that it took undisturbed; the last time the daemon too. Training keeps a checkpoint every {KEPT} iterations, rendering
each {PART} frames; other stages begin anew. done again: of what the stage had told to have done (frames, iterations,
steps) when it was killed.
""".strip()
