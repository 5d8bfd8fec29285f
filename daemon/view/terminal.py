"""The daemon's state on a terminal: tables for ``status``, live bars for ``run``; no colours anywhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from daemon.model import Status
from daemon.names import shown
from daemon.view.snapshot import Active, Over, Snapshot
from daemon.view.standing import Explanation
from daemon.view.wording import amount, count, gigabytes, gist, moment, percent, sentence, span

WIDE = 2000
"""Columns where there is no terminal, so that a program reads whole lines."""

ROWS = 12
"""How many rows each table has on a live screen."""

_ENDINGS = {
    Status.DONE: ("done", "green"),
    Status.FAILED: ("failed", "red"),
    Status.CANCELLED: ("cancelled", "yellow"),
    Status.RETURNED: ("given back", "yellow"),
}
_LIVE = (Status.RUNNING, Status.ACCEPTING, Status.PUBLISHING, Status.FAILING, Status.RETURNING)


def console(file: IO[str] | None = None) -> Console:
    """A console for stdout or the given file: colours and a terminal's width only where it is a terminal."""
    target = file or sys.stdout
    if target.isatty() and os.environ.get("TERM") not in {None, "", "dumb"}:
        return Console(file=target, highlight=False, soft_wrap=False)
    return Console(file=target, highlight=False, force_terminal=False, color_system=None, width=WIDE)


def show(view: RenderableType) -> None:
    """Afterwards the view stands on stdout; where that is no terminal, without colours, wrapping and padding."""
    target = console()
    if target.is_terminal:
        target.print(view)
        return
    with target.capture() as captured:
        target.print(view)
    target.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def status_view(snapshot: Snapshot, *, rows: int = 10_000) -> RenderableType:
    """The whole state as tables. rows: how many each has at most."""
    parts: list[RenderableType] = [*_notices(snapshot), _inboxes(snapshot)]
    parts += _titled("Running", _running(snapshot, rows))
    parts += _titled(f"Queued ({snapshot.count(Status.QUEUED):,})", _queued(snapshot, rows))
    parts += _titled(f"Waiting ({sum(snapshot.waiting_counts.values()):,})", _waiting(snapshot, rows))
    parts += _titled("Ended lately", _finished(snapshot.finished, rows))
    parts += [Text(), Text(summary(snapshot), style="dim")]
    return Group(*parts)


