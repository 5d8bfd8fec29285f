"""What is written down about a job: the request to its stages, its identity, its receipt, and why it failed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from daemon.dispatch.answers import shards_of
from daemon.dispatch.site import Site
from daemon.folders import Ownership
from daemon.model import Job, Kind
from daemon.publish import Publication, ending
from daemon.receipt import Receipt, receipt
from daemon.runners.docker import digests
from daemon.store import Attempt, AttemptStatus
from pipelines.contract import (
    Fault,
    Input,
    Pipeline,
    Publish,
    Request,
    Result,
    Stage,
    read_request,
    read_result,
    stage_folder,
)


def request_of(job: Job, inputs: Iterable[Input]) -> Request:
    """The request to the job's stages: every input, those with a role first, in the order of the roles."""
    role_of = {path: role for role, paths in job.roles.items() for path in paths}
    rank = {path: n for n, path in enumerate(role_of)}
    named = [replace(i, role=role_of.get(_below(i.path), "")) for i in inputs]
    return Request(
        job=job.id,
        pipeline=str(job.pipeline),
        name=job.name,
        inputs=tuple(sorted(named, key=lambda i: (rank.get(_below(i.path), len(rank)), i.path))),
        options=job.options,
        key=job.key,
        command=job.command,
        arguments=job.arguments,
    )


def identity_of(request: Request, version: str) -> str:
    """The same for the same work: pipeline, version, options, key, and the contents in their roles, in order."""
    contents = [[i.role, i.sha256] for i in request.inputs if i.role]
    work = [request.pipeline, version, dict(request.options), request.key, contents]
    return hashlib.sha256(json.dumps(work, sort_keys=True).encode()).hexdigest()


def results_of(folder: Path, stages: Sequence[Stage]) -> tuple[Result, ...]:
    """The results that the job's stages left, in order; those of shards without their figures, which are of a part."""
    shards = shards_of(folder, stages)
    found: list[Result | None] = []
    for stage in stages:
        if stage.sharded:
            parts = (read_result(stage_folder(folder, stage.name, name)) for name in shards.get(stage.name, ()))
            found += [replace(part, figures={}) for part in parts if part is not None]
        else:
            found.append(read_result(stage_folder(folder, stage.name)))
    return tuple(result for result in found if result is not None)


def faults_of(folder: Path, stages: Sequence[Stage]) -> tuple[Fault, ...]:
    """What of the job failed while the rest is good."""
    return tuple(dict.fromkeys(fault for result in results_of(folder, stages) for fault in result.faults))


ADVICE = {
    Kind.BAD_INPUT: "When the files are mended, move this folder (or what is in it) back into the inbox to try again.",
    Kind.CANCELLED: "Move this folder (or what is in it) back into the inbox to do it after all.",
}
OTHERWISE = "The files themselves may be good. Move this folder (or what is in it) back into the inbox to try again."


def why_failed(job: Job, attempts: int) -> str:
    """The text of WHY.txt: what is wrong and what to do."""
    lines = [str(job.reason), ""]
    if job.kind not in ADVICE and attempts > 1:
        lines += [f"It was tried {attempts} times.", ""]
    if job.tops and job.take != "move":
        lines += ["The originals are where you dropped them; nothing of them was moved.", ""]
    lines += [ADVICE.get(job.kind or Kind.CRASH, OTHERWISE), f"(Job {job.id}; more: visaged explain {job.id})"]
    return "\n".join(lines)


def why_partly(faults: Sequence[Fault], *, dropped: bool = True) -> str:
    """The text of the WHY.txt in a result of which a part failed. dropped: there are files that can be mended."""
    lines = ["A part of this could not be done; the rest is here." if dropped else "This needs a look:", ""]
    lines += [f"{fault.what}: {fault.why}" for fault in faults]
    return "\n".join([*lines, "", "Mend those files and drop everything again to get the whole."] if dropped else lines)


