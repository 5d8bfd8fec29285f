"""``STATUS.txt`` in an inbox: what people on the share see, who never open a terminal."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from daemon.model import Job, Status, Take
from daemon.names import shown
from daemon.store import InboxRow, Waiting
from daemon.view.snapshot import Active, Over, Snapshot
from daemon.view.wording import MINUTE, beside, count, gist, moment, percent, sentence, span

NAME: Final = "STATUS.txt"
PARTIAL: Final = ".visaged-status.partial"
LINES: Final = 15
"""How many entries each part of the text has; the rest is counted."""
LATELY: Final = 24 * 3600.0
"""Seconds for which the text tells of what has ended."""

_MOVES = {
    Status.ACCEPTING: "is being taken",
    Status.PUBLISHING: "is done; its result is being put in place",
    Status.FAILING: "has failed; its files are being put aside",
    Status.RETURNING: "is being given back",
}


def board(snapshot: Snapshot, inbox: str, now: float) -> str:
    """The text for one inbox, with the line ends of Windows. Only what happens changes it, and percentages."""
    row = next((row for row in snapshot.inboxes if row.name == inbox), None)
    running = [a for a in snapshot.active if a.job.inbox == inbox and a.job.status is not Status.QUEUED]
    queued = [a for a in snapshot.active if a.job.inbox == inbox and a.job.status is Status.QUEUED]
    waiting = [w for w in snapshot.waiting if w.inbox == inbox]
    over = [o for o in snapshot.finished if o.job.inbox == inbox and now - o.job.updated < LATELY]
    told = {entry.job.id for entry in running} | {entry.job.id for entry in over}
    licences = [one for job, each in snapshot.licences.items() if job in told for one in each]
    lines = ["visaged: what happens with the files in this folder", ""]
    lines += _notices(snapshot, row)
    if not (running or queued or waiting):
        lines += ["Nothing is waiting and nothing is running.", ""]
    lines += _part("RUNNING NOW", running, _running)
    lines += _part(
        "IN THE QUEUE", queued, lambda a: _queued(a, snapshot), max(len(queued), _more_queued(snapshot, queued))
    )
    lines += _part("WAITING IN THIS FOLDER", waiting, _waits, snapshot.waiting_counts.get(inbox, 0))
    lines += _part("FAILED", [o for o in over if o.job.status in (Status.FAILED, Status.CANCELLED)], _failed, row=row)
    lines += _part(
        "GIVEN BACK", [o for o in over if o.job.status is Status.RETURNED and o.job.restore_to], _back, row=row
    )
    lines += _part("DONE", [o for o in over if o.job.status is Status.DONE], _done, row=row)
    lines += _part("LICENCES OF THE WEIGHTS THAT WERE USED FOR THE FIRST TIME", licences, sentence)
    lines += ["This file is written by visaged and changes by itself. Editing or deleting it does no harm."]
    return "".join(f"{line}\r\n" for line in lines)


def write_board(path: Path, text: str) -> bool:
    """Afterwards path holds the text, in one rename and only if it held another; False where the share refuses that.

    Nothing but a plain file is read or replaced in part, whatever somebody has put there under these names.
    """
    data = text.encode("utf-8", "backslashreplace")
    partial = path.with_name(PARTIAL)
    try:
        if _content(path, len(data)) == data:
            return True
        partial.unlink(missing_ok=True)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        partial.replace(path)
    except OSError:
        return False
    return True


def _content(path: Path, size: int) -> bytes | None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return path.read_bytes() if stat.S_ISREG(status.st_mode) and status.st_size == size else None


# ---------------------------------------------------------------- the parts


def _notices(snapshot: Snapshot, row: InboxRow | None) -> Iterator[str]:
    if row and row.problem:
        yield from (f"! {sentence(row.problem)}", "")
    if not snapshot.running:
        yield from ("! visaged is not running: nothing is taken until it is started again.", "")
    if snapshot.paused is not None:
        yield from (f"! Paused since {moment(snapshot.paused)}: what runs goes on, nothing new starts.", "")
    if snapshot.disk_full is not None:
        yield from ("! The disk is nearly full: nothing new starts until there is room. It goes on by itself then.", "")


def _part(
    title: str, entries: Sequence[Any], say: Callable[..., str], total: int = 0, row: InboxRow | None = None
) -> Iterator[str]:
    if not entries:
        return
    number = max(total, len(entries))
    yield f"{title} ({number:,})"
    for entry in entries[:LINES]:
        yield f"- {say(entry, row) if row else say(entry)}"
    if number > LINES:
        yield f"- and {number - LINES:,} more"
    yield ""


def _more_queued(snapshot: Snapshot, queued: Sequence[Active]) -> int:
    """How many are queued in all, where there is one inbox; a snapshot holds only the first of each."""
    return snapshot.count(Status.QUEUED) if queued and len(snapshot.inboxes) == 1 else 0


def _name(job: Job) -> str:
    where = job.lane or job.pipeline
    return f"{shown(job.item)} ({where})" if where else shown(job.item)


def _running(entry: Active) -> str:
    if entry.job.status is not Status.RUNNING:
        return f"{_name(entry.job)} {_MOVES[entry.job.status]}"
    stuck = gist(entry.job.reason) if entry.job.reason else "between two steps"
    says = f"{_name(entry.job)}: {entry.stage or stuck}"
    if entry.pace and entry.pace.fraction is not None:
        says += f", {percent(entry.pace.fraction)}"
    if entry.pace and entry.pace.left is not None:
        says += f", {_coarse(entry.pace.left)} left"
    return says


def _queued(entry: Active, snapshot: Snapshot) -> str:
    if entry.job.not_before > snapshot.at:
        return f"{_name(entry.job)}: a step failed; it is tried again at {moment(entry.job.not_before)}"
    if entry.holder is None:
        return _name(entry.job)
    before = next((one for one in snapshot.active if one.job.id == entry.holder.id), Active(job=entry.holder))
    left = f", {_coarse(before.pace.left)} left" if before.pace and before.pace.left is not None else ""
    how = f" ({before.stage}{left})" if before.stage else ""
    return f"{_name(entry.job)}: waits for {shown(before.job.item)}{how}, which is for {shown(entry.job.key or '')} too"


def _waits(entry: Waiting) -> str:
    where = f" ({entry.lane})" if entry.lane else ""
    return f"{shown(entry.name)}{where}: {shown(entry.why)}, since {moment(entry.since)}"


def _failed(entry: Over, row: InboxRow) -> str:
    job = entry.job
    if job.status is Status.CANCELLED:
        where = f" Its files: {beside(job.inputs_at, row.path)}" if job.inputs_at else ""
        return f"{_name(job)}, {moment(job.updated)}: it was cancelled.{where}"
    why = f" More in {beside(f'{job.inputs_at}/WHY.txt', row.path)}" if job.inputs_at else ""
    return f"{_name(job)}, {moment(job.updated)}: {gist(job.reason or 'it failed')}{why}"


def _back(entry: Over, row: InboxRow) -> str:
    return f"{_name(entry.job)}, {moment(entry.job.updated)}: its files are in {beside(entry.place or '', row.path)}"


def _done(entry: Over, row: InboxRow) -> str:
    job = entry.job
    place = beside(entry.place, row.path) if entry.place else "no result was kept"
    faults = f"; {count(len(job.faults), 'part')} of it failed, see WHY.txt there" if job.faults else ""
    kept = "" if job.take is Take.MOVE else " (the original stays here)"
    return f"{_name(job)}, {moment(job.updated)}: {place}{faults}{kept}"


def _coarse(seconds: float) -> str:
    """Steps of a minute, so that the text does not change with each look."""
    minutes = round(seconds / MINUTE)
    return f"about {span(MINUTE * minutes)}" if minutes else "less than a minute"