def live_view(snapshot: Snapshot) -> RenderableType:
    """What moves, for a screen that is drawn again and again: bars, what waits, one line that counts."""
    parts: list[RenderableType] = [*_notices(snapshot), *_titled("", _running(snapshot, ROWS))]
    parts += _titled("", _waiting(snapshot, ROWS // 2))
    return Group(*parts, Text(summary(snapshot), style="dim"))


def summary(snapshot: Snapshot) -> str:
    """One line that counts everything."""
    waiting = sum(snapshot.waiting_counts.values())
    said = [
        count(waiting, "item waits", "items wait") if waiting else "nothing waits",
        f"{snapshot.count(Status.QUEUED):,} queued",
        f"{snapshot.count(*_LIVE):,} running",
        f"{snapshot.count(Status.DONE):,} done",
        f"{snapshot.count(Status.FAILED):,} failed",
    ]
    return " · ".join(said)


def explanation_view(explanation: Explanation) -> RenderableType:
    """An explanation, a sentence a line."""
    heading = Text.assemble((explanation.subject, "bold"), ": ", (explanation.standing, _style(explanation.standing)))
    return Group(heading, *(Padding(line, (0, 0, 0, 2)) for line in map(Text, explanation.sentences)))


def ending(over: Over) -> Text:
    """One line about a job that has ended."""
    word, style = _ENDINGS[over.job.status]
    return Text.assemble((f"{word:<11}", style), (shown(over.job.item), "bold"), f"  {_said(over)}")


class Screen:
    """Live bars at the foot of a terminal, and above them a line for each job that ends. Use it with ``with``."""

    def __init__(self, target: Console, since: float) -> None:
        """since: wall clock, seconds; jobs that ended earlier are not told of."""
        self._live = Live(console=target, refresh_per_second=4, transient=True)
        self._console = target
        self._since = since
        self._told: set[tuple[str, float]] = set()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, snapshot: Snapshot) -> None:
        """Afterwards the terminal shows the snapshot."""
        for over in reversed(snapshot.finished):
            if over.job.updated >= self._since and (over.job.id, over.job.updated) not in self._told:
                self._told.add((over.job.id, over.job.updated))
                self._console.print(ending(over))
        self._live.update(live_view(snapshot))


# ---------------------------------------------------------------- the parts


def _notices(snapshot: Snapshot) -> Iterator[RenderableType]:
    if not snapshot.running:
        yield Text("No daemon is running here; `visaged run` starts one.", style="yellow")
    if snapshot.paused is not None:
        yield Text(f"Paused since {moment(snapshot.paused)}; `visaged resume` goes on.", style="yellow")
    if snapshot.disk_full is not None:
        free = gigabytes(snapshot.disk_full)
        yield Text(f"The work disk is nearly full ({free} free); nothing new starts until there is room.", style="red")


def _titled(title: str, table: Table) -> list[RenderableType]:
    if not table.row_count:
        return []
    return [Text(), Text(title, style="bold"), table] if title else [table]


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", show_header=any(headings))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _inboxes(snapshot: Snapshot) -> Table:
    table = _table("Inbox", "Folder", "Noticed", "State")
    for row in snapshot.inboxes:
        state = Text(sentence(row.problem), style="red") if row.problem else Text("online", style="green")
        table.add_row(Text(row.name), Text(shown(row.path)), Text(row.mode), state)
    if not snapshot.inboxes:
        table.add_row(Text("none is known yet"), Text(), Text(), Text("`visaged run` looks at them"))
    return table


def _running(snapshot: Snapshot, rows: int) -> Table:
    table = _table("Job", "Item", "Stage", "", "Progress", "Rate", "Left")
    entries = [entry for entry in snapshot.active if entry.job.status is not Status.QUEUED]
    for entry in entries[:rows]:
        table.add_row(Text(entry.job.id), Text(shown(entry.job.item)), *_progress(entry, snapshot.at))
    return table


def _progress(entry: Active, now: float) -> Iterator[RenderableType]:
    pace = entry.pace
    stage = entry.stage or entry.job.status.value
    yield Text(f"{stage} x{entry.shards}" if entry.shards > 1 else stage)
    if pace is None or pace.fraction is None:
        yield Text()
        yield Text(
            f"{amount(pace.done)} {pace.unit}" if pace else f"for {span(now - entry.since)}" if entry.since else ""
        )
    else:
        yield ProgressBar(total=1.0, completed=pace.fraction, width=20)
        yield Text(f"{percent(pace.fraction)}  {amount(pace.done)}/{amount(pace.total)} {pace.unit}")
    yield Text(f"{amount(pace.rate)}/s" if pace and pace.rate else "")
    yield Text(span(pace.left) if pace and pace.left is not None else "")


def _queued(snapshot: Snapshot, rows: int) -> Table:
    table = _table("Job", "Item", "Pipeline", "Since", "")
    entries = [entry for entry in snapshot.active if entry.job.status is Status.QUEUED]
    for entry in entries[:rows]:
        job = entry.job
        again = f"waits for {shown(entry.holder.item)}" if entry.holder else ""
        again = f"tried again in {span(job.not_before - snapshot.at)}" if job.not_before > snapshot.at else again
        table.add_row(
            Text(job.id), Text(shown(job.item)), Text(job.pipeline or ""), Text(moment(job.created)), Text(again)
        )
    return table


def _waiting(snapshot: Snapshot, rows: int) -> Table:
    table = _table("Inbox", "Lane", "Item", "Why", "Since")
    for one in snapshot.waiting[:rows]:
        table.add_row(
            Text(one.inbox), Text(one.lane or "-"), Text(shown(one.name)), Text(shown(one.why)), Text(moment(one.since))
        )
    return table


def _finished(finished: Sequence[Over], rows: int) -> Table:
    table = _table("Job", "Item", "", "When", "Where, or why")
    for over in finished[:rows]:
        word, style = _ENDINGS[over.job.status]
        faults = f" ({count(len(over.job.faults), 'part')} failed)" if over.job.faults else ""
        when = Text(moment(over.job.updated))
        table.add_row(
            Text(over.job.id),
            Text(shown(over.job.item)),
            Text(word, style=style),
            when,
            Text(f"{_said(over)}{faults}"),
        )
    return table


def _said(over: Over) -> str:
    """Where the result or the files are, or why there is none."""
    tells_why = over.job.status is Status.FAILED or not over.place
    return gist(over.job.reason or "") if tells_why else shown(over.place or "")


def _style(standing: str) -> str:
    styles = {"done": "green", "online": "green", "running": "cyan", "failed": "red", "offline": "red"}
    return styles.get(standing, "yellow")
