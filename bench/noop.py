"""What the daemon itself costs: jobs a second, and the time from a drop to its stage, step by step."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import median, milliseconds, quantile
from bench.floor import Floor, floor, processes_a_second
from bench.place import Place, set_up
from bench.report import Report, Table
from daemon.model import Job, Status

SETTLE = 0.3
DROPS = 80
JOBS = 200
GOAL = 0.1
"""Seconds from the end of the settle time to the stage's first line, p95."""
ABOUT = """
The pipeline `noop` of the tests (one stage that does nothing) through the local runner.

Latency: one small file at a time is renamed into the lane of an idle daemon (settle_seconds = 0.3), at times by
chance; the stage notes the wall clock in its first line. Latency is that time minus the rename's minus settle_seconds.
The floor is what cannot be left out: a launcher process and then a stage process, three transactions
(accepted, queued, begun) and one durable request.json, each measured in the same run, before, between and after.

Jobs a second: 200 jobs are queued while the daemon is paused; from its resuming to the end of the last (result
published, inputs archived). The floor runs 200 of the same stage processes, as many at once as there are cores, and
nothing else: no launcher, no database, no moves.
""".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """When one drop passed each step; wall clock, seconds. Times of files are rounded down to a tick of the kernel."""

    settled: float
    noticed: float
    taken: float
    begun: float
    spawned: float
    launched: float
    started: float

    @property
    def latency(self) -> float:
        """From the end of the settle time to the first line of the stage."""
        return self.started - self.settled


STEPS = {
    "settle time over → seen settled by a scan, inventory heard": ("settled", "noticed"),
    "→ rows of job and waiting saved, renamed, looked at again, hashed, request.json durable": ("noticed", "taken"),
    "→ heard, row queued, next turn of the dispatcher": ("taken", "begun"),
    "→ attempt's row saved, launcher spawned": ("begun", "spawned"),
    "→ launcher up, stage forked, run.json": ("spawned", "launched"),
    "→ stage's interpreter and imports, first line": ("launched", "started"),
}


def measure(folder: Path) -> Report:
    """Latency and throughput, each in a place of its own."""
    traces, ground = _latencies(set_up(folder / "latency", f"settle_seconds = {SETTLE}"))
    latencies = [trace.latency for trace in traces]
    goal = quantile(latencies, 0.95)
    verdict = "met" if goal <= GOAL else "missed"
    return Report(
        name="noop",
        title="What visaged itself costs",
        about=ABOUT,
        tables=(
            _of_latency(latencies, ground),
            _of_steps(traces),
            Table(title="The floor, part by part", columns=("what", "p50 ms", "p95 ms"), rows=ground.rows()),
            _throughput(set_up(folder / "throughput", f"settle_seconds = {SETTLE}")),
        ),
        verdicts=(f"goal: p95 of the latency at most {GOAL * 1000:.0f} ms: {verdict} ({milliseconds(goal)} ms)",),
    )


# ---------------------------------------------------------------- latency


def _latencies(place: Place) -> tuple[list[Trace], Floor]:
    chance = random.Random(1)
    traces = []
    with place.running():
        ground = floor(place.root, 15)
        for number in range(DROPS):
            traces.append(_drop(place, f"drop-{number:03}"))
            if number == DROPS // 2:
                ground += floor(place.root, 15)
            time.sleep(chance.uniform(0.05, 0.5))
        ground += floor(place.root, 15)
    return traces, ground


def _drop(place: Place, name: str) -> Trace:
    at = place.drop({f"noop/{name}.noop": name.encode()}, f"noop/{name}.noop")
    place.wait_for(f"the end of {name}", lambda: _ended(place, name))
    (job,) = (job for job in place.jobs(Status.DONE) if job.item == name)
    return _trace(place, job, at + SETTLE)


def _ended(place: Place, name: str) -> bool:
    return any(job.item == name for job in place.jobs(Status.DONE))


def _trace(place: Place, job: Job, settled: float) -> Trace:
    work = place.root / "work" / job.id
    control = work / ".runner" / "noop.1"
    (attempt,) = place.attempts(job)
    return Trace(
        settled=settled,
        noticed=job.created,
        taken=(work / "request.json").stat().st_mtime,
        begun=attempt.started,
        spawned=(control / "launcher.log").stat().st_mtime,
        launched=(control / "run.json").stat().st_mtime,
        started=float((work / "stages/noop/starts").read_text().split()[1]),
    )


def _of_latency(latencies: Sequence[float], ground: Floor) -> Table:
    shares = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    found = [quantile(latencies, share) for share in shares.values()]
    least = [ground.start(share) for share in shares.values()]
    return Table(
        title=f"From a drop to its stage, beyond the settle time ({len(latencies)} drops)",
        columns=("ms", *shares),
        rows=(
            ("latency", *map(milliseconds, found)),
            ("floor", *map(milliseconds, least)),
            ("ratio", *(f"{a / b:.2f}" for a, b in zip(found, least, strict=True))),
        ),
    )


def _of_steps(traces: Sequence[Trace]) -> Table:
    rows = []
    for what, (begin, end) in STEPS.items():
        took = [getattr(trace, end) - getattr(trace, begin) for trace in traces]
        rows.append((what, milliseconds(median(took)), milliseconds(quantile(took, 0.95))))
    return Table(title="Where the milliseconds go", columns=("step", "p50 ms", "p95 ms"), rows=tuple(rows))


# ---------------------------------------------------------------- throughput


def _throughput(place: Place) -> Table:
    cores = len(os.sched_getaffinity(0))
    least = processes_a_second(place.root / "floor", JOBS, cores)
    with place.running():
        place.ordered("pause")
        for number in range(JOBS):
            name = f"noop/job-{number:03}.noop"
            place.drop({name: name.encode()}, name)
        dropped = time.time()
        place.wait_for("the queue", lambda: place.count(Status.QUEUED) == JOBS)
        queued = time.time()
        place.ordered("resume")
        place.wait_for("the last job", lambda: place.count(Status.DONE) == JOBS)
    jobs = place.jobs(Status.DONE)
    first = min(place.attempts(job)[0].started for job in jobs)
    rate = JOBS / (max(job.updated for job in jobs) - first)
    taking = JOBS / (queued - dropped - SETTLE)
    return Table(
        title=f"Jobs a second ({JOBS} queued jobs, {cores} at once)",
        columns=("what", "a second"),
        rows=(
            ("jobs, begun to published and archived", f"{rate:.1f}"),
            ("floor: the same stages as bare processes", f"{least:.1f}"),
            ("ratio", f"{rate / least:.2f}"),
            ("drops taken, from the end of their settle time to the queue (before)", f"{taking:.1f}"),
        ),
    )
