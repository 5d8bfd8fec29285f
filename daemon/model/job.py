"""What is drafted for an item and what becomes of it: one row of the table ``jobs``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from daemon.model.ending import Kind
from pipelines.contract import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A job that routing wants.

    given: of the options, those of the manifest. refusal: the item fails at once with this sentence (then pipeline may
    be None). after: what it waits for while its key has no state.
    """

    pipeline: str | None
    name: str
    after: str = ""
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0
    refusal: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


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
    command, arguments: what was asked of the pipeline; of a drop, the options that its manifest gave. holds: it changes
    the key's state, so that the jobs of the key that do run one at a time, in order.
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
    command: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    holds: bool = True

    @property
    def refused(self) -> bool:
        """Whether routing refused it, so that it fails as soon as its files are taken."""
        return self.status is Status.ACCEPTING and self.kind is Kind.BAD_INPUT and self.reason is not None

    @property
    def waits_to_move(self) -> bool:
        """Whether its files are on their way in or back, so that a failure of that can be told in its row."""
        return not self.refused and self.status in (Status.ACCEPTING, Status.RETURNING)