def form_of_result(job: Job, site: Site) -> tuple[Publish, tuple[str, ...]]:
    """How the job's result is published, and how the names of the files end that it is, its own suffix first.

    An answer from before is a folder.
    """
    pipeline = site.pipelines[str(job.pipeline)]
    if job.answer is not None:
        return Publish.FOLDER, ()
    folder, stages = site.folder(job), site.stages(job)
    staged = staged_by(folder, stages)
    if staged is None or pipeline.publish is not Publish.FILE:
        return pipeline.publish, ()
    return pipeline.publish, (staged.suffix, *(ending(path) for path in beside_by(folder, stages)))


def publication(job: Job, attempts: Sequence[Attempt], site: Site, ownership: Ownership) -> Publication:
    """The job's result as it will be published, with its receipt and what there is to say about it."""
    folder, stages = site.folder(job), site.stages(job)
    faults = faults_of(folder, stages)
    return Publication(
        job=job.id,
        staged=None if job.answer is not None else staged_by(folder, stages),
        results=site.results_folder(job),
        target=str(job.result),
        work=folder,
        receipt=receipt_of(job, attempts, site),
        ownership=ownership,
        why=why_partly(faults) if faults else None,
        see=SEE.format(answer=job.answer) if job.answer is not None else None,
        beside=() if job.answer is not None else beside_by(folder, stages),
    )


def receipt_of(job: Job, attempts: Sequence[Attempt], site: Site) -> bytes:
    """The job's receipt, as it is written."""
    folder, pipeline = site.folder(job), site.pipeline(job)
    results = results_of(folder, site.stages(job))
    return receipt(replace(_facts(job, pipeline, read_request(folder), results, attempts), image=_images(folder)))


MISSING = "(a path outside its own folder)"
"""Stands for what a stage wanted to publish that is not its own: nothing is called so, and publishing says that."""

SEE = "The same files with the same options were done before. The result is beside this folder: {answer}"


def staged_by(folder: Path, stages: Sequence[Stage]) -> Path | None:
    """What the job's last stage left to be published, or None where it left nothing."""
    last = stages[-1]
    result = read_result(stage_folder(folder, last.name))
    if result is None or result.publish is None:
        return None
    return _within(stage_folder(folder, last.name), result.publish)


def beside_by(folder: Path, stages: Sequence[Stage]) -> tuple[Path, ...]:
    """What the job's last stage left to stand beside the file that is its result."""
    own = stage_folder(folder, stages[-1].name)
    result = read_result(own)
    return tuple(_within(own, path) for path in result.beside) if result else ()


def _within(own: Path, path: str) -> Path:
    """The path in a stage's own folder; one that would lead out of it leads to nothing."""
    found = own / path
    inside = found.parent.resolve().is_relative_to(own.resolve()) and found.name not in ("", ".", "..")
    return found if inside else own / MISSING


def _facts(
    job: Job, pipeline: Pipeline, request: Request, results: Sequence[Result], attempts: Sequence[Attempt]
) -> Receipt:
    timings: dict[str, float] = {}
    for attempt in attempts:
        if attempt.status is AttemptStatus.DONE and attempt.ended is not None:
            timings[attempt.stage] = round(timings.get(attempt.stage, 0.0) + attempt.ended - attempt.started, 3)
    return Receipt(
        job=job.id,
        pipeline=pipeline.name,
        version=pipeline.version,
        name=job.name,
        inputs=request.inputs,
        options=request.options,
        versions={k: v for result in results for k, v in result.versions.items()},
        weights={k: v for result in results for k, v in result.weights.items()},
        timings=timings,
        figures={k: v for result in results for k, v in result.figures.items()},
        warnings=tuple(w for result in results for w in result.warnings),
        faults=tuple(dict.fromkeys(f for result in results for f in result.faults)),
        answered_by=job.answered_by,
        answer=job.answer,
    )


def _images(folder: Path) -> str | None:
    """The images that the stages ran in, by digest; None where none ran in a container."""
    return ", ".join(digests(folder)) or None


def _below(path: str) -> str:
    return str(PurePosixPath(path).relative_to("in"))
