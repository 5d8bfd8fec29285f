"""An item becomes a draft job: which pipeline, which file is what, which options, or why not. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from daemon.model import Arrival, Draft, Job, Manifest, Seen
from daemon.names import safe, shown
from pipelines.contract import Claim, Drop, Entry, Pipeline, Refused, Wanting

CheckOptions = Callable[[Pipeline, Mapping[str, Any]], Mapping[str, Any] | str]
"""(pipeline, what the manifest gives) -> all options with their defaults, or the sentence of what is wrong."""

OURS = ("WHY.txt",)
NOTHING_GIVEN = Manifest(path="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """What routing needs to know: the pipelines by name, and how options are checked for this inbox."""

    pipelines: Mapping[str, Pipeline]
    check: CheckOptions


def route(arrival: Arrival, routing: Routing) -> Draft | Wanting:
    """What becomes of an item: a draft (with a refusal, where it can be no job), or the partner that it waits for."""
    manifest = arrival.manifest or NOTHING_GIVEN
    problem = arrival.problem or manifest.problem or _not_a_file(arrival.files)
    if problem:
        return _refused(arrival, problem)
    drop = _drop(arrival, manifest)
    chosen = _choose(arrival, manifest, drop, routing.pipelines)
    if isinstance(chosen, Refused):
        return _refused(arrival, chosen.reason)
    options = routing.check(chosen, manifest.options)
    if isinstance(options, str):
        return _refused(arrival, options, chosen)
    try:
        claimed = chosen.claim(replace(drop, options=options))
    except Exception as error:  # noqa: BLE001 - a pipeline of another package may fail in any way
        fault = f"The pipeline {chosen.name} cannot look at it ({type(error).__name__}: {error}). Report this."
        return _refused(arrival, fault, chosen)
    return _drafted(arrival, chosen, claimed, options)


def follows(job: Job, pipeline: Pipeline) -> bool:
    """Whether what was dropped can only be done after something else of its key was."""
    files = tuple(Entry(path=path, size=0) for paths in job.roles.values() for path in paths)
    try:
        claimed = pipeline.claim(Drop(name=job.name, entries=files, folder=True, options=job.options))
    except Exception:  # noqa: BLE001 - a pipeline of another package may fail in any way
        return False
    return isinstance(claimed, Claim) and bool(claimed.after)


def _drafted(
    arrival: Arrival, pipeline: Pipeline, claimed: Claim | Wanting | Refused, options: Mapping[str, Any]
) -> Draft | Wanting:
    manifest = arrival.manifest or NOTHING_GIVEN
    match claimed:
        case Wanting(what) if arrival.archive:
            return _refused(arrival, f"It lacks {what}. Nothing can be added to an archive: pack all of it.", pipeline)
        case Wanting():
            return claimed
        case Refused(reason):
            return _refused(arrival, reason, pipeline)
        case Claim(name=name, roles=roles, after=after):
            name = safe(manifest.name or name)
            return Draft(
                pipeline=pipeline.name,
                name=name,
                after=after,
                roles=roles,
                options=options,
                priority=manifest.priority,
                given=manifest.options,
            )


def entries(arrival: Arrival) -> tuple[Entry, ...]:
    """The files of an item by their paths below it, without its manifest and what we put there ourselves."""
    if arrival.archive:
        return arrival.members
    manifest = arrival.manifest.path if arrival.manifest else None
    return tuple(
        Entry(path=path, size=seen.size)
        for seen in arrival.files
        if seen.path != manifest and (path := below(arrival, seen.path)) not in OURS
    )


def below(arrival: Arrival, path: str) -> str:
    """A path of the inbox as a path below the item."""
    top = PurePosixPath(arrival.tops[0])
    base = top if arrival.folder and not arrival.archive else top.parent
    return str(PurePosixPath(path).relative_to(base))


def _drop(arrival: Arrival, manifest: Manifest) -> Drop:
    return Drop(name=safe(arrival.name), entries=entries(arrival), folder=arrival.folder, roles=manifest.roles)


def _refused(arrival: Arrival, reason: str, pipeline: Pipeline | None = None) -> Draft:
    return Draft(pipeline=pipeline.name if pipeline else None, name=safe(arrival.name), refusal=reason)


def _not_a_file(files: Iterable[Seen]) -> str | None:
    for seen in files:
        name = shown(PurePosixPath(seen.path).name)
        if seen.kind == "link":
            return (
                f"{name} is a link (a shortcut to something elsewhere). Links are not followed: copy the file itself."
            )
        if seen.kind != "file":
            return f"{name} is not a file but a device, a pipe or a socket. Take it out and drop the item again."
    return None


def _choose(arrival: Arrival, manifest: Manifest, drop: Drop, pipelines: Mapping[str, Pipeline]) -> Pipeline | Refused:
    if manifest.pipeline is not None:
        return pipelines.get(manifest.pipeline) or Refused(_unknown_pipeline(manifest.pipeline, pipelines))
    if arrival.lane is not None:
        return pipelines[arrival.lane]
    return by_type(drop.entries, pipelines)


def _unknown_pipeline(name: str, pipelines: Mapping[str, Pipeline]) -> str:
    near = difflib.get_close_matches(name, pipelines, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return (
        f'The manifest asks for the pipeline "{shown(name)}", which there is not.{hint} There are: {_names(pipelines)}.'
    )


def by_type(files: tuple[Entry, ...], pipelines: Mapping[str, Pipeline]) -> Pipeline | Refused:
    """The one pipeline that these files are for.

    It has a principal kind among them, can use every file that is principal to any pipeline, and uses the most files.
    """
    of_any = [e for e in files if any(p.kind(e.path) in p.principal for p in pipelines.values())]
    if not of_any:
        return Refused(_nothing_known(files, pipelines))
    able = [
        p
        for p in pipelines.values()
        if any(p.kind(e.path) in p.principal for e in of_any) and all(p.kind(e.path) for e in of_any)
    ]
    used = {p.name: sum(p.kind(e.path) is not None for e in files) for p in able}
    best = [p for p in able if used[p.name] == max(used.values())]
    if len(best) == 1:
        return best[0]
    could = {p.name: p for p in pipelines.values() if any(p.kind(e.path) in p.principal for e in of_any)}
    return Refused(
        f"From the types of these files it is not clear what to do with them ({_some(of_any)}). "
        f"Drop them into the folder that says it: {_names(could)}."
    )


def _nothing_known(files: tuple[Entry, ...], pipelines: Mapping[str, Pipeline]) -> str:
    what = (
        f"No file in it is of a type that visaged works with ({_some(files)})." if files else "There is no file in it."
    )
    known = "; ".join(
        f"{p.name}: " + " ".join(sorted(s for s, kind in p.kinds.items() if kind in p.principal))
        for p in pipelines.values()
    )
    return f"{what} It works with {known}."


def _some(files: Iterable[Entry]) -> str:
    names = [shown(PurePosixPath(e.path).name) for e in files]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004 - three are shown


def _names(pipelines: Mapping[str, Pipeline]) -> str:
    return ", ".join(sorted(pipelines))
