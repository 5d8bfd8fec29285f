"""Jobs without an item: what users ask by commands, the clock every night, and a tree that was edited."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import structlog

from daemon.dispatch.events import TreeEdited
from daemon.dispatch.intake import new_id
from daemon.dispatch.keys import keys_of, options_of
from daemon.dispatch.lasting import Lasting
from daemon.dispatch.site import Site
from daemon.errors import CannotDo
from daemon.folders import walk
from daemon.model import Job, Kind, Status, Take
from daemon.moves import rename_new
from daemon.names import safe
from daemon.store import Store
from pipelines.contract import Command

AHEAD = 100
"""The priority of a command that only reads: somebody waits for its answer."""

CLOCK = " (by itself)"
"""Ends the name of what nobody has asked for."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked. key: None for a command that is about none. given: a folder with the files of its parameters.

    clock: nobody waits for the answer.
    """

    pipeline: str
    command: str
    inbox: str
    key: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    given: Path | None = None
    clock: bool = False


class Asking:
    """Makes jobs of questions. Every method is called from the dispatcher's thread."""

    def __init__(self, store: Store, site: Site) -> None:
        self._store = store
        self._site = site

    def ask(self, question: Question, now: float) -> Job:
        """Afterwards the question is a job in the queue. Raises CannotDo for what cannot be asked."""
        command = self._command(question)
        job = self._job(question, command, now)
        options = self._options(job, command)
        if isinstance(options, str):
            raise CannotDo(options)
        if question.given is not None:
            place = self._site.folder(job) / "in"
            place.parent.mkdir(parents=True, exist_ok=True)
            rename_new(question.given, place)
            job = replace(job, roles=_roles(place))
        job = replace(job, options=options)
        self._store.add([job])
        log.info("asked", job=job.id, command=job.command, key=job.key)
        return job

    def every_key(self, pipeline: str, command: str, now: float) -> None:
        """Afterwards the command is asked for each key that the pipeline remembers, but where it waits already."""
        for inbox, key in keys_of(self._site.state, pipeline):
            if inbox in self._site.inboxes:
                self.ask_once(Question(pipeline=pipeline, command=command, inbox=inbox, key=key, clock=True), now)

    def ask_once(self, question: Question, now: float) -> None:
        """Afterwards the command is asked, or something waits to start that will do the same on its way."""
        if question.pipeline not in self._site.pipelines or question.inbox not in self._site.inboxes:
            return
        edited = self._site.pipelines[question.pipeline].edited
        for job in self._store.of_status(Status.QUEUED, Status.ACCEPTING):
            same = (job.pipeline, job.inbox, job.key) == (question.pipeline, question.inbox, question.key)
            if same and (job.command == question.command or (question.command == edited and job.holds)):
                return
        try:
            self.ask(question, now)
        except CannotDo as error:  # nobody waits for the answer: it is shown as a job that failed
            job = replace(self._job(question, self._command(question), now), reason=str(error))
            self._store.add([ended_by_itself(job, str(error), Kind.SETUP, now)])
            log.warning("a key cannot be worked at", key=question.key, command=question.command, why=str(error))

    def note_edits(self, edited: TreeEdited, now: float) -> None:
        """Afterwards what the user changed in a tree will be read."""
        pipeline = self._site.pipelines.get(edited.pipeline)
        whose = (edited.inbox, edited.key)
        if pipeline is not None and pipeline.edited and whose in keys_of(self._site.state, pipeline.name):
            question = Question(
                pipeline=edited.pipeline, command=pipeline.edited, inbox=edited.inbox, key=edited.key, clock=True
            )
            self.ask_once(question, now)

    def _options(self, job: Job, command: Command) -> Mapping[str, Any] | str:
        """With what was said for its key, where the command heeds it; else those of config.toml, which can be had."""
        pipeline, check = self._site.pipeline(job), self._site.inboxes[job.inbox].routing.check
        if job.key is None or not command.heeds_options:
            return check(pipeline, {})
        said = options_of(self._site.state_folder(job), pipeline)
        return Lasting(pipeline=pipeline, check=check, key=job.key, said=said).options({})

    def _command(self, question: Question) -> Command:
        pipeline = self._site.pipelines.get(question.pipeline)
        if pipeline is None:
            raise CannotDo(f"The pipeline {question.pipeline} is not enabled in config.toml.")
        if question.inbox not in self._site.inboxes:
            raise CannotDo(f"There is no inbox {question.inbox}. There are: {', '.join(self._site.inboxes)}.")
        return pipeline.command(question.command)

    def _job(self, question: Question, command: Command, now: float) -> Job:
        return Job(
            id=new_id(now),
            pipeline=question.pipeline,
            inbox=question.inbox,
            lane=None,
            key=question.key if command.keyed else None,
            item=f"{command.name}{CLOCK}" if question.clock else command.name,
            name=safe(command.name),
            status=Status.QUEUED,
            priority=0 if command.commits else AHEAD,
            take=Take.REFERENCE,
            tops=(),
            fingerprint=hashlib.sha256(command.name.encode()).hexdigest(),
            archive=False,
            folder=False,
            roles={},
            options={},
            created=now,
            updated=now,
            command=command.name,
            arguments=question.arguments,
            holds=command.commits,
        )


def _roles(place: Path) -> dict[str, tuple[str, ...]]:
    """Parameter -> the files that were given for it, below ``in/``."""
    roles: dict[str, tuple[str, ...]] = {}
    for path in sorted(walk(place)):
        below = path.relative_to(place)
        roles[below.parts[0]] = (*roles.get(below.parts[0], ()), str(below))
    return roles


def ended_by_itself(job: Job, reason: str, kind: Kind, now: float) -> Job:
    """A command that failed: it has no files to put away, so that it is over at once."""
    status = Status.CANCELLED if kind is Kind.CANCELLED else Status.FAILED
    return replace(job, status=status, kind=kind, reason=reason, updated=now)
