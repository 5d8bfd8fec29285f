"""Owns one attempt in a container, from the first look to its reported end, on a thread of its own.

Each turn asks the engine what is there and does the next thing: make, start, copy the log until it is over, conclude.
So an attempt that is adopted, one that a crash interrupted, and one whose engine went away all go the same way.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import structlog

from daemon.errors import ConfigError, RunnerUnavailable
from daemon.failpoints import Step, step
from daemon.model import End, Ended, Task
from daemon.runners.docker import beginning, ending
from daemon.runners.docker.answers import Container
from daemon.runners.docker.control import Control, Intent
from daemon.runners.docker.engine import _close as close_stream
from daemon.runners.docker.site import Site
from daemon.runners.docker.spec import name_of
from daemon.runners.docker.words import copy, length, log_of, tail

PAUSE = 1.0
"""Seconds until an engine that did not answer is asked again."""
SETTLING = 2.0
"""Seconds that an engine may take between the end of a log and the end of its container."""

UNBEGUN = (End.NEVER_STARTED, End.IMPOSSIBLE)

log = structlog.get_logger()


class Keeper:
    """Keeps one task. peak: the most memory that it was seen to hold, bytes."""

    def __init__(self, site: Site, task: Task) -> None:
        """Afterwards nothing was done yet."""
        self.peak = 0
        self.task = task
        self._site, self._control = site, Control.of(task)
        self._stream: Any = None
        self._calm = site.engine.outages
        self._log = log_of(task.folder, task.stage.name, task.shard)
        self.thread = threading.Thread(target=self._run, name=f"docker {task.name}", daemon=True)

    def intend(self) -> None:
        """Afterwards it is on disk that there shall be a container. Raises OSError."""
        if self._control.intent() is None:
            name = name_of(self.task.name, self._site.root)
            self._control.write(Intent(container=name, log_at=length(self._log)))
        step(Step.DOCKER_INTENT)

    def nudge(self) -> None:
        """Afterwards it does not wait for more of the log."""
        stream, self._stream = self._stream, None
        if stream is not None:
            close_stream(stream)

    # ------------------------------------------------------------ the way

    def _run(self) -> None:
        while not self._site.closed.is_set():
            try:
                ended = self._turn()
                if ended is not None:
                    self._over(ended)
                    return
            except RunnerUnavailable as error:
                log.debug("an attempt waits for the engine", task=self.task.name, why=str(error))
                self._site.closed.wait(PAUSE)
            except Exception:  # a keeper that gave up would leave its task running for ever in the daemon's eyes
                log.exception("an attempt cannot be kept now; it is tried again", task=self.task.name)
                self._site.closed.wait(PAUSE)

    def _turn(self) -> Ended | None:
        """How it ended, or None after one step of the way. Raises RunnerUnavailable, OSError."""
        if over := self._control.ended():
            return over
        made = self._control.made()
        container = self._site.engine.find(made.id if made else name_of(self.task.name, self._site.root))
        if container is None:
            return ending.lost(self.task.name) if made else self._make()
        if not beginning.ours(container, self.task, self._site):
            return beginning.foreign(self.task, container)
        if made is None:
            beginning.save(self._site, self._control, container.id)
        if container.state == "created":
            return self._cancelled() or beginning.start(self._site, self.task, container)
        if container.alive:
            self._follow(container)
            return None
        return self._conclude(container)

    def _make(self) -> Ended | None:
        """Nothing of it has ever run, so whatever fails here may be tried again as it was."""
        try:
            return self._cancelled() or beginning.create(self._site, self.task, self._control)
        except ConfigError as error:
            return beginning.wrong_mounts(self.task, error)
        except OSError as error:
            return ending.never_started(self.task.name, f"{error.strerror}: {error.filename or self.task.folder}")

    def _cancelled(self) -> Ended | None:
        """The end of one that was cancelled before it began."""
        if not self._control.cancel.exists():
            return None
        now = time.time()
        return Ended(task=self.task.name, end=End.CANCELLED, detail="it was cancelled", started=now, ended=now)

    def _follow(self, container: Container) -> None:
        """Afterwards the log is copied until the container is over, or until something came in between."""
        self._calm = self._site.engine.outages
        self._copy(container)
        self._site.engine.wait(container.id, SETTLING)

    def _copy(self, container: Container) -> None:
        copy(self._site.engine, container.id, self._log, self._begin(), self._take_in)

    def _take_in(self, stream: Any) -> None:
        self._stream = stream
        if self._site.closed.is_set():
            self.nudge()

    def _begin(self) -> int:
        intent = self._control.intent()
        return intent.log_at if intent else 0

    def _conclude(self, container: Container) -> Ended:
        self._copy(container)
        course = ending.Course(
            task=self.task.name,
            stop=self._control.stop(),
            memory=self.task.slot.memory,
            peak=self.peak,
            gpus=bool(self.task.slot.gpus),
            shaken=self._site.engine.outages != self._calm,
        )
        return ending.ended(container, course, tail(self._log, self._begin()))

    # ------------------------------------------------------------ the end

    def _over(self, ended: Ended) -> None:
        """Afterwards the end is on disk and reported, and then the container is gone."""
        made = self._control.made()
        if ended.end in UNBEGUN:
            self._remove(made.id if made else None)
            self._control.forget()
            self._site.report(ended)
            return
        self._control.write(ended)
        step(Step.DOCKER_ENDED)
        self._site.report(ended)
        self._remove(made.id if made else None)
        step(Step.DOCKER_REMOVED)

    def _remove(self, container: str | None) -> None:
        try:
            if container is not None:
                self._site.engine.remove(container)
        except RunnerUnavailable:
            return  # whoever looks next finds it ended, with its end on disk, and removes it
