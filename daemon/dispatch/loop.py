"""The dispatcher: one thread that owns the store, hears what all other threads say, and decides what happens next."""

from __future__ import annotations

import queue
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from daemon.dispatch.events import Due, Event, GaveBack, Moved, NameTaken, Settled, Stop, Succeeded, TookIn
from daemon.dispatch.gate import Gate
from daemon.dispatch.intake import Intake
from daemon.dispatch.line import Ends, Line
from daemon.dispatch.movers import Movers
from daemon.dispatch.orders import Orders
from daemon.dispatch.site import Site
from daemon.failpoints import Step, step
from daemon.model import Ended, Failed, Inventory, Job, Kind, Status
from daemon.store import Store

TICK = 0.25
"""Seconds between two looks at what no event tells: orders from the command line, the clock."""

PATIENCE = 5.0
"""Seconds after which it is tried to start stages even if nothing happened: the disk may have room again."""

log = structlog.get_logger()

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """What the dispatcher works with.

    due: what the scheduler's jobs do. announce: tells the user's command of a job that is over.
    look: called after every turn with the time and whether anything changed.
    starts: whether stages may start (False: only orders and moves).
    """

    intake: Intake
    line: Line
    movers: Movers
    due: Mapping[str, Callable[[float], None]]
    announce: Callable[[Job], None]
    look: Callable[[float, bool], None]
    starts: bool = True


