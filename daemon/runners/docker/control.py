"""Owns the control folder of an attempt in a container, ``<job folder>/.runner/<stage>[.<shard>].<attempt>/``.

::

    intent.json      what shall be: the container's name, and how long the log was before
    container.json   what was made, saved before it is started: if it is gone then, it is lost and not made anew
    cancel           made by the runner: the attempt shall end, and if it has not begun it does not begin
    stop.json        why and when it was asked to stop
    exit.json        how it ended, written last; what is not here is asked of the engine
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self, TypeVar

from daemon.folders import sync_folder
from daemon.model import End, Ended, Task
from daemon.runners.attempt import FOLDER
from pipelines.contract import write_atomic

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What shall be. log_at: length in bytes of the stage's log when the attempt was planned."""

    container: str
    log_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A container that was made. image, digest: what it runs."""

    id: str
    image: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """It was asked to stop. at: wall clock, seconds."""

    why: End
    at: float


@dataclass(frozen=True, slots=True)
class Control:
    """The control folder of a task by its name."""

    task: str
    folder: Path

    @classmethod
    def of(cls, task: Task) -> Self:
        """That of a task."""
        return cls(task.name, task.folder.resolve() / FOLDER / task.name.removeprefix(f"{task.job}."))

    @classmethod
    def named(cls, labels: Mapping[str, str], work: Path) -> Self:
        """That of the task whose labels a container has."""
        name, job = labels["visaged.task"], labels["visaged.job"]
        return cls(name, work / job / FOLDER / name.removeprefix(f"{job}."))

    @property
    def cancel(self) -> Path:
        """The file that says it shall end."""
        return self.folder / "cancel"

    @property
    def job(self) -> Path:
        """The job's folder."""
        return self.folder.parent.parent

    def intent(self) -> Intent | None:
        """What was planned."""
        return _of(Intent, _read(self.folder / "intent.json"))

    def made(self) -> Made | None:
        """What was made."""
        return _of(Made, _read(self.folder / "container.json"))

    def stop(self) -> Stop | None:
        """Why it was asked to stop."""
        told = _read(self.folder / "stop.json")
        return Stop(why=End(told["why"]), at=float(told["at"])) if told else None

    def ended(self) -> Ended | None:
        """How it ended."""
        told = _read(self.folder / "exit.json")
        return Ended(**{**told, "end": End(told["end"])}) if told else None

    def write(self, what: Intent | Made | Stop | Ended) -> None:
        """Afterwards it is written down, durably."""
        name = {Intent: "intent", Made: "container", Stop: "stop", Ended: "exit"}[type(what)]
        for folder in (self.folder.parent, self.folder):  # not the job's: one that is gone shall not come back
            folder.mkdir(exist_ok=True)
        write_atomic(self.folder / f"{name}.json", json.dumps(asdict(what)).encode())
        sync_folder(self.folder)

    def forget(self) -> None:
        """Afterwards nothing says that it was ever tried."""
        for name in ("exit.json", "stop.json", "container.json", "intent.json"):
            (self.folder / name).unlink(missing_ok=True)


def digests(job: Path) -> tuple[str, ...]:
    """The images that the job's stages ran in, by the digests of their registry or their ids, each once, by name."""
    made = (_of(Made, _read(path)) for path in sorted((job / FOLDER).glob("*/container.json")))
    return tuple(dict.fromkeys(one.digest for one in made if one))


def _read(path: Path) -> dict[str, Any] | None:
    """What a file of ours says; None where there is none, or something that is not ours."""
    try:
        told = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def _of(kind: type[T], told: Mapping[str, Any] | None) -> T | None:
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**told) if told and set(told) == names else None
