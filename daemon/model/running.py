"""What a runner is given, what it answers, and what it promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from pipelines.contract import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The right to some cores, memory (bytes) and GPUs (UUIDs)."""

    cpus: float
    memory: int = 0
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One attempt at one stage (or shard): all that a runner needs. folder: the job's work folder, absolute."""

    job: str
    pipeline: str
    module: str
    stage: Stage
    shard: str | None
    attempt: int
    folder: Path
    slot: Slot

    @property
    def name(self) -> str:
        """The name of this attempt, the same after every restart."""
        return task_name(self.job, self.stage.name, self.shard, self.attempt)


def task_name(job: str, stage: str, shard: str | None, attempt: int) -> str:
    """The name of one attempt at one stage, or shard of it."""
    return ".".join([job, stage, *([shard] if shard else []), str(attempt)])


class End(StrEnum):
    """How a process ended, as far as a runner can tell."""

    EXITED = "exited"  # by itself, with a status
    KILLED = "killed"  # by a signal that was not ours
    OUT_OF_MEMORY = "out of memory"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    LOST = "lost"  # gone without a trace (reboot, its launcher killed, container removed)
    NEVER_STARTED = "never started"  # the infrastructure could not start it, but may be another time
    IMPOSSIBLE = "impossible"  # it cannot run here until somebody changes something


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A task is over.

    status: its exit status where end is EXITED, the signal's number where KILLED. detail: for the user.
    started, ended: wall clock, seconds (0: not known). peak_memory: bytes (0: not known).
    """

    task: str
    end: End
    status: int | None = None
    detail: str = ""
    started: float = 0.0
    ended: float = 0.0
    peak_memory: int = 0


class Runner(Protocol):
    """Where stages run. The docstrings are the contract; ``tests/contract/runners.py`` is the suite that all pass.

    A runner is given ``on_end`` when it is made and calls it (from any thread) exactly once for each task submitted to
    this object, when that task is over. It never raises anything but RunnerUnavailable.
    """

    name: str

    def submit(self, task: Task) -> None:
        """Afterwards the task runs, or has run. Idempotent by task.name, also across restarts and kills of the daemon:

        what still runs is adopted, what ended meanwhile is reported, and nothing is started a second time.
        """

    def cancel(self, task: Task) -> None:
        """Afterwards the task is ending: asked to stop, killed after a grace. Its end is reported as usual.

        Unknown or over already: nothing happens.
        """

    def running(self) -> tuple[str, ...]:
        """The names of all tasks of ours that are alive, whoever submitted them."""

    def reap(self, name: str) -> None:
        """Kill and forget a task of ours by name that nobody waits for (an orphan)."""

    def close(self) -> None:
        """Stop watching; tasks run on."""


OnEnd = Callable[[Ended], None]
