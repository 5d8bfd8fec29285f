"""What a container costs a stage, beside a process: from its submission to its reported end, part by part."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import median, milliseconds, quantile
from bench.report import Report, Table
from daemon.model import Ended, OnEnd, Runner, Slot, Task
from daemon.runners import LocalRunner
from daemon.runners.docker import DockerRunner, Settings
from pipelines.contract import Request, Stage, dump
from tests.containers import IMAGE, PLUGINS, PROBE, have_image

STAGES = 30
ABOUT = """
One stage that does nothing (`ok` of the probe) after another, 30 times through each runner; the first of each is
left out, since it also proves the mounts. The container is as the daemon makes it: no network, read-only root, log
copied, removed at the end. The floor is `docker run --rm --init --network none` of `true` in the same image. Times
while other work ran on the machine; the ratio is what to look at.
""".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lap:
    """One stage. Seconds: until submit returned, until it ran, while it ran, until it was reported; CPU of ours."""

    submitted: float
    started: float
    ran: float
    reported: float
    cpu: float

    @property
    def whole(self) -> float:
        """From the submission to the reported end."""
        return self.started + self.ran + self.reported


def measure(folder: Path) -> Report:
    """Laps through both runners, and the floor."""
    have_image()
    os.environ["PYTHONPATH"] = str(PLUGINS)
    local = _laps(folder / "local", LocalRunner)
    docker = _laps(folder / "docker", lambda work, on_end: DockerRunner(_settings(work), on_end))
    floor = [
        _timed(["docker", "run", "--rm", "--init", "--network", "none", IMAGE, "true"]) for _ in range(STAGES // 3)
    ]
    more = median([lap.whole for lap in docker]) - median([lap.whole for lap in local])
    return Report(
        name="docker",
        title="What a container costs a stage",
        about=ABOUT,
        tables=(
            Table(
                title="A stage that does nothing, p50 (p95) in ms",
                columns=("what", "local", "docker"),
                rows=tuple((what, _shown(local, part), _shown(docker, part)) for what, part in PARTS.items()),
            ),
            Table(
                title="The floor, ms",
                columns=("what", "p50", "p95"),
                rows=(("docker run of `true`", milliseconds(median(floor)), milliseconds(quantile(floor, 0.95))),),
            ),
        ),
        verdicts=(f"a container costs a stage {milliseconds(more)} ms more than a process",),
    )


PARTS: dict[str, Callable[[Lap], float]] = {
    "from the submission to the reported end": lambda lap: lap.whole,
    "of it: the dispatcher waits": lambda lap: lap.submitted,
    "of it: until it runs": lambda lap: lap.started,
    "of it: it runs (interpreter, imports, result)": lambda lap: lap.ran,
    "of it: until its end is reported": lambda lap: lap.reported,
    "CPU time of the daemon's process": lambda lap: lap.cpu,
}


def _settings(work: Path) -> Settings:
    return Settings(work=work, pipelines={"probe": PROBE})


def _laps(work: Path, make: Callable[[Path, OnEnd], Runner]) -> list[Lap]:
    work.mkdir()
    ends: queue.SimpleQueue[Ended] = queue.SimpleQueue()
    with contextlib.closing(make(work, ends.put)) as runner:
        return [_lap(runner, _task(work, number), ends) for number in range(STAGES + 1)][1:]


def _lap(runner: Runner, task: Task, ends: queue.SimpleQueue[Ended]) -> Lap:
    began, cpu = time.time(), time.process_time()
    runner.submit(task)
    submitted = time.time()
    ended = ends.get(timeout=60)
    now = time.time()
    if ended.status:
        sys.exit(json.dumps(ended.detail))
    return Lap(
        submitted=submitted - began,
        started=ended.started - began,
        ran=ended.ended - ended.started,
        reported=now - ended.ended,
        cpu=time.process_time() - cpu,
    )


def _task(work: Path, number: int) -> Task:
    job = f"j{number}"
    (work / job).mkdir()
    request = Request(job=job, pipeline="probe", name=job, inputs=(), options={})
    (work / job / "request.json").write_bytes(dump(request))
    stage = Stage(name="ok", timeout=60.0)
    return Task(
        job=job,
        pipeline="probe",
        module="probe_stage",
        stage=stage,
        shard=None,
        attempt=1,
        folder=work / job,
        slot=Slot(cpus=1.0),
    )


def _timed(command: Sequence[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def _shown(laps: Sequence[Lap], part: Callable[[Lap], float]) -> str:
    found = [part(lap) for lap in laps]
    return f"{milliseconds(median(found))} ({milliseconds(quantile(found, 0.95))})"
