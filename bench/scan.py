"""Many files at once: what a scan costs, and whether all of them are seen and taken."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import time
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

from bench.figures import cpu, median, memory, repeated
from bench.place import set_up
from bench.report import Report, Table
from daemon.model import Job, Status
from daemon.watch import ignores
from daemon.watch.scan import scan

TREE = 100_000
MANY = 20_000
LOOSE = 2_000
TIMES = 7
SETTLE = 2.0
ABOUT = f"""
A scan by itself: {TREE:,} files in 100 folders, warm; the floor is a loop of os.scandir and lstat over the same tree
that keeps nothing. Turn by turn, medians of {TIMES}.

Through a running daemon (settle_seconds = {SETTLE:g}, local disk, events): files of about 100 bytes are copied by a
loop in another process (shutil.copyfile, one after the other) straight into the lane. The daemon is paused, so that
stages do not count; "rows after" is from the last write, less the settle time, until the last job's row is made,
"taken after" until every file has been moved to the work folder and hashed and its job is queued. CPU is that of the
daemon's process from the first write until then; memory the most that it held over what it held before, a file.
""".strip()
COLUMNS = (
    "copied at once",
    "taken",
    "copying s",
    "rows after s",
    "taken after s",
    "CPU s",
    "RSS before MiB",
    "most MiB",
    "B a file",
)
COPY = """
import pathlib, shutil, sys
source, target = map(pathlib.Path, sys.argv[1:])
target.mkdir(parents=True, exist_ok=True)
for path in sorted(source.iterdir()):
    shutil.copyfile(path, target / path.name)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """What is copied at once. into: the folder below the inbox. jobs: how many it becomes."""

    what: str
    into: str
    suffix: str
    files: int
    jobs: int


FLOODS = (
    Flood(what=f"one folder of {MANY:,} files", into="noop/many", suffix=".noop", files=MANY, jobs=1),
    Flood(what=f"{MANY:,} loose files that are one item", into="counted", suffix=".count", files=MANY, jobs=1),
    Flood(what=f"{LOOSE:,} loose files, each an item", into="noop", suffix=".noop", files=LOOSE, jobs=LOOSE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swallowed:
    """How a flood went. Seconds, bytes; held: of files whose job is queued."""

    copying: float
    settled: float
    taken: float
    cpu: float
    before: int
    most: int
    held: int


def measure(folder: Path) -> Report:
    """The bare scan, then the floods, each in a place of its own."""
    swallowed = {flood: _flooded(folder / f"flood-{n}", flood) for n, flood in enumerate(FLOODS)}
    missing = [
        f"{flood.what}: {found.held:,} were taken" for flood, found in swallowed.items() if found.held != flood.files
    ]
    rows = tuple(_row(flood, found) for flood, found in swallowed.items())
    return Report(
        name="scan",
        title="Many files at once",
        about=ABOUT,
        tables=(_bare(folder / "tree"), Table(title="Through a running daemon", columns=COLUMNS, rows=rows)),
        verdicts=() if missing else ("goal: every file is seen and taken: met",),
        broken=tuple(missing),
    )


# ---------------------------------------------------------------- a scan by itself


def _bare(tree: Path) -> Table:
    for number in range(TREE):
        if number % (TREE // 100) == 0:
            (tree / f"folder-{number:06}").mkdir(parents=True)
        (tree / f"folder-{number - number % (TREE // 100):06}" / f"file-{number:06}.noop").touch()
    skip = ignores()
    seen = len(scan(tree, skip))  # warm
    ours: list[float] = []
    least: list[float] = []
    for _ in range(TIMES):  # turn by turn: what else runs here bothers both alike
        ours += repeated(1, lambda: scan(tree, skip))
        least += repeated(1, lambda: _walk(str(tree)))
    a, b = median(ours), median(least)
    return Table(
        title=f"A scan of {seen:,} files in 100 folders",
        columns=("what", "s", "µs a file", "B a file that are kept"),
        rows=(
            ("scan", f"{a:.2f}", f"{a / seen * 1e6:.1f}", f"{_kept(tree) / seen:.0f}"),
            ("floor", f"{b:.2f}", f"{b / seen * 1e6:.1f}", ""),
            ("ratio", f"{a / b:.2f}", "", ""),
        ),
    )


def _walk(folder: str) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _walk(entry.path)
            else:
                entry.stat(follow_symlinks=False)


def _kept(tree: Path) -> int:
    """The bytes that hold what a scan has seen."""
    gc.collect()
    tracemalloc.start()
    found = scan(tree, ignores())
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del found
    return held


# ---------------------------------------------------------------- through a daemon


def _flooded(root: Path, flood: Flood) -> Swallowed:
    place = set_up(root, f"settle_seconds = {SETTLE}")
    source = root / "source"
    source.mkdir()
    for number in range(flood.files):
        (source / f"{number:05}{flood.suffix}").write_text(f"{number} " * 16)
    with place.running() as pid:
        place.ordered("pause")
        used, (before, _) = cpu(pid), memory(pid)
        began = time.time()
        subprocess.run([sys.executable, "-c", COPY, str(source), str(place.inbox / flood.into)], check=True)
        written = time.time()
        place.wait_for(flood.what, lambda: place.count(Status.QUEUED) == flood.jobs, 180.0)
        queued = time.time()
        found = Swallowed(
            copying=written - began,
            settled=max(job.created for job in place.jobs(Status.QUEUED)) - written - SETTLE,
            taken=queued - written - SETTLE,
            cpu=cpu(pid) - used,
            before=before,
            most=memory(pid)[1],
            held=sum(_held(root, job) for job in place.jobs(Status.QUEUED)),
        )
    shutil.rmtree(source)
    return found


def _held(root: Path, job: Job) -> int:
    return sum(len(files) for _, _, files in os.walk(root / "work" / job.id / "in"))


def _row(flood: Flood, found: Swallowed) -> tuple[str, ...]:
    return (
        flood.what,
        f"{found.held:,}",
        f"{found.copying:.1f}",
        f"{found.settled:.1f}",
        f"{found.taken:.1f}",
        f"{found.cpu:.1f}",
        f"{found.before / 2**20:.0f}",
        f"{found.most / 2**20:.0f}",
        f"{max(0, found.most - found.before) / flood.files:,.0f}",
    )
