"""How the rows of the database become values of the model, and back."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from daemon.model import Job, Kind, Slot, Status, Take, task_name
from pipelines.contract import Fault


class AttemptStatus(StrEnum):
    """Where one attempt at a stage stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at one stage (or shard): a row of the table ``attempts``. started, ended: wall clock, seconds."""

    job: str
    stage: str
    shard: str | None
    number: int
    status: AttemptStatus
    runner: str
    slot: Slot
    started: float
    burns: bool = True
    kind: Kind | None = None
    reason: str | None = None
    ended: float | None = None
    peak_memory: int = 0

    @property
    def name(self) -> str:
        """The name of its task."""
        return task_name(self.job, self.stage, self.shard, self.number)


class WaitingState(StrEnum):
    """Why something in an inbox is not a job yet."""

    UNSETTLED = "unsettled"  # not complete
    WANTING = "wanting"  # complete, but a partner is missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something in an inbox that is not a job yet, and why. since: wall clock, seconds."""

    inbox: str
    lane: str | None
    tops: tuple[str, ...]
    name: str
    state: WaitingState
    why: str
    since: float

    @property
    def place(self) -> str:
        """The key of what lies there."""
        return place(self.inbox, self.tops)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """What is known of an inbox. marker: the id in its marker, once seen. problem: why it is offline."""

    name: str
    path: str
    results: str
    mode: str
    marker: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something the user told the daemon from the command line."""

    id: int
    verb: str
    args: Mapping[str, Any]


def place(inbox: str, tops: Iterable[str]) -> str:
    """A key for what lies at tops in an inbox, of fixed length however many there are."""
    return hashlib.sha256(json.dumps([inbox, *tops]).encode()).hexdigest()[:32]


def dumps(value: object) -> str:
    """Compact ASCII JSON."""
    return json.dumps(value, separators=(",", ":"))


JOB_COLUMNS = tuple(f.name for f in dataclasses.fields(Job))


def plain(value: Any) -> Any:
    """Text as SQLite can hold it: a byte that is not UTF-8 (a lone surrogate) becomes a readable escape."""
    return value.encode("utf-8", "backslashreplace").decode() if type(value) is str else value


def of_job(job: Job) -> dict[str, Any]:
    """The columns of a job (all but seq)."""
    row = {name: plain(getattr(job, name)) for name in JOB_COLUMNS}
    row |= {
        "place": place(job.inbox, job.tops),
        "tops": dumps(job.tops),
        "roles": dumps({role: list(paths) for role, paths in job.roles.items()}),
        "options": dumps(dict(job.options)),
        "arguments": dumps(dict(job.arguments)),
        "faults": dumps([dataclasses.asdict(f) for f in job.faults]),
    }
    return row


def job(row: sqlite3.Row) -> Job:
    """The job of a row."""
    values: dict[str, Any] = {name: row[name] for name in JOB_COLUMNS}
    values |= {
        "status": Status(row["status"]),
        "take": Take(row["take"]),
        "kind": Kind(row["kind"]) if row["kind"] else None,
        "tops": tuple(json.loads(row["tops"])),
        "roles": {role: tuple(paths) for role, paths in json.loads(row["roles"]).items()},
        "options": json.loads(row["options"]),
        "arguments": json.loads(row["arguments"]),
        "faults": tuple(Fault(**f) for f in json.loads(row["faults"])),
        "archive": bool(row["archive"]),
        "folder": bool(row["folder"]),
        "fresh": bool(row["fresh"]),
        "holds": bool(row["holds"]),
    }
    return Job(**values)


def of_attempt(attempt: Attempt) -> dict[str, Any]:
    """The columns of an attempt."""
    row = {f.name: plain(getattr(attempt, f.name)) for f in dataclasses.fields(Attempt) if f.name != "slot"}
    slot = attempt.slot
    return row | {
        "shard": attempt.shard or "",
        "cpus": slot.cpus,
        "memory": slot.memory,
        "gpus": dumps(list(slot.gpus)),
    }


def attempt(row: sqlite3.Row) -> Attempt:
    """The attempt of a row."""
    values = {f.name: row[f.name] for f in dataclasses.fields(Attempt) if f.name != "slot"}
    values |= {
        "shard": row["shard"] or None,
        "status": AttemptStatus(row["status"]),
        "kind": Kind(row["kind"]) if row["kind"] else None,
        "burns": bool(row["burns"]),
        "slot": Slot(cpus=row["cpus"], memory=row["memory"], gpus=tuple(json.loads(row["gpus"]))),
    }
    return Attempt(**values)


def waiting(row: sqlite3.Row) -> Waiting:
    """What waits, of a row."""
    values = {f.name: row[f.name] for f in dataclasses.fields(Waiting)}
    return Waiting(**values | {"tops": tuple(json.loads(row["tops"])), "state": WaitingState(row["state"])})


def of_waiting(entry: Waiting) -> dict[str, Any]:
    """The columns of what waits."""
    row = {f.name: plain(getattr(entry, f.name)) for f in dataclasses.fields(Waiting)}
    return row | {"place": entry.place, "tops": dumps(entry.tops)}


def order(row: sqlite3.Row) -> Order:
    """The order of a row."""
    return Order(id=row["id"], verb=row["verb"], args=json.loads(row["args"]))


def loads(text: str) -> Any:
    """The value of JSON text."""
    return json.loads(text)
