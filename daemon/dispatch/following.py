"""What follows for a job when one of its moves, or its stages, came to an end: a row first, then the next move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import structlog

from daemon.dispatch.asking import ended_by_itself
from daemon.dispatch.events import GaveBack, Moved, NameTaken, Prepared, Settled, TookIn, Unprepared
from daemon.dispatch.intake import Intake
from daemon.dispatch.line import Ends, Line
from daemon.dispatch.movers import Movers
from daemon.failpoints import Step, step
from daemon.model import Failed, Job, Kind, Status
from daemon.route import follows
from daemon.store import Store
from pipelines.contract import Pipeline

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Following:
    """Carries jobs from one status to the next. Every method is called from the dispatcher's thread.

    announce: tells the user's command of a job that is over. failures: how many jobs have failed since the start.
    """

    store: Store
    pipelines: Mapping[str, Pipeline]
    intake: Intake
    line: Line
    movers: Movers
    announce: Callable[[Job], None]
    failures: int = field(default=0)

    def accept(self, job: Job) -> None:
        """Afterwards the files of a job whose row is there are on their way in."""
        step(Step.ACCEPT_ROW)
        self.move(job)

    def move(self, job: Job) -> None:
        """Afterwards the move that the job's status announces is under way."""
        attempts = self.store.attempts(job.id) if job.status is Status.PUBLISHING else ()
        self.movers.submit(job, attempts)

    def moved(self, event: Moved, now: float) -> None:
        """Afterwards what follows from the end of a move is down and under way."""
        job = self.store.job(event.job)
        if job is None:
            return
        self._follow_move(job, event, now)
        if job.status is Status.ACCEPTING:
            for one in self.intake.look_again(job, now):
                self.accept(one)

    def _follow_move(self, job: Job, event: Moved, now: float) -> None:
        match event.outcome:
            case TookIn(identity=identity):
                self._took_in(job, identity, now)
            case Prepared() | Unprepared() as outcome:
                self._prepared(job, outcome, now)
            case GaveBack(why):
                log.info("item given back", job=job.id, why=why)
                self.store.save(replace(job, status=Status.RETURNED, reason=why, updated=now))
            case Settled():
                self._settled(job, now)
            case NameTaken():
                again = replace(self.movers.destinations.choose_again(job), updated=now)
                self.store.save(again)
                self.move(again)
            case Failed(kind=Kind.INFRASTRUCTURE) as failed:
                log.warning("a move is tried again", job=job.id, why=failed.reason)
                tells = job.waits_to_move or job.status is Status.PUBLISHING
                stuck = replace(job, kind=failed.kind, reason=failed.reason, updated=now) if tells else job
                self.store.save(stuck)
                self.movers.submit_later(stuck, self.store.attempts(job.id), failed, now)
            case Failed(reason, kind):
                self._fail(job, Failed(reason, kind), now)

    def _prepared(self, job: Job, outcome: Prepared | Unprepared, now: float) -> None:
        if job.status is not Status.RUNNING:
            self.line.prepared(job)
            return  # it was cancelled meanwhile
        match outcome:
            case Prepared(again, licences):
                self.store.forget_attempts(job.id, again)
                self.store.note_licences(job.id, licences)
                self.store.save(replace(job, kind=None, reason=None, updated=now))
                self.line.prepared(job)
            case Unprepared(Failed(kind=Kind.INFRASTRUCTURE) as failed) if job.command is None:
                log.warning("a job is prepared again", job=job.id, why=failed.reason)
                stuck = replace(job, kind=failed.kind, reason=failed.reason, updated=now)
                self.store.save(stuck)
                self.movers.submit_later(stuck, (), failed, now)
            case Unprepared(failed):
                self.line.prepared(job)
                self._fail(job, failed, now)

    def _took_in(self, job: Job, identity: str, now: float) -> None:
        if job.refused:
            self._fail(job, Failed(str(job.reason), Kind.BAD_INPUT), now)
            return
        self.store.save(replace(job, status=Status.QUEUED, identity=identity, inputs_at=None, kind=None, updated=now))
        step(Step.QUEUE_ROW)

    def end_stages(self, end: Ends, now: float) -> None:
        """Afterwards the job is being published, or has failed."""
        if end.failed:
            self._fail(end.job, end.failed, now)
        else:
            self._publish(end.job, now)

    def _publish(self, job: Job, now: float) -> None:
        chosen = self.movers.destinations.choose_result(job)
        self._set_out(replace(chosen, status=Status.PUBLISHING, updated=now), Step.PUBLISH_INTENT)

    def _fail(self, job: Job, failed: Failed, now: float) -> None:
        if job.command is not None:
            self._over(ended_by_itself(job, failed.reason, failed.kind, now))
            return
        chosen = self.movers.destinations.choose_failed(job)
        reason = self._whole_reason(job, failed)
        failing = replace(chosen, status=Status.FAILING, kind=failed.kind, reason=reason, updated=now)
        self._set_out(failing, Step.FAIL_INTENT)

    def _whole_reason(self, job: Job, failed: Failed) -> str:
        """The reason; where what failed before it for the same key is the cause, that first."""
        pipeline = self.pipelines.get(job.pipeline or "")
        tells = failed.kind is Kind.BAD_INPUT and not job.refused and pipeline and follows(job, pipeline)
        before = self.store.should_have_come(job) if tells else None
        if before is None:
            return failed.reason
        cause = (before.reason or "").partition("\n")[0].rstrip()
        return f"{before.item}, which came before it, failed: {cause} {failed.reason}"

    def _set_out(self, job: Job, label: Step) -> None:
        """The row first, then the move that it announces."""
        self.store.save(job)
        step(label)
        self.move(job)

    def _settled(self, job: Job, now: float) -> None:
        match job.status:
            case Status.PUBLISHING:
                faults = self.movers.faults(job)
                over = replace(job, status=Status.DONE, updated=now, faults=faults, kind=None, reason=None)
            case Status.RETURNING:
                over = replace(job, status=Status.RETURNED, updated=now, inputs_at=job.restore_to)
            case _:
                cancelled = job.kind is Kind.CANCELLED
                over = replace(job, status=Status.CANCELLED if cancelled else Status.FAILED, updated=now)
        self._over(over)

    def _over(self, over: Job) -> None:
        self.failures += over.status in (Status.FAILED, Status.CANCELLED)
        self.store.save(over)
        self.movers.forget(over)
        step(Step.FINISH_ROW)
        self.announce(over)
        log.info(
            "job is over",
            job=over.id,
            status=over.status.value,
            result=over.result,
            reason=(over.reason or "").partition("\n")[0],
        )
