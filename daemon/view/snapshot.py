"""The daemon's state at one moment, as far as a person wants to see it: bounded, however much there is."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from daemon.model import Job, Status
from daemon.store import Attempt, AttemptStatus, InboxRow, Store, Waiting
from daemon.view.progress import Pace, pace, reports, shards_expected

SHOWN = 50
"""How many items of each inbox and kind are in a snapshot; the counts hold them all."""

LATELY = 7 * 24 * 3600.0
"""Seconds for which a finished job is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """A job for which something is still to be done. stage, attempt, since: of what runs (since: wall clock, seconds).

    shards: how many attempts run side by side. pace: None until the stage reports. holder: the job of the same key that
    a queued one waits for.
    """

    job: Job
    stage: str | None = None
    attempt: int = 0
    since: float = 0.0
    shards: int = 0
    pace: Pace | None = None
    holder: Job | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """A job that has ended. place: absolute, of its result, or of the folder with the WHY.txt; None: there is none."""

    job: Job
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What there is to see. at: when it was taken. running: whether a daemon is at work.

    paused: since when (wall clock, seconds). disk_full: the free bytes, when there are too few.
    waiting_counts: inbox -> all items that wait. counts: all jobs by status. licences: job -> those of the weights
    that no job had worked with before.
    """

    at: float
    running: bool
    paused: float | None
    disk_full: int | None
    inboxes: tuple[InboxRow, ...]
    waiting: tuple[Waiting, ...]
    active: tuple[Active, ...]
    finished: tuple[Over, ...]
    waiting_counts: Mapping[str, int]
    counts: Mapping[Status, int]
    licences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def count(self, *statuses: Status) -> int:
        """How many jobs there are of these statuses."""
        return sum(self.counts.get(status, 0) for status in statuses)


def snapshot(store: Store, work: Path, now: float, *, running: bool = True) -> Snapshot:
    """What is in the database and in the work folder now. running: whether a daemon is at work."""
    inboxes = store.inboxes()
    names = [row.name for row in inboxes]
    under_way = [*store.moving(SHOWN), *(job for name in names for job in store.queued_first(name, SHOWN))]
    finished = [job for name in names for job in store.over(name, now - LATELY, SHOWN)]
    return Snapshot(
        at=now,
        running=running,
        paused=store.fact("paused"),
        disk_full=store.fact("disk_full"),
        inboxes=inboxes,
        waiting=tuple(one for name in names for one in store.waiting_first(name, SHOWN)),
        active=tuple(active(store, work, job, now) for job in under_way),
        finished=tuple(
            Over(job=job, place=place_of(job, inboxes)) for job in sorted(finished, key=lambda j: -j.updated)
        ),
        waiting_counts=store.waiting_counts(),
        counts=store.counts(),
        licences=store.licences(),
    )


def active(store: Store, work: Path, job: Job, now: float) -> Active:
    """An active job with the stage that runs and how far it is."""
    if job.status is not Status.RUNNING:
        return Active(job=job, holder=store.holding_key(job) if job.status is Status.QUEUED else None)
    attempts = store.attempts(job.id)
    running = [a for a in attempts if a.status is AttemptStatus.RUNNING]
    if not running:
        return Active(job=job)
    first = min(running, key=lambda a: a.started)
    return Active(
        job=job,
        stage=first.stage,
        attempt=max(a.number for a in running),
        since=first.started,
        shards=len(running),
        pace=_pace(work / job.id, [a for a in attempts if a.stage == first.stage], now),
    )


def place_of(job: Job, inboxes: tuple[InboxRow, ...]) -> str | None:
    """Where a done job's result is; of any other job, where its inputs are."""
    if job.status is Status.DONE:
        return result_of(job, inboxes)
    return job.restore_to if job.status is Status.RETURNED else job.inputs_at


def result_of(job: Job, inboxes: tuple[InboxRow, ...]) -> str | None:
    """Where the job's result was published, absolute, or None where it has none."""
    results = next((row.results for row in inboxes if row.name == job.inbox), None)
    if not (results and job.pipeline and job.result):
        return None
    place = Path(results, job.pipeline, job.key or "", job.result)
    return str(place if place.is_dir() else _file_of(place) or place)


def _file_of(place: Path) -> Path | None:
    """The file that a result is whose name in the database has no suffix."""
    beside = (f"{place.name}.receipt.json", f"{place.name}.WHY.txt")
    files = sorted(place.parent.glob(f"{glob.escape(place.name)}.*"))
    return next((path for path in files if path.name not in beside), None)


def _pace(folder: Path, attempts: list[Attempt], now: float) -> Pace | None:
    since = {a.shard: a.started for a in sorted(attempts, key=lambda a: a.number)}
    shard = next((name for name in since if name), None)
    expected = shards_expected(folder, shard) if shard else 1
    return pace(reports(folder, attempts[0].stage, since), now, expected)
