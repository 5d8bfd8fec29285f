"""Where the originals of a key's files lie once their jobs are over: for what a tree shows again, or shows anew."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from daemon.dispatch.site import Site
from daemon.model import Job, Take
from pipelines.contract import TREE, Input, Request, read_leaves, write_atomic

FOLDER = "sources"
"""The folder, beside a key's revisions, with a list for each job that brought files."""


def note(root: Path, job: Job, request: Request, site: Site) -> None:
    """Afterwards it is known where the job's inputs will lie. Members of an archive lie nowhere by themselves."""
    if job.archive or not request.inputs:
        return
    lines = (_line(entry, site.folder(job) / entry.path, _place(entry, job, site)) for entry in request.inputs)
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    write_atomic(root / FOLDER / f"{job.id}.jsonl", "".join(lines).encode("ascii"))


def found(root: Path, staged: Path, but: Iterable[str]) -> dict[str, tuple[Path, ...]]:
    """Where what the staged tree wants, but for the contents given, lies unchanged since it was noted, by SHA-256."""
    wanted = {leaf.sha256 for leaf in read_leaves(staged / TREE) if leaf.sha256} - set(but)
    places: dict[str, tuple[Path, ...]] = {}
    for sha256, place in _noted(root) if wanted else ():
        if sha256 in wanted:
            places[sha256] = (*places.get(sha256, ()), place)
    return places


def _place(entry: Input, job: Job, site: Site) -> Path:
    below = Path(entry.path).relative_to("in")
    if job.take is Take.MOVE:
        return Path(str(job.inputs_at)) / below
    top = Path(job.tops[0])
    return site.inboxes[job.inbox].path / (top if job.folder else top.parent) / below


def _line(entry: Input, now: Path, later: Path) -> str:
    status = now.stat() if now.exists() else None
    size, mtime = (status.st_size, status.st_mtime_ns) if status else (entry.size, 0)
    return json.dumps([entry.sha256, size, mtime, str(later)]) + "\n"


def _noted(root: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted((root / FOLDER).glob("*.jsonl")):
        for line in path.read_text("ascii").splitlines():
            sha256, size, mtime, text = json.loads(line)
            place = Path(text)
            try:
                status = place.lstat()
            except OSError:
                continue
            if (status.st_size, status.st_mtime_ns) == (size, mtime):
                yield sha256, place
