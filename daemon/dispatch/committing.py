"""What a job leaves for good besides a result of its own: the next revision of its key's state, and the key's tree."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog

from daemon import revisions, tree
from daemon.dispatch import keys, sources
from daemon.dispatch.lasting import Lasting
from daemon.dispatch.preparing import PREPARED, STATE
from daemon.dispatch.receipts import faults_of, receipt_of, results_of, staged_by, why_partly
from daemon.dispatch.site import Site
from daemon.dispatch.tree_watch import leave
from daemon.folders import Ownership, remove
from daemon.model import Failed, Job, Kind
from daemon.store import Attempt
from daemon.why import WHY, note
from pipelines.contract import Fault, Request, Result, Stage, read_request, read_result, stage_folder, write_atomic

REVISIONS = 14
"""How many revisions of a key's state stay: two weeks of nights."""

RECEIPT = "receipt.json"
FAULTS = "tree-faults.json"
"""What of the tree could not be shown, in the work folder."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Committing:
    """One job's way into state and tree: begin, show_tree, finish, each again after a kill. Called by a mover."""

    job: Job
    site: Site
    attempts: Sequence[Attempt]
    ownership: Ownership

    def begin(self) -> Failed | None:
        """Afterwards the new revision is on disk, but not the one that holds."""
        if self.site.reverts(self.job):
            number = int(self.job.arguments["revision"])
            again = revisions.prepare_again(self._root, number, self.job.id, self.job.updated)
            return again if isinstance(again, Failed) else None
        stage, result = self._changing
        if result is None or stage is None or result.state is None:
            return None
        change = revisions.Change(
            job=self.job.id,
            base=self._request.revision,
            new=stage_folder(self._work, stage.name) / result.state,
            keep=result.keep,
            at=self.job.updated,
        )
        match revisions.prepare(self._root, change):
            case Failed() as failed:
                return failed
        return None

    def show_tree(self) -> Failed | None:
        """Afterwards the key's tree is what the last stage wants it to be."""
        staged = staged_by(self._work, self.site.stages(self.job))
        if staged is None:
            return Failed("The last stage left no tree. This is a fault of the pipeline; report it.", Kind.CRASH)
        change = tree.TreeChange(
            job=self.job.id,
            tree=self.site.results_folder(self.job),
            state_root=self._root,
            staged=staged,
            sources=self._sources(staged),
            kept=self.site.kept_folder(self.job),
            ownership=self.ownership,
            forget=frozenset(self._told.get("forget", ())),
            beside=self._beside(),
            seen=self._work / self._request.published if self._request.published else None,
        )
        match tree.apply(change):
            case Failed() as failed:
                return failed
            case report:
                told = [dataclasses.asdict(fault) for fault in report.faults]
                write_atomic(self._work / FAULTS, json.dumps(told).encode("ascii"))
                leave(self._root, self.site.results_folder(self.job))
                log.info("tree is shown", job=self.job.id, key=self.job.key, report=str(report))
        return None

    def finish(self) -> None:
        """Afterwards the new revision holds, and those that are too old, or must not stay, are gone."""
        revision = revisions.prepared(self._root, self.job.id)
        if revision is not None:
            revisions.commit(self._root, revision)
        if self.job.command is None:
            keys.note(self._root, self.job, self._lasting())
            sources.note(self._root, self.job, self._request, self.site)
        forgets = bool(self._told.get("prune"))
        if self.job.command != self.site.pipeline(self.job).edited:  # somebody who goes back has them read before
            revisions.prune(self._root, 1 if forgets else REVISIONS)
        if forgets:
            self._forget_copies()

    def _lasting(self) -> Mapping[str, Any]:
        """The options that hold for the key from now on: the job's manifest said them, or one before it."""
        pipeline = self.site.pipeline(self.job)
        given = {name: value for name, value in self.job.arguments.items() if name not in pipeline.once}
        said = keys.options_of(self._root, pipeline)
        check = self.site.inboxes[self.job.inbox].routing.check
        together = Lasting(pipeline=pipeline, check=check, key=str(self.job.key), said=said).together(given)
        return {**said, **given} if together is None else together

    def _forget_copies(self) -> None:
        """Afterwards no work folder of the key holds an older state, nor is one kept that a backup was put in place of.

        Its other jobs are over, or have not begun.
        """
        for older in keys.asides(self._root):
            remove(older)
        whose = (self._request.pipeline, self._request.key)
        for path in self.site.work.glob("*/request.json"):
            try:
                request = read_request(path.parent)
            except (OSError, ValueError, TypeError, KeyError):
                continue  # of a job that is being removed
            if (request.pipeline, request.key) != whose:
                continue
            shutil.rmtree(path.parent / STATE, ignore_errors=True)
            if path.parent != self._work:
                (path.parent / PREPARED).unlink(missing_ok=True)  # a question that runs is asked again
                shutil.rmtree(path.parent / "stages", ignore_errors=True)

    # ------------------------------------------------------------ within

    @property
    def _work(self) -> Path:
        return self.site.folder(self.job)

    @property
    def _root(self) -> Path:
        return self.site.state_folder(self.job)

    @cached_property
    def _request(self) -> Request:
        return read_request(self._work)

    @cached_property
    def _changing(self) -> tuple[Stage | None, Result | None]:
        """The last stage that says how the state changes, and what it says."""
        for stage in reversed(self.site.stages(self.job)):
            result = None if stage.sharded else read_result(stage_folder(self._work, stage.name))
            if result is not None and result.state is not None:
                return stage, result
        return None, None

    @property
    def _told(self) -> dict[str, Any]:
        """What that stage tells besides: ``forget``: contents that are not kept; ``prune``: older revisions go."""
        _, result = self._changing
        return result.data if result is not None and isinstance(result.data, dict) else {}

    def _sources(self, staged: Path) -> dict[str, tuple[Path, ...]]:
        """Where contents are, by SHA-256: this job's inputs, and originals that neither it nor the tree holds."""
        own: dict[str, tuple[Path, ...]] = {}
        for entry in self._request.inputs:
            own[entry.sha256] = (*own.get(entry.sha256, ()), self._work / entry.path)
        shown = tree.look(self.site.results_folder(self.job), tree.recorded(self._root)).shown
        held = {file.sha256 for file in shown if file.path}
        return own | sources.found(self._root, staged, held | own.keys(), self._work)

    def _beside(self) -> dict[str, bytes]:
        """What stands in the tree besides what the stage made, by path. The receipt stays in the state too."""
        receipt = receipt_of(self.job, self.attempts, self.site)
        receipts = self._root / "receipts"
        receipts.mkdir(parents=True, exist_ok=True)
        write_atomic(receipts / f"{self.job.id}.json", receipt)
        faults = faults_of(self._work, self.site.stages(self.job))
        return {RECEIPT: receipt} | (
            {WHY: note(why_partly(faults, dropped=self.job.command is None))} if faults else {}
        )


def tree_faults(work: Path) -> tuple[Fault, ...]:
    """What of the job's tree could not be shown."""
    try:
        return tuple(Fault(**fault) for fault in json.loads((work / FAULTS).read_bytes()))
    except FileNotFoundError:
        return ()


def answer_of(folder: Path, stages: Sequence[Stage]) -> tuple[str, Any]:
    """What a command is answered with, in words and as data: that of the last stage that answers."""
    for result in reversed(results_of(folder, stages)):
        if result.answer or result.data is not None:
            return result.answer, result.data
    return "", None