class Dispatcher:
    """Runs jobs from arrival to result. ``post`` may be called from any thread, all else from the one that runs."""

    def __init__(
        self, store: Store, site: Site, crew: Crew, events: queue.SimpleQueue[Event], clock: Clock = time.time
    ) -> None:
        self._store = store
        self._site = site
        self._crew = crew
        self._events = events
        self._clock = clock
        self._gate = Gate(store, site, starts=crew.starts)
        self._orders = Orders(store, site, crew.line, crew.movers)
        self._stopping = False
        self._stocked: set[str] = set()
        self._changed = True
        self._look_again = 0.0
        self._last_heard = clock()
        self.failures = 0

    def post(self, event: Event) -> None:
        """Afterwards the event is queued."""
        self._events.put(event)

    # ------------------------------------------------------------ the loop

    def recover(self) -> None:
        """Afterwards everything that a crash interrupted goes on: moves are repeated, stages are watched again."""
        moving = self._store.of_status(Status.ACCEPTING, Status.PUBLISHING, Status.FAILING, Status.RETURNING)
        self._crew.movers.destinations.remember(moving)
        for job in moving:
            self._move(job)
        self._crew.line.recover()

    def run(self, done: Callable[[], bool] = lambda: False) -> None:
        """Afterwards Stop was posted, or done said so after a turn."""
        self.recover()
        while not self._stopping:
            self._turn(self._clock())
            if done():
                return
            self._wait()

    def _wait(self) -> None:
        """Waits for an event at most until the next tick, and leaves it in the queue."""
        try:
            event = self._events.get(timeout=TICK)
        except queue.Empty:
            return
        self._hear(event)

    def _turn(self, now: float) -> None:
        while not self._events.empty():
            self._hear(self._events.get())
        self._changed |= self._orders.carry_out(now)
        self._crew.movers.tick(now)
        for job in self._crew.intake.give_up_waiting(now):
            self._accept(job)
        if (self._changed or now >= self._look_again) and self._gate.opens():
            for end in self._crew.line.fill(now):
                self._end_stages(end, now)
            self._look_again = min(self._store.next_time(now) or now + PATIENCE, now + PATIENCE)
        self._crew.look(now, self._changed)
        self._changed = False

    def _hear(self, event: Event) -> None:
        now = self._clock()
        self._changed, self._last_heard = True, now
        try:
            self._act_on(event, now)
        except sqlite3.Error:
            raise
        except Exception:
            log.exception(
                "an event could not be handled; what it was about goes on at the next start", event_is=repr(event)[:300]
            )

    def _act_on(self, event: Event, now: float) -> None:
        match event:
            case Inventory():
                self._stocked.add(event.inbox)
                for job in self._crew.intake.take_stock(event, now):
                    self._accept(job)
            case Ended():
                if end := self._crew.line.ended(event, now):
                    self._end_stages(end, now)
            case Moved():
                self._moved(event, now)
            case Due(name):
                self._crew.due[name](now)
            case Succeeded(name):
                self._store.remember(f"last_success:{name}", now)
            case Stop():
                self._stopping = True

    # ------------------------------------------------------------ what follows from what

    def _accept(self, job: Job) -> None:
        step(Step.ACCEPT_ROW)
        self._move(job)

    def _move(self, job: Job) -> None:
        attempts = self._store.attempts(job.id) if job.status is Status.PUBLISHING else ()
        self._crew.movers.submit(job, attempts)

    def _moved(self, event: Moved, now: float) -> None:
        job = self._store.job(event.job)
        if job is None:
            return
        self._follow_move(job, event, now)
        if job.status is Status.ACCEPTING:
            for one in self._crew.intake.look_again(job, now):
                self._accept(one)

    def _follow_move(self, job: Job, event: Moved, now: float) -> None:
        match event.outcome:
            case TookIn(identity=identity):
                self._took_in(job, identity, now)
            case GaveBack(why):
                log.info("item given back", job=job.id, why=why)
                self._store.save(replace(job, status=Status.RETURNED, reason=why, updated=now))
            case Settled():
                self._settled(job, now)
            case NameTaken():
                again = replace(self._crew.movers.destinations.choose_again(job), updated=now)
                self._store.save(again)
                self._move(again)
            case Failed(kind=Kind.INFRASTRUCTURE) as failed:
                log.warning("a move is tried again", job=job.id, why=failed.reason)
                stuck = replace(job, kind=failed.kind, reason=failed.reason, updated=now) if job.waits_to_move else job
                self._store.save(stuck)
                self._crew.movers.submit_later(stuck, self._store.attempts(job.id), failed, now)
            case Failed(reason, kind):
                self._fail(job, Failed(reason, kind), now)

    def _took_in(self, job: Job, identity: str, now: float) -> None:
        if job.refused:
            self._fail(job, Failed(str(job.reason), Kind.BAD_INPUT), now)
            return
        self._store.save(replace(job, status=Status.QUEUED, identity=identity, inputs_at=None, kind=None, updated=now))
        step(Step.QUEUE_ROW)

    def _end_stages(self, end: Ends, now: float) -> None:
        if end.failed:
            self._fail(end.job, end.failed, now)
        else:
            self._publish(end.job, now)

    def _publish(self, job: Job, now: float) -> None:
        chosen = self._crew.movers.destinations.choose_result(job)
        self._set_out(replace(chosen, status=Status.PUBLISHING, updated=now), Step.PUBLISH_INTENT)

    def _fail(self, job: Job, failed: Failed, now: float) -> None:
        chosen = self._crew.movers.destinations.choose_failed(job)
        failing = replace(chosen, status=Status.FAILING, kind=failed.kind, reason=failed.reason, updated=now)
        self._set_out(failing, Step.FAIL_INTENT)

    def _set_out(self, job: Job, label: Step) -> None:
        """The row first, then the move that it announces."""
        self._store.save(job)
        step(label)
        self._move(job)

    def _settled(self, job: Job, now: float) -> None:
        match job.status:
            case Status.PUBLISHING:
                over = replace(job, status=Status.DONE, updated=now, faults=self._crew.movers.faults(job))
            case Status.RETURNING:
                over = replace(job, status=Status.RETURNED, updated=now, inputs_at=job.restore_to)
            case _:
                cancelled = job.kind is Kind.CANCELLED
                over = replace(job, status=Status.CANCELLED if cancelled else Status.FAILED, updated=now)
                self.failures += 1
        self._store.save(over)
        self._crew.movers.forget(job)
        step(Step.FINISH_ROW)
        self._crew.announce(over)
        log.info(
            "job is over",
            job=job.id,
            status=over.status.value,
            result=over.result,
            reason=(over.reason or "").partition("\n")[0],
        )

    # ------------------------------------------------------------ may anything start, is anything left

    def idle(self) -> bool:
        """Whether no job is active, nothing more is to be heard of the inboxes, and every inbox was looked at."""
        return self._stocked >= set(self._site.inboxes) and not self.active()

    def active(self) -> bool:
        """Whether anything is still to be done for any job, and can be done now."""
        return not self._events.empty() or self._gate.anything_goes_on(busy=self._crew.line.busy > 0)

    def quiet_for(self, now: float) -> float:
        """Seconds since the last event."""
        return now - self._last_heard
