"""Owns stages that run as containers of a Docker engine. ``model.Runner`` is the contract.

Three things know an attempt: its control folder (what was planned, what was made, how it ended), the engine (what there
is), and a keeper, which brings the two together. A daemon that starts anew knows as much as the one that was killed.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from daemon.errors import ConfigError, RunnerUnavailable
from daemon.model import End, Ended, OnEnd, Task
from daemon.runners.docker.control import Control
from daemon.runners.docker.ending import never_started
from daemon.runners.docker.engine import Engine
from daemon.runners.docker.keeper import UNBEGUN, Keeper
from daemon.runners.docker.settings import Settings
from daemon.runners.docker.site import Site, root_of
from daemon.runners.docker.spec import own
from daemon.runners.docker.watch import Watch

LEAVE = 5.0
"""Seconds to wait for the threads at the end; one that waits for a registry is left behind."""


class DockerRunner:
    """Runs stages as containers. ``model.Runner`` says what the methods promise."""

    name = "docker"

    def __init__(self, settings: Settings, on_end: OnEnd) -> None:
        """Afterwards it can be used, whether the engine is there or not."""
        settings = replace(settings, work=settings.work.resolve())
        self._on_end = on_end
        self._lock = threading.Lock()
        self._kept: dict[str, Keeper] = {}
        self._known: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._site = Site(
            settings=settings, engine=Engine(settings.address), root=root_of(settings.work), report=self._report
        )
        self._watch = Watch(self._site, self._keepers)

    # ------------------------------------------------------------ the contract

    def submit(self, task: Task) -> None:
        """Afterwards it is on disk that the task shall run, and a keeper sees to it."""
        with self._lock:
            if task.name in self._known:
                return
        keeper = Keeper(self._site, task)
        if Control.of(task).ended() is None:
            try:
                keeper.intend()
            except OSError as error:
                self._on_end(never_started(task.name, f"{error.strerror}: {error.filename}"))
                return
            self._site.engine.answers()
            self._prove_or_wait()
        with self._lock:
            self._known.add(task.name)
            self._kept[task.name] = keeper
            self._threads = [*(thread for thread in self._threads if thread.is_alive()), keeper.thread]
        keeper.thread.start()
        self._watch.wake()

    def cancel(self, task: Task) -> None:
        """Afterwards the task is ending; while the engine is away, it is as soon as that answers."""
        control = Control.of(task)
        if not control.folder.is_dir() or control.ended() is not None:
            return
        try:
            control.cancel.touch()
        except OSError as error:
            raise RunnerUnavailable(f"{task.name} cannot be cancelled now ({error.strerror}); try again") from error
        with self._lock:
            waits = task.name not in self._known and control.made() is None
            self._known.update([task.name] if waits else [])
        if waits:  # its engine has never answered, and need not
            now = time.time()
            ended = Ended(task=task.name, end=End.CANCELLED, detail="it was cancelled", started=now, ended=now)
            control.write(ended)
            self._report(ended)
        self._watch.wake()

    def running(self) -> tuple[str, ...]:
        """The names of all tasks of this work folder whose container is alive."""
        self._site.engine.answers()
        there = self._site.engine.listing(own(self._site.root))
        tasks = (c.labels.get("visaged.task") for c in there if c.alive and c.state != "removing")
        return tuple(sorted(task for task in tasks if task))

    def reap(self, name: str) -> None:
        """Afterwards the container of this task is gone."""
        for container in self._site.engine.listing(own(self._site.root)):
            if container.labels.get("visaged.task") == name:
                self._site.engine.remove(container.id)

    def close(self) -> None:
        """Afterwards nothing is watched and nothing reported; containers run on."""
        with self._lock:
            self._site.closed.set()
        self._watch.wake()
        for keeper in self._keepers().values():
            keeper.nudge()
        for thread in (self._watch.thread, *self._threads):
            if thread.ident is not None and thread is not threading.current_thread():
                thread.join(LEAVE)
        self._site.engine.close()

    # ------------------------------------------------------------ beyond the contract

    def prove(self) -> None:
        """Afterwards it is sure that containers see the work folder, or no image is here yet to try it in.

        Raises ConfigError with what is wrong, RunnerUnavailable.
        """
        self._site.engine.answers()
        self._site.proven()

    @property
    def without_gpus(self) -> str:
        """Why stages get no GPU from this engine; empty: as far as is known they do."""
        return self._site.without_gpus

    # ------------------------------------------------------------ within

    def _prove_or_wait(self) -> None:
        try:
            self._site.proven()
        except ConfigError as error:
            raise RunnerUnavailable(str(error)) from error

    def _keepers(self) -> dict[str, Keeper]:
        with self._lock:
            return dict(self._kept)

    def _report(self, ended: Ended) -> None:
        with self._lock:
            if self._site.closed.is_set():
                return
            self._kept.pop(ended.task, None)
            if ended.end in UNBEGUN:
                self._known.discard(ended.task)
        self._on_end(ended)
