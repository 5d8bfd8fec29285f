"""What the dispatcher knows of the place it works in: folders, inboxes, pipelines, and where a job's things lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from daemon.model import Job, Take
from daemon.route import Routing
from daemon.watch.scan import Ignores
from pipelines.contract import Pipeline

ROOT_LANE = "inbox"
"""The folder below archive/ and failed/ of what was dropped in an inbox's root and got no pipeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxSite:
    """One inbox: where it is, where its results go, what happens to originals, and how its drops are routed.

    ignored: the names that its scan leaves alone.
    """

    name: str
    path: Path
    results: Path
    take: Take
    routing: Routing
    ignored: Ignores


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds the work. partner_timeout: seconds. disk_min, unpack: bytes free and bytes unpacked."""

    partner_timeout: float
    disk_min: int
    unpack: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All places.

    pipelines: with the resources of their stages as configured. runner_of: pipeline -> name of its runner.
    umask and group: of what is made for the user (group None: as it comes).
    """

    work: Path
    archive: Path
    failed: Path
    inboxes: Mapping[str, InboxSite]
    pipelines: Mapping[str, Pipeline]
    runner_of: Mapping[str, str]
    limits: Limits
    umask: int
    group: str | None

    def folder(self, job: Job) -> Path:
        """The job's work folder."""
        return self.work / job.id

    def lane(self, job: Job) -> str:
        """The lane's name below archive/ and failed/."""
        return job.lane or job.pipeline or ROOT_LANE

    def archive_folder(self, job: Job) -> Path:
        """Where the job's inputs go after success: one folder a day of arrival."""
        day = datetime.fromtimestamp(job.created, tz=UTC).astimezone().strftime("%Y-%m-%d")
        return self.archive / self.lane(job) / day

    def failed_folder(self, job: Job) -> Path:
        """Where the job's inputs go when it fails."""
        return self.failed / self.lane(job)

    def results_folder(self, job: Job) -> Path:
        """The folder that the job's result appears in."""
        base = self.inboxes[job.inbox].results / str(job.pipeline)
        return base / job.key if job.key else base
