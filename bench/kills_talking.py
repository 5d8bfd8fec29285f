"""kill -9 in every stage of a talking head, and of the daemon: the same figures and film, and no stage done twice."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from bench.place import Place, set_up
from bench.report import Report, Table
from bench.talking import CLIPS
from daemon.model import ACTIVE, Job, Status
from daemon.store import AttemptStatus
from pipelines.talking_head import PIPELINE
from pipelines.talking_head.ingest import sound
from pipelines.talking_head.learning.course import KEPT
from pipelines.talking_head.stages.rendering import PART
from tests.unit.talking_world import decoded, film, wav

FRAMES, ITERATIONS = 105, 120
SAID = 12.0
"""Seconds of the sound that is said: two parts of rendering."""
SHARES = (0.1, 0.5, 0.9)
"""Where in a stage it is killed, as a share of the time that it takes undisturbed."""
LONGEST = 1800.0
SETTINGS = f"[pipelines.talking_head]\nresolution = 96\niterations = {ITERATIONS}\n"
STAGES = tuple(stage.name for stage in PIPELINE.stages)
MISSED = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What is left when all is over. film: SHA-256 of what is seen and heard. took: seconds of each stage's last run.

    attempts, done: of each stage.
    """

    figures: str
    film: str
    took: dict[str, float]
    attempts: dict[str, int]
    done: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A stage that was killed. after: seconds that it had run. lost: what it had to do again, in words."""

    stage: str
    after: float
    daemon: bool
    lost: str


def measure(folder: Path, models: Path) -> Report:
    """One drop undisturbed, then the same killed in each of its stages, once for each share; the daemon too at last."""
    drop = _drop(folder)
    quiet = _ended(*_played(folder / "quiet", drop, models, ()))
    rows: list[tuple[str, ...]] = []
    broken: list[str] = []
    for number, share in enumerate(SHARES):
        kills: list[Kill] = []
        wanted = [(stage, share * quiet.took[stage], share == SHARES[-1]) for stage in STAGES]
        place, job = _played(folder / f"round{number}", drop, models, wanted, kills)
        ended = _ended(place, job)
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
    root: Path,
    drop: dict[str, bytes],
    models: Path,
    wanted: Sequence[tuple[str, float, bool]],
    kills: list[Kill] | None = None,
) -> tuple[Place, Job]:
    """A place in which the drop is done, with its job, whatever was killed on the way. kills: gets what was."""
    place = set_up(root, f'settle_seconds = 0.2\nmodels = "{models}"\nfetch_models = false', rest=SETTINGS)
    place.drop(drop, "talking_head/anna/both")
    daemon = place.start()
    try:
        for stage, seconds, too in wanted:
            place.wait_for(f"the stage {stage}", lambda stage=stage: _pid_of(stage, root) or _over(place), LONGEST)
            time.sleep(seconds)
            if (pid := _pid_of(stage, root)) is None:
                continue  # it was quicker than before
            before = _far(root, stage)
            os.kill(pid, signal.SIGKILL)
            if too:
                daemon.kill()
                daemon.wait()
                daemon = place.start()
            lost = _lost(place, stage, before)
            if kills is not None:
                kills.append(Kill(stage=stage, after=seconds, daemon=too, lost=lost))
        place.wait_for("the end of the job", lambda: _over(place), LONGEST)
    finally:
        daemon.terminate()
        daemon.wait(60)
    (job,) = place.jobs()
    return place, job


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


def _told(root: Path, stage: str) -> list[float]:
    """What a stage said of how far it was, line by line."""
    lines = [line for path in root.glob("work/*/progress.jsonl") for line in path.read_text().splitlines()]
    return [told["done"] for told in map(json.loads, lines) if told["stage"] == stage]


def _far(root: Path, stage: str) -> int:
    return len(_told(root, stage))


def _lost(place: Place, stage: str, before: int) -> str:
    """What of the work of a killed stage was done again, after it has begun anew."""
    place.wait_for(
        f"the stage {stage} again",
        lambda: len(_told(place.root, stage)) > before or _done(place, stage),
        LONGEST,
    )
    told = _told(place.root, stage)
    if before == 0 or len(told) <= before:
        return "all of it"
    again = max(told[:before]) - told[before]
    return f"{again:.0f} of {max(told[:before]):.0f}"


def _done(place: Place, stage: str) -> bool:
    (job,) = place.jobs()
    return any(one.stage == stage and one.status is AttemptStatus.DONE for one in place.attempts(job))


# ---------------------------------------------------------------- what must be the same


def _ended(place: Place, job: Job) -> Ended:
    assert job.status is Status.DONE, job.reason
    results = place.root / "results" / "talking_head" / "anna"
    receipt = json.loads((results / f"{job.result}.receipt.json").read_text("utf-8"))
    attempts = place.attempts(job)
    return Ended(
        figures=json.dumps(_timeless(receipt["figures"]), sort_keys=True),
        film=_seen_and_heard(results / f"{job.result}.mp4"),
        took={one.stage: (one.ended or 0) - one.started for one in attempts if one.status is AttemptStatus.DONE},
        attempts={stage: sum(one.stage == stage for one in attempts) for stage in STAGES},
        done={s: sum(one.stage == s and one.status is AttemptStatus.DONE for one in attempts) for s in STAGES},
    )


def _timeless(figures: object) -> object:
    """The figures without those that a clock made."""
    if not isinstance(figures, dict):
        return figures
    clock = ("seconds_an_iteration", "learning_seconds")
    return {
        name: _timeless(value)
        for name, value in figures.items()
        if name not in clock and not name.endswith("frames_a_second")
    }


def _seen_and_heard(path: Path) -> str:
    digest = hashlib.sha256()
    for kind in ("video", "audio"):
        with av.open(str(path)) as container:
            for frame in container.decode(**{kind: 0}):
                digest.update(np.ascontiguousarray(frame.to_ndarray()).tobytes())
    return digest.hexdigest()


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
    kill = next((one for one in kills if one.stage == stage), None)
    if kill is None:
        return (f"{share:.0%}", stage, MISSED, MISSED, "it was over before", str(ended.done[stage]))
    who = "stage and daemon" if kill.daemon else "stage"
    return (f"{share:.0%}", stage, who, f"{kill.after:.1f}", kill.lost, str(ended.done[stage]))


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
{len(STAGES)} stages is killed once, at that share of the time that it took undisturbed; the last time the daemon too.
Training keeps a checkpoint every {KEPT} iterations, rendering each {PART} frames; other stages begin anew. done again:
of what the stage had told to have done (frames, iterations, steps) when it was killed.
""".strip()
