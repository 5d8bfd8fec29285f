"""The words of the daemon as types: what arrives, what is drafted, what runs, how it ends, and when it is tried again.

Paths of dropped files are text in which bytes that are not UTF-8 stand as lone surrogates (PEP 383).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from pipelines.contract import Entry, Fault, Result, Stage

# ---------------------------------------------------------------- what arrives


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One file as a scan saw it.

    path: relative to the inbox. size: bytes. kind: "file", "link" or "other" (device, socket, fifo).
    """

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    kind: str = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file that a manifest says belongs to the item."""

    path: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A sidecar that was read. path: relative to the inbox. problem: why it cannot be used; then all else is empty."""

    path: str
    pipeline: str | None = None
    name: str | None = None
    priority: int = 0
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Listed, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An item that has settled.

    lane: the folder below the inbox that names a pipeline; None in the inbox root. key: below a keyed lane.
    name: as the user sees it (a folder's name, a file's stem, ``a__b`` of a loose pair), not yet made safe.
    tops: what moves when it is taken, relative to the inbox: one folder, one archive, or loose files.
    folder: dropped as a folder or an archive, so that all of it belongs together.
    files: everything below tops. members: an archive's content, paths below the item; else empty.
    """

    inbox: str
    lane: str | None
    key: str | None
    name: str
    tops: tuple[str, ...]
    files: tuple[Seen, ...]
    folder: bool
    archive: bool = False
    members: tuple[Entry, ...] = ()
    manifest: Manifest | None = None
    problem: str | None = None  # why it can never become a job, found while looking (an archive that cannot be listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """An item that is there but not complete. why: a sentence for the user ("still being written: a.obj")."""

    inbox: str
    lane: str | None
    tops: tuple[str, ...]
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What one inbox holds now: every item in it, once.

    problem: why the inbox is offline; then nothing may be inferred from what is missing.
    """

    inbox: str
    mode: str
    settled: tuple[Arrival, ...] = ()
    unsettled: tuple[Unsettled, ...] = ()
    problem: str | None = None


# ---------------------------------------------------------------- what is drafted and what is run


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A job that routing wants. refusal: the item fails at once with this sentence (then pipeline may be None)."""

    pipeline: str | None
    name: str
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0
    refusal: str | None = None


class Status(StrEnum):
    """Where a job stands. The first six are active: something is still to be done for them."""

    ACCEPTING = "accepting"  # its row is there, its inputs are on their way into the work folder
    QUEUED = "queued"  # inputs in work; waits for a slot, or for the time of its next attempt
    RUNNING = "running"  # a stage of it runs
    PUBLISHING = "publishing"  # the result is on its way to the result tree, then its inputs to the archive
    FAILING = "failing"  # inputs are on their way to the failed folder
    RETURNING = "returning"  # inputs are on their way to where the user wants them back
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETURNED = "returned"  # changed while it was being taken, or given back: not ours any more


ACTIVE = (
    Status.ACCEPTING,
    Status.QUEUED,
    Status.RUNNING,
    Status.PUBLISHING,
    Status.FAILING,
    Status.RETURNING,
)


class Take(StrEnum):
    """What happens to a dropped original."""

    MOVE = "move"
    COPY = "copy"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of one pipeline over one item: a row of the table ``jobs``.

    tops: what was dropped, relative to the inbox; folder: whether it is a folder. roles: role -> paths.
    fingerprint: of what the scan saw.
    fresh: a retry, which is never answered by an earlier job. identity: of the same work (DESIGN section 3, step 6).
    inputs_at: where the user's bytes are once they have left the work folder; chosen before they move.
    restore_to: where the user wants them back.
    answered_by, answer: the job whose result answers for this one, and that result.
    result: its name in the results folder of the pipeline (below the key's, where there is one).
    created, updated, not_before: wall clock, seconds.
    """

    id: str
    pipeline: str | None
    inbox: str
    lane: str | None
    key: str | None
    item: str
    name: str
    status: Status
    priority: int
    take: Take
    tops: tuple[str, ...]
    fingerprint: str
    archive: bool
    folder: bool
    roles: Mapping[str, tuple[str, ...]]
    options: Mapping[str, Any]
    created: float
    updated: float
    not_before: float = 0.0
    fresh: bool = False
    identity: str | None = None
    kind: Kind | None = None
    reason: str | None = None
    faults: tuple[Fault, ...] = ()
    inputs_at: str | None = None
    restore_to: str | None = None
    answered_by: str | None = None
    answer: str | None = None
    result: str | None = None

    @property
    def refused(self) -> bool:
        """Whether routing refused it, so that it fails as soon as its files are taken."""
        return self.status is Status.ACCEPTING and self.kind is Kind.BAD_INPUT and self.reason is not None

    @property
    def waits_to_move(self) -> bool:
        """Whether its files are on their way in or back, so that a failure of that can be told in its row."""
        return not self.refused and self.status in (Status.ACCEPTING, Status.RETURNING)


# ---------------------------------------------------------------- how things end


class Kind(StrEnum):
    """Classes of failure that differ in what helps."""

    BAD_INPUT = "bad input"
    INFRASTRUCTURE = "infrastructure"
    OUT_OF_MEMORY = "out of memory"
    TIMEOUT = "timeout"
    CRASH = "crash"
    CANCELLED = "cancelled"
    SETUP = "setup"  # something of the machine is missing, and only a person can mend it


@dataclass(frozen=True, slots=True)
class Done:
    """It worked; a stage's result comes with it."""

    result: Result


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not work. reason: what happened, where, and what to do."""

    reason: str
    kind: Kind


Outcome = Done | Failed


@dataclass(frozen=True, slots=True)
class Again:
    """Try once more after delay seconds. burns: whether this attempt counts."""

    delay: float
    burns: bool


ATTEMPTS = {Kind.CRASH: 3, Kind.TIMEOUT: 2, Kind.OUT_OF_MEMORY: 2}
"""How many attempts a stage has that ends so; what is not here has one, but infrastructure has no limit."""


def after(failed: Failed, burned: int, infra: int) -> Again | None:
    """When to try a stage again, or None to give up.

    burned: attempts of this stage that counted, this one included; infra: failures of the infrastructure in a row.
    Delays double: 10 s, 20 s, … at most 10 min (infrastructure: from 2 s, at most 5 min).
    """
    if failed.kind is Kind.INFRASTRUCTURE:
        return Again(min(2.0 * 2.0 ** min(infra, 10), 300.0), burns=False)
    if burned < ATTEMPTS.get(failed.kind, 1):
        return Again(min(10.0 * 2.0 ** (burned - 1), 600.0), burns=True)
    return None


# ---------------------------------------------------------------- runners


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
