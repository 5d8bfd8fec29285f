"""The stages that run: which may start, what becomes of a job when one ends, and their recovery after a restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import structlog

from daemon.dispatch.answering import answered
from daemon.dispatch.answers import clear_answer, last_words, left_by, shards_of
from daemon.dispatch.preparing import is_prepared
from daemon.dispatch.progression import Finished, GaveUp, Next, Wanted, judge, progression
from daemon.dispatch.room import Room
from daemon.dispatch.site import Site
from daemon.errors import RunnerUnavailable
from daemon.failpoints import Step, step
from daemon.gpus import Never, Waits, fit
from daemon.model import Done, Ended, Failed, Job, Kind, Runner, Slot, Status, Task
from daemon.store import Attempt, AttemptStatus, Store
from pipelines.contract import stage_folder

AT_ONCE = 64
"""How many queued jobs are looked at in one go; those that do not fit keep their claim on what they wait for."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Prepares:
    """A job whose stages may start once what they need is in its work folder."""

    job: Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Jobs that came to an end of their stages: to be published, or failed."""

    job: Job
    failed: Failed | None = None


class Line:
    """The running stages of one dispatcher. Called from its thread only; now is the wall clock in seconds."""

    def __init__(self, store: Store, site: Site, runners: Mapping[str, Runner], room: Room) -> None:
        """Afterwards nothing runs yet."""
        self._store = store
        self._site = site
        self._runners = runners
        self._room = room
        self._unasked = set(runners)  # runners that did not say yet what runs there
        self._tasks: dict[str, Task] = {}
        self._at: dict[str, str] = {}  # task -> the runner that has it
        self._unheard: dict[str, Task] = {}  # submitted while their runner did not answer
        self._preparing: set[str] = set()  # jobs that are being prepared

    @property
    def busy(self) -> int:
        """How many stages run."""
        return len(self._tasks)

    def recover(self) -> None:
        """Afterwards every attempt that is down as running is watched again, and what nobody waits for is ended."""
        for attempt in self._store.running():
            job = self._store.job(attempt.job)
            if job is None or job.pipeline not in self._site.pipelines:
                continue  # its pipeline is not enabled now; it goes on when it is again
            if any(stage.name == attempt.stage for stage in self._site.stages(job)):
                self._submit(job, attempt)
            else:  # an older version of the pipeline had that stage
                over = replace(attempt, status=AttemptStatus.FAILED, ended=attempt.started, burns=False)
                self._store.end(replace(job, status=Status.QUEUED), over)
        self._end_orphans()

    def _end_orphans(self) -> None:
        """Afterwards what nobody waits for is ended; a runner that does not answer is asked again another time."""
        if not self._unasked:
            return
        awaited = set(self._tasks) | {attempt.name for attempt in self._store.running()}
        for name in tuple(self._unasked):
            runner = self._runners[name]
            try:
                for orphan in set(runner.running()) - awaited:
                    log.warning("a stage runs that nobody waits for; it is ended", task=orphan)
                    runner.reap(orphan)
            except RunnerUnavailable as error:
                log.debug("the runner does not answer", runner=name, why=str(error))
            else:
                self._unasked.remove(name)

    # ------------------------------------------------------------ starting

    def fill(self, now: float) -> Iterator[Ends | Prepares]:
        """Afterwards every stage that may start has started.

        Given back: jobs that came to an end by that, and those that must be prepared before they start.
        """
        for task in tuple(self._unheard.values()):
            self._hand_over(task)
        self._end_orphans()
        reserved: list[Slot] = []
        for job in self._candidates(now):
            if self.busy >= self._room.whole.slots:
                return
            try:
                yield from self._start_what_fits(job, now, reserved)
            except OSError as error:
                log.warning("a stage could not be started", job=job.id, why=str(error))

    def _candidates(self, now: float) -> Iterator[Job]:
        for job in self._store.of_status(Status.RUNNING):
            if job.pipeline in self._site.pipelines and self._room.only(job):
                yield job
        for job in self._store.claimable(now, AT_ONCE, self._site.pipelines):
            free = self._store.is_claimable(job.id, now, self._site.pipelines)  # not since another of its key started
            if free and self._room.only(job):
                yield job

    def prepared(self, job: Job) -> None:
        """Afterwards the job is no more being prepared: its stages may start, or it failed, or it is tried again."""
        self._preparing.discard(job.id)

    def _start_what_fits(self, job: Job, now: float, reserved: list[Slot]) -> Iterator[Ends | Prepares]:
        if job.status is Status.QUEUED and (found := answered(job, self._store, self._site)):
            yield Ends(job=found)
            return
        if not is_prepared(job, self._site):
            if job.id not in self._preparing:
                self._preparing.add(job.id)
                yield Prepares(replace(job, status=Status.RUNNING, updated=now))
            return
        match self._progression(job):
            case Next(wanted=wanted):
                for one in wanted:
                    if one.at <= now and (end := self._start_if_it_fits(job, one, now, reserved)):
                        yield end
                        return
            case Finished():
                yield Ends(job=job)
            case GaveUp(failed, 0):
                yield Ends(job=job, failed=failed)

    def _start_if_it_fits(self, job: Job, wanted: Wanted, now: float, reserved: list[Slot]) -> Ends | None:
        taken = [*(task.slot for task in self._tasks.values()), *reserved]
        match fit(wanted.stage, self._room.at(self._site.runner_of[str(job.pipeline)]), taken):
            case Slot() as slot:
                self._start(job, wanted, slot, now)
            case Waits():
                reserved.append(Slot(cpus=min(wanted.stage.cpus, self._room.whole.cpus), memory=wanted.stage.memory))
            case Never(why):
                return Ends(job=job, failed=Failed(why, Kind.BAD_INPUT))
        return None

    def _start(self, job: Job, wanted: Wanted, slot: Slot, now: float) -> None:
        attempt = Attempt(
            job=job.id,
            stage=wanted.stage.name,
            shard=wanted.shard,
            number=wanted.number,
            status=AttemptStatus.RUNNING,
            runner=self._site.runner_of[str(job.pipeline)],
            slot=slot,
            started=now,
        )
        clear_answer(stage_folder(self._site.folder(job), attempt.stage, attempt.shard))
        started = replace(job, status=Status.RUNNING, updated=now)
        self._store.begin(started, attempt)
        step(Step.STAGE_INTENT)
        self._submit(started, attempt)
        step(Step.STAGE_SUBMITTED)

    def _submit(self, job: Job, attempt: Attempt) -> None:
        task = self._site.task(job, attempt)
        self._tasks[task.name] = task
        self._at[task.name] = attempt.runner
        log.info("stage runs", job=job.id, stage=attempt.stage, shard=attempt.shard, attempt=attempt.number)
        self._hand_over(task)

    def _hand_over(self, task: Task) -> None:
        """Submitting is idempotent, so a runner that does not answer is asked again and no attempt is burned."""
        again = self._unheard.pop(task.name, None) is not None
        try:
            self._runners[self._at[task.name]].submit(task)
        except RunnerUnavailable as error:
            said = log.debug if again else log.warning
            said("the stage waits for its runner", task=task.name, why=str(error))
            self._unheard[task.name] = task

    # ------------------------------------------------------------ ending

    def ended(self, ended: Ended, now: float) -> Ends | None:
        """Afterwards the end of an attempt is down, and what follows from it for its job."""
        task = self._tasks.pop(ended.task, None)
        self._at.pop(ended.task, None)
        job = self._store.job(task.job) if task else None
        if task is None or job is None:
            return None
        step(Step.STAGE_ENDED)
        attempt = next(a for a in self._store.attempts(job.id) if a.name == task.name)
        over = self._judged(task, attempt, ended, now)
        self._store.end(replace(job, updated=now), over)
        return self._follow(replace(job, updated=now), now)

    def _judged(self, task: Task, attempt: Attempt, ended: Ended, now: float) -> Attempt:
        folder = stage_folder(task.folder, attempt.stage, attempt.shard)
        outcome = judge(ended, attempt.stage, left_by(folder), last_words(task.folder, attempt.stage, attempt.shard))
        over = replace(attempt, ended=ended.ended or now, peak_memory=ended.peak_memory)
        match outcome:
            case Done():
                return replace(over, status=AttemptStatus.DONE)
            case Failed(reason, kind):
                log.warning("stage failed", job=task.job, stage=attempt.stage, kind=kind.value, reason=reason)
                burns = kind is not Kind.INFRASTRUCTURE
                return replace(over, status=AttemptStatus.FAILED, kind=kind, reason=reason, burns=burns)

    def _follow(self, job: Job, now: float) -> Ends | None:
        match self._progression(job):
            case Finished():
                return Ends(job=job)
            case GaveUp(failed, 0):
                return Ends(job=job, failed=failed)
            case GaveUp():
                self._cancel_running(job)
            case Next(wanted, 0) if (at := min(w.at for w in wanted)) > now:
                self._store.save(replace(job, status=Status.QUEUED, not_before=at, updated=now))
        return None

    def cancel(self, job: Job) -> bool:
        """Afterwards the job's stages are being ended; False where none runs."""
        return self._cancel_running(job) > 0

    def _cancel_running(self, job: Job) -> int:
        mine = [task for task in self._tasks.values() if task.job == job.id]
        for task in mine:
            self._runners[self._at[task.name]].cancel(task)
        return len(mine)

    # ------------------------------------------------------------ within

    def _progression(self, job: Job) -> Next | Finished | GaveUp:
        stages = self._site.stages(job)
        return progression(stages, self._store.attempts(job.id), shards_of(self._site.folder(job), stages))
