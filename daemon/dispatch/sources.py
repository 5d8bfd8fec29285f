"""Where the originals of a key's files lie once their jobs are over: for what a tree shows again, or shows anew."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from daemon.dispatch.site import Site
from daemon.model import Failed, Job, Take
from daemon.unpack import Limits, unpack
from pipelines.contract import TREE, Input, Request, read_leaves, write_atomic

FOLDER = "sources"
"""The folder, beside a key's revisions, with a list for each job that brought files."""
AGAIN = "again"
"""The folder, in a work folder, below which archives are unpacked once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Where one content was put.

    at: the file, or the archive that it is a member of; size, mtime_ns: of that file. ours: it lies in the archive
    folder; else where the user dropped it, and is only ever read.
    """

    sha256: str
    at: str
    member: str | None
    size: int
    mtime_ns: int
    ours: bool

    def is_there(self) -> bool:
        """Whether the file is as it was noted."""
        try:
            status = Path(self.at).lstat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns)


def note(root: Path, job: Job, request: Request, site: Site) -> None:
    """Afterwards it is known where the job's inputs will lie when they have been put away."""
    if not request.inputs:
        return
    lines = "".join(json.dumps(_line(entry, job, site)) + "\n" for entry in request.inputs)
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    write_atomic(root / FOLDER / f"{job.id}.jsonl", lines.encode("ascii"))


def found(root: Path, staged: Path, but: Iterable[str], work: Path) -> dict[str, tuple[Path, ...]]:
    """Where what the staged tree wants, but for the contents given, lies unchanged since it was noted, by SHA-256.

    Archives that hold some of it are unpacked below the work folder.
    """
    wanted = {leaf.sha256 for leaf in read_leaves(staged / TREE) if leaf.sha256} - set(but)
    places: dict[str, tuple[Path, ...]] = {}
    for noted in _noted(root) if wanted else ():
        if noted.sha256 in wanted and noted.is_there() and (place := _place(noted, work)):
            places[noted.sha256] = (*places.get(noted.sha256, ()), place)
    return places


def at_hand(root: Path) -> frozenset[str]:
    """The contents, by SHA-256, of the key's files that lie unchanged where they were noted."""
    return frozenset(noted.sha256 for noted in _noted(root) if noted.is_there())


def _place(noted: Noted, work: Path) -> Path | None:
    again = work / AGAIN
    again.mkdir(exist_ok=True)
    if noted.member is None and noted.ours:
        return Path(noted.at)
    if noted.member is None:
        copied = again / noted.sha256
        shutil.copyfile(noted.at, copied)
        return copied
    unpacked = again / f"{noted.size}-{noted.mtime_ns}"
    try:
        if isinstance(unpack(Path(noted.at), unpacked, Limits()), Failed):
            return None
    except IsADirectoryError:
        return None
    place = unpacked / noted.member
    return place if place.is_file() else None


def _line(entry: Input, job: Job, site: Site) -> list[str | int | bool | None]:
    below = Path(entry.path).relative_to("in")
    top = site.inboxes[job.inbox].path / job.tops[0]
    later = Path(str(job.inputs_at)) if job.take is Take.MOVE else top if job.folder or job.archive else top.parent
    if job.archive:
        moved, member = job.take is Take.MOVE, str(below)
        now = site.folder(job) / "dropped/item" / top.name if moved else top
        later = later / top.name if moved else top
    else:
        now, member, later = site.folder(job) / entry.path, None, later / below
    status = now.stat() if now.exists() else None
    size, mtime_ns = (status.st_size, status.st_mtime_ns) if status else (0, 0)
    return [entry.sha256, str(later), member, size, mtime_ns, job.take is Take.MOVE]


def _noted(root: Path) -> Iterator[Noted]:
    for path in sorted((root / FOLDER).glob("*.jsonl")):
        for line in path.read_text("ascii").splitlines():
            sha256, at, member, size, mtime_ns, ours = json.loads(line)
            yield Noted(sha256=sha256, at=at, member=member, size=size, mtime_ns=mtime_ns, ours=ours)
