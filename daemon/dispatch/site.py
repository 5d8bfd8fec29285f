"""What the dispatcher knows of the place it works in: folders, inboxes, pipelines, and where a job's things lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from daemon.model import Job, Take, Task
from daemon.route import Routing
from daemon.store import Attempt
from daemon.watch.scan import Ignores
from pipelines.contract import Command, Pipeline, Stage

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
    umask and group: of what is made for the user (group None: as it comes). state: what pipelines remember of their
    keys, below it. models: weights; fetches: whether missing ones are fetched.
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
    state: Path
    models: Path
    fetches: bool

    def pipeline(self, job: Job) -> Pipeline:
        """The job's pipeline. Raises KeyError where it is not enabled."""
        return self.pipelines[str(job.pipeline)]

    def stages(self, job: Job) -> tuple[Stage, ...]:
        """The stages of the job."""
        return self.pipeline(job).stages_of(job.command, job.options)

    def task(self, job: Job, attempt: Attempt) -> Task:
        """What a runner is given to make that attempt."""
        pipeline = self.pipeline(job)
        return Task(
            job=job.id,
            pipeline=pipeline.name,
            module=pipeline.run_as,
            stage=next(s for s in self.stages(job) if s.name == attempt.stage),
            shard=attempt.shard,
            attempt=attempt.number,
            folder=self.folder(job),
            slot=attempt.slot,
        )

    def asked(self, job: Job) -> Command | None:
        """The command that the job is; None: it is a drop."""
        return self.pipeline(job).command(job.command) if job.command else None

    def commits(self, job: Job) -> bool:
        """Whether the job changes what its pipeline remembers of its key."""
        command = self.asked(job)
        return self.pipeline(job).remembers and (command is None or command.commits)

    def reverts(self, job: Job) -> bool:
        """Whether the job goes back to an earlier revision of its key's state, that of ``arguments["revision"]``."""
        return job.command is not None and job.command == self.pipeline(job).reverted

    def state_folder(self, job: Job) -> Path:
        """Where the job's pipeline remembers its key. Keys of one name in two inboxes are two."""
        return self.state / str(job.pipeline) / key_folder(job.inbox, str(job.key))

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
        if job.key and self.pipeline(job).remembers:
            return self.tree(self.pipeline(job), job.inbox, job.key)
        return self.named_folder(job)

    def named_folder(self, job: Job) -> Path:
        """The folder that has the names of the job's pipeline and key: results are told as paths below it."""
        base = self.inboxes[job.inbox].results / str(job.pipeline)
        return base / job.key if job.key else base

    def tree(self, pipeline: Pipeline, inbox: str, key: str) -> Path:
        """The folder of what a pipeline shows of a key; keys of inboxes that share their results have one each."""
        site = self.inboxes[inbox]
        shared = any(other.results == site.results for other in self.inboxes.values() if other is not site)
        return site.results / pipeline.name / (key_folder(inbox, key) if shared else key)

    def kept_folder(self, job: Job) -> Path:
        """Where files of the user's go that are in the job's tree no more, and nowhere else."""
        return self.archive / self.lane(job) / "kept" / str(job.key)


FIRST_INBOX = "inbox"
"""The name of the inbox that there is where none is configured: its keys have their folders to themselves."""


def key_folder(inbox: str, key: str) -> str:
    """What the folder of a key's state is called."""
    return key if inbox == FIRST_INBOX else f"{key}@{inbox}"
