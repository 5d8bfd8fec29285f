"""Owns the control folder of an attempt, ``<job folder>/.runner/<stage>[.<shard>].<attempt>/``, as the daemon reads it.

Its launcher writes it (the launcher's docstring lists the files); what it says, together with which processes live,
is all that is ever known of an attempt, so a daemon that starts anew knows as much as the one that was killed.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.model import End, Ended, Task
from daemon.runners.processes import Process, handle

FOLDER = ".runner"
LOST = "it is gone without a trace: the machine was restarted, or the launcher of the stage was killed"
NO_WORD = "its launcher ended without a word; look whether the disk is full and the memory suffices"


@dataclass(frozen=True, slots=True)
class Fresh:
    """Nobody runs it or has run it."""


@dataclass(frozen=True, slots=True)
class Alive:
    """Its launcher lives. handle: a pidfd of it, to be closed by whoever asked."""

    handle: int


@dataclass(frozen=True, slots=True)
class Over:
    """It ended, and this is how."""

    ended: Ended


@dataclass(frozen=True, slots=True)
class Lost:
    """Its launcher is gone and did not say how it ended. stage: the process that may be left of it."""

    stage: Process


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt by its task's name, and its control folder (absolute)."""

    name: str
    folder: Path

    @classmethod
    def of(cls, task: Task) -> Attempt:
        """The attempt that a task asks for."""
        return cls(task.name, task.folder.resolve() / FOLDER / task.name.removeprefix(f"{task.job}."))

    @property
    def cancel(self) -> Path:
        """The file that says it shall not begin, or shall end."""
        return self.folder / "cancel"

    @property
    def words(self) -> Path:
        """Where its launcher says why it could not start the stage."""
        return self.folder / "launcher.log"

    def began(self) -> bool:
        """Whether a launcher has taken it."""
        return (self.folder / "run.json").exists()

    def forget(self) -> None:
        """Afterwards it is as if no launcher had taken it: the one that had is gone, and its stage with it."""
        (self.folder / "run.json").unlink(missing_ok=True)

    def over(self) -> bool:
        """Whether it has ended and left word how."""
        return (self.folder / "exit.json").exists()

    def look(self) -> Fresh | Alive | Over | Lost:
        """What has become of it.

        The launcher is looked for before its word, so one that ends in between is not taken for lost.
        Raises OSError where it cannot be found out now: that says nothing about the attempt.
        """
        run = _read(self.folder / "run.json")
        found = None if run is None else handle(_process(run, ""))
        if found is not None:
            return Alive(found)
        left = _read(self.folder / "exit.json")
        if left:
            return Over(_ended(self.name, left))
        return Fresh() if run is None else Lost(_process(run, "stage_"))

    def lost(self) -> Ended:
        """Its end as one that left no trace."""
        return Ended(task=self.name, end=End.LOST, detail=LOST)

    def never_started(self, why: str) -> Ended:
        """Its end as one that could not be started. why: empty: what its launcher said."""
        said = why or _last_line(self.words) or NO_WORD
        return Ended(task=self.name, end=End.NEVER_STARTED, detail=f"the stage could not be started: {said}")


def attempt_name(control: str, work: Path) -> str | None:
    """The name of the task whose control folder this is; None if it is not below work."""
    path = Path(control)
    if path.parent.name != FOLDER or path.parent.parent.parent != work:
        return None
    return f"{path.parent.parent.name}.{path.name}"


def _read(path: Path) -> dict[str, Any] | None:
    """What a file of the launcher says: None if it is not there, empty if it is not one of ours."""
    try:
        read = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _process(run: Mapping[str, Any], prefix: str) -> Process:
    """One of the processes in a ``run.json``; one that never was where the file does not name it."""
    pid, started, boot = run.get(f"{prefix}pid"), run.get(f"{prefix}started"), run.get("boot")
    if isinstance(pid, int) and isinstance(started, int) and isinstance(boot, str) and pid > 0:
        return Process(pid=pid, started=started, boot=boot)
    return Process(pid=0, started=0, boot="")


def _ended(name: str, left: Mapping[str, Any]) -> Ended:
    end, status, peak = End(left["why"]), int(left["status"]), int(left["peak_memory"])
    started, ended = float(left["started"]), float(left["ended"])
    match end:
        case End.EXITED:
            detail = f"it ended with status {status}" if status else ""
        case End.KILLED:
            detail = f"it was ended by signal {status} ({signal.strsignal(status) or 'unknown'})"
        case End.TIMEOUT:
            detail = f"it ran for {ended - started:.0f} s, which is longer than it may"
        case End.OUT_OF_MEMORY:
            detail = f"it needed more memory than there was for it: it held {peak / 2**20:.0f} MiB when it was ended"
        case _:
            detail = "it was cancelled"
    return Ended(
        task=name,
        end=end,
        status=status if end in {End.EXITED, End.KILLED} else None,
        detail=detail,
        started=started,
        ended=ended,
        peak_memory=peak,
    )


def _last_line(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip().rpartition("\n")[2]
    except OSError:
        return ""
