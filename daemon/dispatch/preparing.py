"""What a job needs before its first stage: weights, and in its work folder the key's state and what its tree shows."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from daemon import models, revisions, tree
from daemon.dispatch import keys
from daemon.dispatch.events import Prepared
from daemon.dispatch.receipts import request_of
from daemon.dispatch.site import Site
from daemon.failpoints import Step, step
from daemon.folders import walk
from daemon.model import Failed, Job, Kind
from pipelines.contract import Input, Request, dump, read_request, stage_folder, write_atomic, write_lines

PREPARED = ".prepared"
"""The file, in a work folder, that says that the job is prepared."""
STATE = "state"
PUBLISHED = "published.jsonl"


def is_prepared(job: Job, site: Site) -> bool:
    """Whether the job's stages may start: it was prepared, or needs nothing."""
    return not _needs(job, site) or (site.folder(job) / PREPARED).exists()


def unprepare(job: Job, site: Site) -> None:
    """Afterwards the job is prepared once more before it goes on."""
    (site.folder(job) / PREPARED).unlink(missing_ok=True)


def prepare(job: Job, site: Site) -> Prepared | Failed:
    """Afterwards the work folder holds what the job's stages need, and its request says so.

    Failed: of the setup, where weights cannot be had; of the infrastructure, where they may be another time; of the
    question, where an earlier revision is asked for that cannot be had.
    """
    pipeline, folder = site.pipeline(job), site.folder(job)
    if failed := _supplied(job, site):
        return failed
    folder.mkdir(parents=True, exist_ok=True)
    before = read_request(folder) if (folder / "request.json").exists() else None
    request = before or request_of(job, _inputs(folder))
    if pipeline.remembers and job.key is not None:
        recalled = _recalled(job, site, request)
        if isinstance(recalled, Failed):
            return recalled
        request = recalled
    write_atomic(folder / "request.json", dump(request))
    again = _outdated(job, site, before, request)
    for stage in again:
        shutil.rmtree(stage_folder(folder, stage), ignore_errors=True)
    step(Step.PREPARED)
    write_atomic(folder / PREPARED, b"")
    return Prepared(again, _licences(job, site))


def _licences(job: Job, site: Site) -> dict[str, str]:
    """The packs of weights that the job works with, each with its licence."""
    packs = models.used(site.pipeline(job), job.options, site.models) if _weighs(job, site) else ()
    return {pack.name: pack.licence for pack in packs}


def _weighs(job: Job, site: Site) -> bool:
    command = site.asked(job)
    return command is None or command.weighs


def _supplied(job: Job, site: Site) -> Failed | None:
    """Afterwards the weights that the job cannot do without are here, and of the others those that can be had."""
    pipeline = site.pipeline(job)
    if not _weighs(job, site):
        return None
    missing, spares = models.missing(pipeline, job.options, site.models), pipeline.spares(job.options)
    must = [one for one in missing if one.name not in spares]
    if must and not site.fetches:
        return Failed(models.advice(must), Kind.SETUP)
    if must and (failed := models.fetch(must, site.models)):
        return failed
    # A command is not to wait for what a drop could not have either.
    if (rest := [one for one in missing if one.name in spares]) and site.fetches and job.command is None:
        models.fetch(rest, site.models)
    return None


def _needs(job: Job, site: Site) -> bool:
    pipeline = site.pipeline(job)
    return job.command is not None or pipeline.remembers or bool(pipeline.needs(job.options))


def _recalled(job: Job, site: Site, request: Request) -> Request | Failed:
    """The request with the revision to read and what the tree shows, both in the work folder."""
    folder, root = site.folder(job), site.state_folder(job)
    keys.note(root, job)
    revision = _revision(job, site)
    if isinstance(revision, Failed):
        return revision
    if revision is None:
        shutil.rmtree(folder / STATE, ignore_errors=True)
    else:
        revisions.present(root, revision, folder / STATE)
    look = tree.look(site.results_folder(job), tree.recorded(root))
    write_lines(folder / PUBLISHED, look.shown)
    state, number = (STATE, revisions.number_held(root)) if revision else (None, 0)
    return replace(request, state=state, revision=number, published=PUBLISHED)


def _revision(job: Job, site: Site) -> revisions.Revision | Failed | None:
    """The revision that the job's stages read: the one that holds, or the earlier one that it goes back to."""
    root = site.state_folder(job)
    return revisions.earlier(root, int(job.arguments["revision"])) if site.reverts(job) else revisions.current(root)


def _outdated(job: Job, site: Site, before: Request | None, request: Request) -> tuple[str, ...]:
    """The stages that read a state which others have changed since."""
    if before is None or before.published is None or before.revision == request.revision:
        return ()
    return tuple(stage.name for stage in site.stages(job) if stage.reads_state(job.options))


def _inputs(folder: Path) -> Iterator[Input]:
    """What a command was given: ``in/<parameter>/…``."""
    if not (folder / "in").is_dir():
        return
    for path in sorted(walk(folder / "in")):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        yield Input(path=str(path.relative_to(folder)), role="", size=path.stat().st_size, sha256=digest)
