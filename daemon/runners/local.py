"""Owns stages that run as processes of this machine; no Docker needed. ``model.Runner`` is the contract.

Between the daemon and a stage stands a launcher in a session of its own, which outlives the daemon and keeps the
control folder from which the next daemon learns everything. A stage runs at nice 5 and is not pinned to cores: it is
told its share (``VISAGED_CPUS``, ``VISAGED_MEMORY`` and the thread counts of numeric libraries). It works in the job
folder.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from daemon.errors import RunnerUnavailable
from daemon.model import End, Ended, OnEnd, Task
from daemon.runners import launcher
from daemon.runners.attempt import Alive, Attempt, Fresh, Lost, Over, attempt_name
from daemon.runners.environment import environment
from daemon.runners.processes import MARK, handle, kill_marked, marked, send
from daemon.runners.watching import Watching

START = [sys.executable, "-I", "-S", "-c", launcher.START, str(Path(launcher.__file__).parents[1])]
"""What starts a launcher; its arguments follow."""
PAUSE = 0.5
"""Seconds until an attempt that could not be looked at is looked at again."""


class LocalRunner:
    """Runs stages as processes. ``model.Runner`` says what the methods promise.

    work: the folder of all job folders. grace: seconds between asking a stage to stop and killing it. models: the
    folder of the weights that stages find.
    """

    name = "local"

    def __init__(self, work: Path, on_end: OnEnd, grace: float = 10.0, models: Path | None = None) -> None:
        """Afterwards it can be used; nothing is looked at until it is submitted."""
        self._models = models
        self._work, self._on_end, self._grace = work.resolve(), on_end, grace
        self._known: set[str] = set()
        self._lock = threading.Lock()
        self._watching = Watching("local-runner")

    def submit(self, task: Task) -> None:
        """Afterwards the task runs, or has run; one that could not be started may be submitted again under its name."""
        with self._lock:
            if task.name in self._known:
                return
            self._known.add(task.name)
        attempt = Attempt.of(task)
        try:
            living = None if attempt.began() else self._launch(task, attempt)
        except OSError as error:
            why = f"{error.strerror}: {error.filename or sys.executable}"
            self._watching.soon(partial(self._report, attempt.never_started(why)))
        else:
            follow = partial(self._follow, attempt)
            if living is None:
                self._watching.soon(follow)
            else:
                self._watching.until_gone(living, follow)

    def cancel(self, task: Task) -> None:
        """Afterwards the task is ending, also one whose launcher has not begun yet."""
        attempt = Attempt.of(task)
        if not attempt.folder.is_dir() or attempt.over():
            return
        with _or_unavailable(f"{task.name} cannot be cancelled"):
            attempt.cancel.touch()
            match attempt.look():  # after the file: a launcher that is not seen here sees the file
                case Alive(living):
                    send(living, signal.SIGTERM)
                    os.close(living)
                case _:
                    return

    def running(self) -> tuple[str, ...]:
        """The names of all tasks below the work folder of which a process is alive."""
        with _or_unavailable("what runs cannot be listed"):
            names = {attempt_name(control, self._work) for _, control in marked()}
        return tuple(sorted(name for name in names if name))

    def reap(self, name: str) -> None:
        """Afterwards no process of this task is left."""
        with _or_unavailable(f"{name} cannot be killed"):
            for control in {control for _, control in marked() if attempt_name(control, self._work) == name}:
                kill_marked(control)

    def close(self) -> None:
        """Afterwards nothing is watched and nothing reported; tasks run on."""
        self._watching.close()

    def _launch(self, task: Task, attempt: Attempt) -> int:
        """A pidfd of a new launcher. Raises OSError."""
        logs = task.folder / "logs"
        for folder in (attempt.folder.parent, attempt.folder, logs):
            folder.mkdir(exist_ok=True)
        shard = f".{task.shard}" if task.shard else ""
        log = logs / f"{task.stage.name}{shard}.log"
        bounds = (str(task.stage.timeout), str(task.slot.memory), str(self._grace))
        # posix_spawn and not Popen: it forks as safely beside threads, and leaves no object that insists on waiting.
        pid = os.posix_spawn(
            sys.executable,
            [*START, str(attempt.folder), str(task.folder), str(log), *bounds, *_command(task)],
            {**environment(os.environ, task.slot, self._models), MARK: str(attempt.folder)},
            file_actions=_streams(attempt.words),
            setsid=True,
        )
        try:
            return os.pidfd_open(pid)
        except OSError:  # what cannot be watched shall not run; a stage dies with its launcher
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            attempt.forget()
            raise

    def _follow(self, attempt: Attempt) -> None:
        """Watch on or report, as what has become of an attempt demands. On the watching thread."""
        try:
            ended = self._settled(attempt)
        except OSError:  # not to be found out now (no handle is free): that must not be taken for an end
            time.sleep(PAUSE)
            self._watching.soon(partial(self._follow, attempt))
        else:
            if ended:
                self._report(ended)

    def _settled(self, attempt: Attempt) -> Ended | None:
        """How it ended, with nothing left of it; None while it runs, and then it is watched."""
        match attempt.look():
            case Alive(living):
                self._watching.until_gone(living, partial(self._follow, attempt))
                return None
            case Over(ended):
                return ended
            case Lost(stage):
                if (left := handle(stage)) is not None:
                    send(left, signal.SIGKILL)
                    os.close(left)
                kill_marked(str(attempt.folder))
                return attempt.lost()
            case Fresh():
                return attempt.never_started("")

    def _report(self, ended: Ended) -> None:
        if ended.end is End.NEVER_STARTED:
            with self._lock:
                self._known.discard(ended.task)
        self._on_end(ended)


@contextmanager
def _or_unavailable(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        raise RunnerUnavailable(f"{what} now ({error.strerror}{where}); try again") from error


def _command(task: Task) -> list[str]:
    """What runs a stage. -P: nothing is ever imported from the working folder, where users' files lie."""
    shard = ["--shard", task.shard] if task.shard else []
    return [sys.executable, "-P", "-m", task.module, task.stage.name, str(task.folder), *shard]


def _streams(words: Path) -> list[tuple[int, int, str, int, int]]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    return [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, str(words), flags, 0o666),
    ]
