"""The dispatcher: one thread that owns the store, hears what all other threads say, and decides what happens next."""

from __future__ import annotations

import queue
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from daemon.dispatch.asking import Asking
from daemon.dispatch.events import (
    Due,
    Event,
    Moved,
    Stop,
    Succeeded,
    TreeEdited,
)
from daemon.dispatch.following import Following
from daemon.dispatch.gate import Gate
from daemon.dispatch.intake import Intake
from daemon.dispatch.line import Line, Prepares
from daemon.dispatch.movers import Movers
from daemon.dispatch.orders import Orders
from daemon.dispatch.site import Site
from daemon.model import Ended, Inventory, Job, Status
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
        self._asking = Asking(store, site)
        self._following = Following(
            store=store,
            pipelines=site.pipelines,
            intake=crew.intake,
            line=crew.line,
            movers=crew.movers,
            announce=crew.announce,
        )
        self._orders = Orders(store, site, crew.line, crew.movers)
        self._stopping = False
        self._stocked: set[str] = set()
        self._changed = True
        self._look_again = 0.0
        self._last_heard = clock()

    def post(self, event: Event) -> None:
        """Afterwards the event is queued."""
        self._events.put(event)

    # ------------------------------------------------------------ the loop

    def recover(self) -> None:
        """Afterwards everything that a crash interrupted goes on: moves are repeated, stages are watched again."""
        self._orders.recover()
        moving = self._store.of_status(Status.ACCEPTING, Status.PUBLISHING, Status.FAILING, Status.RETURNING)
        self._crew.movers.destinations.remember(moving)
        for job in moving:
            self._following.move(job)
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
            self._following.accept(job)
        if (self._changed or now >= self._look_again) and self._gate.opens():
            for one in self._crew.line.fill(now):
                if isinstance(one, Prepares):
                    self._store.save(one.job)
                    self._following.move(one.job)
                else:
                    self._following.end_stages(one, now)
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
                    self._following.accept(job)
            case Ended():
                if end := self._crew.line.ended(event, now):
                    self._following.end_stages(end, now)
            case Moved():
                self._following.moved(event, now)
            case Due(name):
                self._crew.due[name](now)
            case TreeEdited():
                self._asking.note_edits(event, now)
            case Succeeded(name):
                self._store.remember(f"last_success:{name}", now)
            case Stop():
                self._stopping = True

    # ------------------------------------------------------------ may anything start, is anything left

    def idle(self) -> bool:
        """Whether no job is active, nothing more is to be heard of the inboxes, and every inbox was looked at."""
        return self._stocked >= set(self._site.inboxes) and not self.active()

    def active(self) -> bool:
        """Whether anything is still to be done for any job, and can be done now."""
        return not self._events.empty() or self._gate.anything_goes_on(busy=self._crew.line.busy > 0)

    @property
    def failures(self) -> int:
        """How many jobs have failed since the start."""
        return self._following.failures

    def quiet_for(self, now: float) -> float:
        """Seconds since the last event."""
        return now - self._last_heard
