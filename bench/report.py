"""What a bench found, as a page of tables in ``bench/results/``."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.watch.mounts import MOUNTINFO, file_system

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of text under a heading; the first column says what a row is."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a bench found.

    about: what was done, and what the floor is. verdicts: one sentence for each goal. broken: promises that did not
    hold; the bench has failed where there are any.
    """

    name: str
    title: str
    about: str
    tables: tuple[Table, ...]
    verdicts: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under what a bench ran. load: of the last minute, before it began, in cores."""

    day: dt.date
    command: str
    file_system: str
    load: float


def conditions(command: str, folder: Path) -> Conditions:
    """The conditions now, for a bench that works in folder."""
    mounts = MOUNTINFO.read_text("utf-8", "surrogateescape")
    return Conditions(
        day=dt.datetime.now().astimezone().date(),
        command=command,
        file_system=file_system(mounts, folder.resolve()) or "unknown",
        load=os.getloadavg()[0],
    )


def page(report: Report, where: Conditions) -> str:
    """The report as Markdown."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    lines = [
        f"# {report.title}",
        "",
        report.about,
        "",
        f"- date: {where.day}",
        f"- machine: {os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory, {where.file_system}",
        f"- other load before: {where.load:.1f} cores",
        f"- software: Python {platform.python_version()}, Linux {'.'.join(platform.release().split('.')[:2])}",
        f"- command: `{where.command}`",
        "",
    ]
    for table in report.tables:
        lines += [f"## {table.title}", "", *_grid(table), ""]
    lines += [f"- {verdict}" for verdict in report.verdicts]
    lines += [f"- **broken: {promise}**" for promise in report.broken]
    return "\n".join(lines).rstrip() + "\n"


def write(report: Report, where: Conditions) -> Path:
    """Afterwards the report is ``results/<name>.md``."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{report.name}.md"
    path.write_text(page(report, where), encoding="utf-8")
    return path


def _grid(table: Table) -> Sequence[str]:
    rows = [table.columns, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns))]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    head, *body = (f"| {' | '.join(cells)} |" for cells in padded)
    return [head, f"|{'|'.join('-' * (width + 2) for width in widths)}|", *body]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
