"""The moves of users' files that a job causes, made by worker threads while the dispatcher goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog

from daemon import custody, publish
from daemon.dispatch.committing import Committing, tree_faults
from daemon.dispatch.destinations import Destinations
from daemon.dispatch.events import GaveBack, Moved, NameTaken, Prepared, Settled, TookIn, Unprepared
from daemon.dispatch.preparing import prepare, unprepare
from daemon.dispatch.receipts import (
    faults_of,
    identity_of,
    publication,
    request_of,
    staged_by,
    why_failed,
)
from daemon.dispatch.site import Site
from daemon.failpoints import Step, step
from daemon.folders import make_folder, trouble
from daemon.model import Failed, Job, Kind, Status, Take, after
from daemon.store import Attempt, AttemptStatus
from pipelines.contract import Fault, Publish, dump, read_result, stage_folder, write_atomic

THREADS = 4
"""Moves at once: enough to hide the latency of a share, few enough to leave its heads in place."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A move that waits to be tried again. at: wall clock, seconds."""

    at: float
    job: Job
    attempts: tuple[Attempt, ...]


class Movers:
    """Makes the move that a job's status announces. ``submit`` and its kin are called from the dispatcher's thread."""

    def __init__(self, site: Site, on_moved: Callable[[Moved], None]) -> None:
        self._site = site
        self._on_moved = on_moved
        self._pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="mover")
        self._later: list[Later] = []
        self._failures: dict[str, int] = {}
        self.destinations = Destinations(site)
        self._ownership = custody.Ownership(site.umask, site.group)

    def close(self) -> None:
        """Afterwards no move is under way; what was not begun is begun again at the next start."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    # ------------------------------------------------------------ asked by the dispatcher

    def forget(self, job: Job) -> None:
        """Afterwards the job is on its way nowhere, and will not be."""
        self.destinations.forget(job)
        self._failures.pop(job.id, None)
        self._later = [later for later in self._later if later.job.id != job.id]

    def submit(self, job: Job, attempts: Iterable[Attempt]) -> None:
        """Afterwards the move that the job's status announces is under way; its end is posted."""
        self._pool.submit(self._make, job, tuple(attempts))

    def submit_later(self, job: Job, attempts: Iterable[Attempt], failed: Failed, now: float) -> None:
        """Afterwards the move will be tried again, later each time."""
        times = self._failures.get(job.id, 0)
        self._failures[job.id] = times + 1
        again = after(failed, 0, times)
        self._later.append(Later(at=now + (again.delay if again else 0.0), job=job, attempts=tuple(attempts)))

    def tick(self, now: float) -> None:
        """Afterwards the moves whose time has come are under way."""
        due = [later for later in self._later if later.at <= now]
        self._later = [later for later in self._later if later.at > now]
        for later in due:
            self.submit(later.job, later.attempts)

    def has_inputs(self, job: Job) -> bool:
        """Whether the user's bytes are where the job's row says."""
        if job.take is Take.MOVE:
            return job.inputs_at is not None and Path(job.inputs_at).exists()
        return all((self._site.inboxes[job.inbox].path / top).exists() for top in job.tops)

    def is_whole(self, job: Job, attempts: Iterable[Attempt]) -> bool:
        """Whether what the job's finished stages left is still in its work folder."""
        folder = self._site.folder(job)
        done = [a for a in attempts if a.status is AttemptStatus.DONE]
        if any(read_result(stage_folder(folder, a.stage, a.shard)) is None for a in done):
            return False
        stages = self._site.stages(job) if job.pipeline in self._site.pipelines else ()
        if not stages or stages[-1].name not in {a.stage for a in done}:
            return True
        staged = staged_by(folder, stages)
        return staged is not None and staged.exists()

    def forget_stages(self, job: Job) -> None:
        """Afterwards the job's stages have left nothing behind."""
        for name in ("stages", "in", ".runner"):
            shutil.rmtree(self._site.folder(job) / name, ignore_errors=True)
        unprepare(job, self._site)

    def faults(self, job: Job) -> tuple[Fault, ...]:
        """What of the job failed while the rest is good."""
        return (*faults_of(self._site.folder(job), self._site.stages(job)), *tree_faults(self._site.folder(job)))

    # ------------------------------------------------------------ made by a worker

    def _make(self, job: Job, attempts: Sequence[Attempt]) -> None:
        try:
            outcome = self._outcome(job, attempts)
        except OSError as error:
            outcome = trouble(error)
        except Exception as error:
            log.exception("a move broke off", job=job.id, status=job.status)
            outcome = Failed(f"{type(error).__name__}: {error}", Kind.INFRASTRUCTURE)
        self._on_moved(Moved(job=job.id, outcome=outcome))

    def _outcome(
        self, job: Job, attempts: Sequence[Attempt]
    ) -> TookIn | Prepared | Unprepared | GaveBack | Settled | NameTaken | Failed:
        match job.status:
            case Status.ACCEPTING:
                return self._take(job)
            case Status.RUNNING:
                return self._prepare(job)
            case Status.PUBLISHING:
                return self._publish(job, attempts)
            case Status.FAILING:
                return self._fail(job, attempts)
            case Status.RETURNING:
                return self._restore(job)
        raise ValueError(f"{job.status} announces no move")

    def _prepare(self, job: Job) -> Prepared | Unprepared:
        try:
            outcome = prepare(job, self._site)
        except OSError as error:
            return Unprepared(trouble(error))
        return Unprepared(outcome) if isinstance(outcome, Failed) else outcome

    def _take(self, job: Job) -> TookIn | GaveBack | Failed:
        site = self._site.inboxes[job.inbox]
        work = self._site.folder(job)
        order = custody.Taking(
            inbox=site.path,
            tops=job.tops,
            work=work,
            take=job.take,
            fingerprint=job.fingerprint,
            archive=job.archive and not job.refused,
            folder=job.folder,
            limits=custody.Limits(size=self._site.limits.unpack),
            ownership=self._ownership,
            ignored=site.ignored,
        )
        if job.inputs_at is not None and job.take is Take.MOVE:
            match custody.put_away(Path(job.inputs_at), order.final, self._ownership):
                case custody.Occupied(path):
                    return Failed(f"{path} holds something else; remove it and retry.", Kind.INFRASTRUCTURE)
                case Failed() as failed:
                    return failed
        match custody.take(order):
            case custody.Taken(inputs):
                pipeline = self._site.pipelines.get(str(job.pipeline))
                if pipeline is None or job.refused:
                    return TookIn(identity="")
                request = request_of(job, inputs)
                write_atomic(work / "request.json", dump(request))
                return TookIn(identity=identity_of(request, pipeline.version))
            case custody.Returned(why):
                shutil.rmtree(work, ignore_errors=True)
                return GaveBack(why)
            case failed:
                return failed

    def _publish(self, job: Job, attempts: Sequence[Attempt]) -> Settled | NameTaken | Failed:
        if job.answer is not None and job.answer == job.result:
            return self._put_inputs_away(job)
        committing = Committing(job=job, site=self._site, attempts=attempts, ownership=self._ownership)
        if self._site.commits(job) and (failed := committing.begin()):
            return failed
        if job.result is not None:
            match self._show(committing):
                case custody.Occupied():
                    return NameTaken()
                case Failed() as failed:
                    return failed
        if self._site.commits(job):
            committing.finish()
        return self._put_inputs_away(job)

    def _show(self, committing: Committing) -> custody.Occupied | Failed | None:
        """Afterwards the job's result is where the user looks for it."""
        if self._site.pipeline(committing.job).publish is Publish.TREE:
            return committing.show_tree()
        return publish.publish(publication(committing.job, committing.attempts, self._site, self._ownership))

    def _put_inputs_away(self, job: Job) -> Settled | NameTaken | Failed:
        step(Step.ARCHIVE_INTENT)
        work = self._site.folder(job)
        if job.inputs_at is None:
            shutil.rmtree(work / "in", ignore_errors=True)
            shutil.rmtree(work / "dropped", ignore_errors=True)
            return Settled()
        source = custody.inputs_at(work)
        if source is not None:
            match custody.put_away(source, Path(job.inputs_at), self._ownership):
                case custody.Occupied():
                    return NameTaken()
                case Failed() as failed:
                    return failed
        step(Step.ARCHIVE_MOVED)
        shutil.rmtree(work / "in", ignore_errors=True)
        return Settled()

    def _fail(self, job: Job, attempts: Sequence[Attempt]) -> Settled | NameTaken | Failed:
        folder = Path(str(job.inputs_at))
        if job.take is Take.MOVE:
            match self._put_inputs_away(job):
                case Settled():
                    pass
                case other:
                    return other
        make_folder(folder, self._ownership)
        self._ownership.give(folder)
        step(Step.FAIL_MOVED)
        custody.write_why(folder, why_failed(job, len(attempts)), self._ownership)
        step(Step.FAIL_WHY)
        return Settled()

    def _restore(self, job: Job) -> Settled | NameTaken | Failed:
        match custody.put_away(Path(str(job.inputs_at)), Path(str(job.restore_to)), self._ownership):
            case custody.Occupied():
                return NameTaken()
            case Failed() as failed:
                return failed
        return Settled()
