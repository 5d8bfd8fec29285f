"""Owns the regular look at all our containers: it bounds their time, ends what was cancelled, and sweeps what is left.

The look is the truth; that the log of a container ends only makes its keeper faster. What nobody has submitted yet
after a restart is bounded as well.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping

import structlog

from daemon.errors import RunnerUnavailable
from daemon.model import End, Ended
from daemon.runners.docker import ending
from daemon.runners.docker.answers import Container
from daemon.runners.docker.control import Control, Stop
from daemon.runners.docker.keeper import Keeper
from daemon.runners.docker.site import Site
from daemon.runners.docker.spec import own

IDLE = 15.0
"""Seconds between two looks while nothing of ours is there."""
OVERDUE = 3
"""Looks after which a keeper that still waits for the log of an ended container is nudged."""

log = structlog.get_logger()


class Watch:
    """Looks at all containers of a site, on a thread of its own. kept: the keepers by task, as of now."""

    def __init__(self, site: Site, kept: Callable[[], Mapping[str, Keeper]]) -> None:
        """Afterwards the thread runs."""
        self._site, self._kept = site, kept
        self._wake = threading.Event()
        self._busy = True
        self._started: dict[str, float] = {}
        self._ended_for: dict[str, int] = {}
        self.thread = threading.Thread(target=self._run, name="docker watch", daemon=True)
        self.thread.start()

    def wake(self) -> None:
        """Afterwards the next look is at once."""
        self._busy = True
        self._wake.set()

    # ------------------------------------------------------------ looking

    def _run(self) -> None:
        while not self._site.closed.is_set():
            try:
                self._look()
            except RunnerUnavailable as error:
                log.debug("the engine is away", why=str(error))
            except Exception:  # whatever it was, nobody else bounds what runs
                log.exception("the containers cannot be looked after now")
            self._wake.wait(self._site.settings.pulse if self._busy else IDLE)
            self._wake.clear()

    def _look(self) -> None:
        kept = self._kept()
        self._busy = bool(kept)
        there = self._site.engine.listing(own(self._site.root))
        self._busy |= bool(there)
        self._started = {c.id: self._started[c.id] for c in there if c.id in self._started}
        self._ended_for = {c.id: self._ended_for[c.id] for c in there if c.id in self._ended_for}
        for container in there:
            task = container.labels.get("visaged.task")
            if task is not None and container.alive:
                self._bound(container, kept.get(task))
            elif task is not None and task in kept:
                self._nudge(container, kept[task])
            elif not container.alive:
                self._sweep(container, task)

    def _bound(self, container: Container, keeper: Keeper | None) -> None:
        """Afterwards a container that may not run on has its signal."""
        control = Control.named(container.labels, self._site.settings.work)
        if keeper is not None:
            keeper.peak = max(keeper.peak, self._site.engine.memory(container.id))
        stop = control.stop()
        if stop is None and (why := self._must_stop(container, control)):
            control.write(Stop(why=why, at=time.time()))
            self._site.engine.signal(container.id, signal.SIGTERM)
        elif stop is not None and time.time() >= stop.at + self._site.settings.grace:
            self._site.engine.signal(container.id, signal.SIGKILL)

    def _must_stop(self, container: Container, control: Control) -> End | None:
        if control.cancel.exists():
            return End.CANCELLED
        if container.id not in self._started:
            seen = self._site.engine.find(container.id)
            self._started[container.id] = seen.started if seen and seen.started else time.time()
        late = time.time() - self._started[container.id] > float(container.labels["visaged.timeout"])
        return End.TIMEOUT if late and control.job.is_dir() else None

    def _nudge(self, container: Container, keeper: Keeper) -> None:
        self._ended_for[container.id] = self._ended_for.get(container.id, 0) + 1
        if self._ended_for[container.id] == OVERDUE:
            keeper.nudge()

    # ------------------------------------------------------------ what is left

    def _sweep(self, listed: Container, task: str | None) -> None:
        """Afterwards a container that is over is gone, if its end is on disk or nobody has asked for it for long."""
        control = Control.named(listed.labels, self._site.settings.work) if task is not None else None
        if control is None or control.ended() is None:
            container = self._site.engine.find(listed.id)
            if container is None or time.time() - self._since(container) < self._site.settings.orphan_grace:
                return
            if control is not None and control.job.is_dir() and container.started:
                control.write(self._end_of(container, control))
        log.info("a container that is over is removed", container=listed.name)
        self._site.engine.remove(listed.id)

    def _since(self, container: Container) -> float:
        """Since when it is over; one that never began, since we first saw it so."""
        return container.ended or self._started.setdefault(container.id, time.time())

    @staticmethod
    def _end_of(container: Container, control: Control) -> Ended:
        return ending.ended(container, ending.Course(task=control.task, stop=control.stop()), "")
