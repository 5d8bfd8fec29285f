"""Why has this not started, why did it fail: from a job or a path that a person points at to sentences."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from daemon.errors import CannotDo
from daemon.model import Job, Status, Take
from daemon.names import shown
from daemon.store import InboxRow, Store, Waiting
from daemon.view.board import NAME as STATUS
from daemon.view.standing import Explanation, Scene, standing
from daemon.view.wording import count, moment, sentence
from daemon.watch.scan import MARKER, ignores

CANDIDATES = 5
"""How many jobs are named where it is not clear which one is meant."""


def explain(target: str, scene: Scene) -> Explanation:
    """How the target stands and why. target: a job's id or a beginning of it, an item's name, or a path.

    A path may be in an inbox, in the work, failed, archive or results folder. Raises CannotDo where target is neither,
    or could be several jobs.
    """
    looks_like_path = os.sep in target or target in {".", ".."} or os.path.lexists(target)
    if not looks_like_path or _of_id(target, scene.store):
        return standing(find_job(scene.store, target), scene)
    path = Path(os.path.realpath(Path(target).parent), Path(target).name) if Path(target).name else Path.cwd()
    return _of_path(Path(os.path.normpath(path)), scene)


def find_job(store: Store, wanted: str) -> Job:
    """The one job that is meant: by its id, a beginning of it, or the name of its item. Raises CannotDo."""
    match jobs_meant(store, wanted):
        case (one,):
            return one
        case found:
            raise CannotDo(f"{shown(wanted)} could be {len(found):,} jobs; say which by its id:{told(found)}")


def jobs_meant(store: Store, wanted: str) -> tuple[Job, ...]:
    """The jobs that could be meant, newest first: by id, a beginning of it, or name. Raises CannotDo for none."""
    exact = _of_id(wanted, store)
    if exact:
        return (exact,)
    found = (store.jobs_like(wanted) if wanted.isascii() and wanted else ()) or store.named(wanted)
    if not found:
        raise CannotDo(
            f"There is no job {shown(wanted)}, and no file of that name here. `visaged status` lists the jobs."
        )
    return tuple(sorted(found, key=lambda job: -job.created))


def told(jobs: Sequence[Job]) -> str:
    """The first of the jobs, a line for each, and how many more there are."""
    some = [f"{job.id}  {shown(job.item)}, {job.status}, {moment(job.created)}" for job in jobs[:CANDIDATES]]
    more = [f"and {len(jobs) - CANDIDATES:,} more"] if len(jobs) > CANDIDATES else []
    return "".join(f"\n  {line}" for line in (*some, *more))


def _of_id(text: str, store: Store) -> Job | None:
    """The job of that id. Ids are ASCII; what a person points at may be in any bytes."""
    return store.job(text) if text.isascii() else None


def _of_path(path: Path, scene: Scene) -> Explanation:
    if path.is_relative_to(scene.work) and path != scene.work:
        job = _of_id(path.relative_to(scene.work).parts[0], scene.store)
        if job:
            return standing(job, scene)
    for row in scene.store.inboxes():
        for inbox in {Path(row.path), Path(os.path.realpath(row.path))}:
            if path.is_relative_to(inbox):
                return _in_inbox(path, path.relative_to(inbox).as_posix(), row, scene)
    job = _behind(path, scene.store)
    if job:
        return standing(job, scene)
    return _unknown(path, *_nowhere(path, scene))


def _behind(path: Path, store: Store) -> Job | None:
    """The job whose result or whose inputs lie at path or around it: by the database, else by a receipt."""
    for place in (path, *path.parents):
        jobs = store.with_inputs_at(str(place)) or _with_result(place, store)
        if jobs:
            return jobs[0]
    for receipt in (path / "receipt.json", path.parent / "receipt.json", path.with_name(f"{path.stem}.receipt.json")):
        try:
            found = _of_id(str(json.loads(receipt.read_bytes())["job"]), store)
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if found:
            return found
    return None


def _with_result(place: Path, store: Store) -> tuple[Job, ...]:
    """The jobs whose result is place: ``<results>/<pipeline>/[<key>/]<result>``, a folder, or a file with a suffix."""
    found: list[Job] = []
    for row in store.inboxes():
        for results in {Path(row.results), Path(os.path.realpath(row.results))}:
            match place.relative_to(results).parts if place.is_relative_to(results) else ():
                case (pipeline, name):
                    found += store.with_result(pipeline, None, name) or store.with_result(pipeline, None, place.stem)
                case (pipeline, key, name):
                    found += store.with_result(pipeline, key, name) or store.with_result(pipeline, key, place.stem)
    return tuple(found)


# ---------------------------------------------------------------- in an inbox


def _in_inbox(path: Path, below: str, row: InboxRow, scene: Scene) -> Explanation:
    if below == ".":
        return _inbox(row, scene)
    if below in {MARKER, STATUS}:
        return _unknown(path, "It belongs to visaged itself and is no drop")
    ignored = scene.ignored.get(row.name, ignores())
    hidden = next(filter(ignored, Path(below).parts), None)
    if hidden:
        why = f'Names like "{shown(hidden)}" are left alone: they are ignored always, or by `ignore` in config.toml'
        return _unknown(path, why)
    if row.problem:
        return _unknown(path, row.problem, *_asleep(scene))
    waiting = [w for w in scene.store.waiting() if w.inbox == row.name and any(_touches(below, top) for top in w.tops)]
    if waiting:
        return _waiting(path, waiting, scene)
    job = _taken(path, below, row, scene.store)
    return standing(job, scene) if job else _unknown(path, *_unseen(path, below, row, scene))


def _inbox(row: InboxRow, scene: Scene) -> Explanation:
    waits = scene.store.waiting_counts().get(row.name, 0)
    said = [
        row.problem or f"It is online; changes are noticed {_noticed(row)}",
        f"{count(waits, 'item waits', 'items wait')} in it; `visaged status` lists them"
        if waits
        else "Nothing waits in it",
        *_asleep(scene),
    ]
    return Explanation(
        subject=f"the inbox {row.name}, {shown(row.path)}",
        standing="offline" if row.problem else "online",
        sentences=tuple(map(sentence, said)),
    )


def _waiting(path: Path, found: list[Waiting], scene: Scene) -> Explanation:
    first = min(found, key=lambda w: w.since)
    said = [f"{shown(w.name)}: {w.why}, since {moment(w.since)}" for w in found[:CANDIDATES]]
    said += [f"{len(found) - CANDIDATES:,} more wait there"] if len(found) > CANDIDATES else []
    said += _asleep(scene)
    subject = shown(str(path)) if len(found) > 1 else f"{shown(first.name)} ({shown(str(path))})"
    return Explanation(subject=subject, standing="waiting", sentences=tuple(map(sentence, said)))


def _taken(path: Path, below: str, row: InboxRow, store: Store) -> Job | None:
    """The job that took what lies, or lay, at path or around it; None where something new has come there since."""
    for place in (below, *map(str, Path(below).parents)):
        for job in store.took(row.name, place):
            gone = not os.path.lexists(path)
            if gone or job.take is not Take.MOVE or job.status is Status.ACCEPTING:
                return job
    return None


def _unseen(path: Path, below: str, row: InboxRow, scene: Scene) -> Iterator[str]:
    """What can be said about a path in an inbox that neither waits nor was taken."""
    lane = Path(below).parts[0]
    if not os.path.lexists(path):
        yield "There is nothing at this path, and no job has taken anything from there"
    elif path.is_dir() and lane == below and lane in scene.pipelines:
        yield f"This is the lane of {lane}: what is dropped in it goes to that pipeline. Nothing waits in it"
    elif path.is_dir() and not any(path.iterdir()):
        yield "This folder is empty; a drop begins with its first file"
    elif scene.running:
        yield f"The daemon has not looked at it yet: it notices changes {_noticed(row)}. Ask again in a moment"
    else:
        yield "No daemon has looked at it yet"
    close = difflib.get_close_matches(lane, scene.pipelines, n=1)
    if lane not in scene.pipelines and close and (row_path := Path(row.path, lane)).is_dir():
        yield (
            f"{shown(row_path.name)} is no lane, so this folder counts as one item. "
            f"Did you mean {close[0]}? The lanes are {', '.join(scene.pipelines)}"
        )
    yield from _asleep(scene)


def _nowhere(path: Path, scene: Scene) -> Iterator[str]:
    inboxes = ", ".join(shown(row.path) for row in scene.store.inboxes())
    yield "It is not in an inbox, and no job took it from there, keeps files there or made it"
    if not os.path.lexists(path):
        yield "There is nothing at this path"
    yield f"The inboxes are {inboxes}" if inboxes else "No inbox is known yet: `visaged run` looks at them"


def _asleep(scene: Scene) -> Iterator[str]:
    if not scene.running:
        yield "No daemon is running: start it with `visaged run`"


def _noticed(row: InboxRow) -> str:
    return "by looking at intervals" if row.mode == "polled" else "at once"


def _touches(below: str, top: str) -> bool:
    """Whether one of two paths is the other or lies in it."""
    return below == top or below.startswith(f"{top}/") or top.startswith(f"{below}/")


def _unknown(path: Path, *said: str) -> Explanation:
    return Explanation(subject=shown(str(path)), standing="unknown", sentences=tuple(map(sentence, said)))
