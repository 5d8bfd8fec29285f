"""How a job stands and why, in sentences: what it waits for, how far it is, what went wrong and what helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from daemon.dispatch.answers import shards_of
from daemon.dispatch.progression import Next, progression
from daemon.gpus import Capacity, Never, Waits, fit
from daemon.model import ATTEMPTS, Job, Kind, Status
from daemon.names import shown
from daemon.store import Attempt, AttemptStatus, Store
from daemon.view.snapshot import active, result_of
from daemon.view.wording import amount, count, gigabytes, gist, moment, percent, sentence, span
from pipelines.contract import Pipeline

HELPS: Mapping[Kind, str] = {
    Kind.BAD_INPUT: "Mend the files and move the folder back into the inbox; the WHY.txt in it may stay.",
    Kind.INFRASTRUCTURE: "`visaged doctor` tells what is wrong here; then `visaged retry {id}` tries again.",
    Kind.OUT_OF_MEMORY: "Raise memory of [pipelines.{pipeline}] in config.toml, then `visaged retry {id}` tries again.",
    Kind.TIMEOUT: "Raise timeout of [pipelines.{pipeline}] in config.toml, then `visaged retry {id}` tries again.",
    Kind.CRASH: "The log may say more. `visaged retry {id}` tries again.",
    Kind.SETUP: "When that is mended, `visaged retry {id}` tries again; `visaged doctor` tells what else is wrong.",
    Kind.CANCELLED: "`visaged retry {id}` does it after all; so does moving its files back into the inbox.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What explaining needs to know. running: whether a daemon is at work. now: wall clock, seconds.

    pipelines: by name, with their resources as configured. ignored: inbox -> whether a name in it is left alone.
    """

    store: Store
    work: Path
    now: float
    running: bool
    capacity: Capacity
    pipelines: Mapping[str, Pipeline]
    ignored: Mapping[str, Callable[[str], bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """An answer. subject: what was asked about. standing: one word. sentences: in the order to be read.

    job: its id, where it is about one. log: the stage's log that is worth reading, absolute.
    """

    subject: str
    standing: str
    sentences: tuple[str, ...]
    job: str | None = None
    log: str | None = None


def standing(job: Job, scene: Scene) -> Explanation:
    """How a job stands and why."""
    attempts = scene.store.attempts(job.id)
    log = _log(job, attempts, scene.work)
    match job.status:
        case Status.QUEUED:
            said = [*_hindrances(scene), *_queued(job, attempts, scene)]
        case Status.RUNNING:
            said = [*_running(job, scene), *_hindrances(scene)]
        case Status.DONE:
            said = list(_done(job, scene))
        case Status.FAILED | Status.CANCELLED:
            said = list(_failed(job, attempts, log))
        case Status.RETURNED:
            said = list(_returned(job, scene))
        case _:
            said = [_moving(job), *_hindrances(scene)]
    where = f"{job.pipeline}, " if job.pipeline else ""
    return Explanation(
        subject=f"{shown(job.item)} ({where}job {job.id}, taken {moment(job.created)})",
        standing=job.status.value,
        sentences=tuple(sentence(one) for one in said if one),
        job=job.id,
        log=log,
    )


def next_start(job: Job, scene: Scene) -> str:
    """What keeps the job's next stage from starting: cores, memory, a GPU; empty where nothing does."""
    pipeline = scene.pipelines.get(job.pipeline or "")
    if pipeline is None:
        return f"The pipeline {job.pipeline} is not enabled in config.toml, so it cannot go on"
    stages = pipeline.stages_of(job.command, job.options)
    match progression(stages, scene.store.attempts(job.id), shards_of(scene.work / job.id, stages)):
        case Next(wanted) if wanted:
            taken = [attempt.slot for attempt in scene.store.running()]
            match fit(wanted[0].stage, scene.capacity, taken):
                case Waits(why):
                    return f"Its stage {wanted[0].stage.name} waits {why}"
                case Never(why):
                    return why
    return ""


def _hindrances(scene: Scene) -> Iterator[str]:
    """What keeps everything from starting."""
    if not scene.running:
        yield "No daemon is running, so nothing new happens: start it with `visaged run`"
    paused, free = scene.store.fact("paused"), scene.store.fact("disk_full")
    if paused is not None:
        yield f"Paused since {moment(paused)}: nothing new starts until `visaged resume`"
    if free is not None:
        yield f"The work disk is nearly full ({gigabytes(free)} free): nothing new starts until there is more room"


def _queued(job: Job, attempts: tuple[Attempt, ...], scene: Scene) -> Iterator[str]:
    if job.not_before > scene.now:
        yield from _backs_off(job, attempts, scene.now)
        return
    if holder := scene.store.holding_key(job):
        yield f"It waits for {_job(holder)}, which adds to {shown(job.key or '')} too: one job at a time does"
    if same := scene.store.doing_the_same(job):
        yield f"{_job(same)} is doing the same work right now; its result will answer for this one too"
    ahead = scene.store.ahead(job, scene.now)
    if ahead:
        yield f"{count(ahead, 'job goes', 'jobs go')} before it"
    waits = next_start(job, scene)
    yield waits or ("" if holder or same or ahead else "It is the next to start")


def _backs_off(job: Job, attempts: tuple[Attempt, ...], now: float) -> Iterator[str]:
    failed = [a for a in attempts if a.status is AttemptStatus.FAILED]
    wait = f"It is tried again at {moment(job.not_before)}, in {span(job.not_before - now)}"
    if not failed:
        yield wait
        return
    last = failed[-1]
    yield f"Attempt {last.number} of the stage {last.stage} failed ({last.kind}): {gist(last.reason or '')}"
    tries = ATTEMPTS.get(last.kind) if last.kind else None
    yield f"{wait}, as attempt {last.number + 1}{f' of {tries}' if tries else ''}"


def _running(job: Job, scene: Scene) -> Iterator[str]:
    entry = active(scene.store, scene.work, job, scene.now)
    if entry.stage is None and job.reason:
        yield f"It cannot start yet, and is tried again by itself: {job.reason}"
        return
    if entry.stage is None:
        yield next_start(job, scene) or "Its next stage is about to start"
        return
    again = f", attempt {entry.attempt}" if entry.attempt > 1 else ""
    side = f", {entry.shards} parts side by side" if entry.shards > 1 else ""
    yield f"The stage {entry.stage} has been running since {moment(entry.since)}{again}{side}"
    if entry.pace:
        pace = entry.pace
        part = f" ({percent(pace.fraction)})" if pace.fraction is not None else ""
        rate = f", {amount(pace.rate)} {pace.unit} a second" if pace.rate else ""
        left = f", about {span(pace.left)} left" if pace.left is not None else ""
        yield f"It has done {amount(pace.done)} of {amount(pace.total)} {pace.unit}{part}{rate}{left}"
        if scene.now - pace.at > 60:  # noqa: PLR2004 - a minute's silence is worth telling
            yield f"It has not reported for {span(scene.now - pace.at)}"
    if not scene.running:
        yield "A running stage goes on without the daemon; what it made is published when the daemon runs again"


def _done(job: Job, scene: Scene) -> Iterator[str]:
    yield f"It was done at {moment(job.updated)}. Its result is {result_of(job, scene.store.inboxes())}"
    if job.answered_by:
        yield f"The same work had been done before, by job {job.answered_by}, so nothing was run again"
    for fault in job.faults:
        yield f"A part of it failed: {fault.what}: {fault.why}"
    if job.inputs_at:
        yield f"Its files are kept in {job.inputs_at}; `visaged restore-inputs {job.id}` gives them back"


def _failed(job: Job, attempts: tuple[Attempt, ...], log: str | None) -> Iterator[str]:
    if job.status is Status.CANCELLED:
        yield f"It was cancelled at {moment(job.updated)}"
    else:
        yield f"It failed at {moment(job.updated)} ({job.kind or 'no class'}):"
        yield from (job.reason or "no reason is known").splitlines()
    failed = [a for a in attempts if a.status is AttemptStatus.FAILED]
    if len(failed) > 1:
        yield f"{count(len(failed), 'attempt')} failed; the last was at the stage {failed[-1].stage}"
    if log:
        yield f"Its log is {log}"
    if job.inputs_at:
        yield f"Its files are in {job.inputs_at}"
    if job.kind:
        yield HELPS[job.kind].format(id=job.id, pipeline=job.pipeline)


def _returned(job: Job, scene: Scene) -> Iterator[str]:
    if job.restore_to:
        yield f"Its files were given back and are in {job.restore_to}"
        if result := result_of(job, scene.store.inboxes()):
            yield f"Its result stays: {result}"
    else:
        yield f"It went back to the inbox: {job.reason or 'it had changed'}"


def _moving(job: Job) -> str:
    match job.status:
        case Status.ACCEPTING:
            return "It is on its way from the inbox into the work folder"
        case Status.PUBLISHING:
            return "Its stages are done; its result is on its way into the results folder"
        case Status.FAILING:
            return f"It failed: {gist(job.reason or '')} Its files are on their way to {job.inputs_at}"
    return f"Its files are on their way to {job.restore_to}"


def _log(job: Job, attempts: tuple[Attempt, ...], work: Path) -> str | None:
    if not attempts or job.status is Status.DONE:
        return None
    last = attempts[-1]
    path = work / job.id / "logs" / (f"{last.stage}.{last.shard}.log" if last.shard else f"{last.stage}.log")
    return str(path) if path.is_file() else None


def _job(job: Job) -> str:
    return f"{shown(job.item)} (job {job.id})"
