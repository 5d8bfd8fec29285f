"""What no daemon on this machine can do without: processes of Python, rows and files that survive a power cut."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.figures import median, quantile
from bench.place import environment
from pipelines.contract import Request, dump, write_atomic

SAY = "import time; print(time.time())"
LAUNCHER = [sys.executable, "-I", "-S", "-c", SAY]
"""A Python process with as little as possible in it, which stands between the daemon and a stage."""
STAGE = [sys.executable, "-P", "-c", f"import pipelines.contract; {SAY}"]
"""A stage, up to its first line."""
ROWS = 3
"""Transactions that stand between a drop and its stage: it is accepted, it is queued, it is begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Seconds of many repetitions each: until the first line of a process, a transaction, a durable file."""

    launcher: tuple[float, ...]
    stage: tuple[float, ...]
    row: tuple[float, ...]
    file: tuple[float, ...]

    def __add__(self, other: Floor) -> Floor:
        return Floor(
            launcher=self.launcher + other.launcher,
            stage=self.stage + other.stage,
            row=self.row + other.row,
            file=self.file + other.file,
        )

    def start(self, share: float) -> float:
        """Seconds from a settled drop to its stage, if nothing else were done; of the figures' quantile share."""
        both = quantile(self.launcher, share) + quantile(self.stage, share)
        return both + ROWS * quantile(self.row, share) + quantile(self.file, share)

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """As rows of a table: what, median, p95, in milliseconds."""
        parts = {
            "a bare Python process, to its first line (the launcher)": self.launcher,
            "a Python process that imports pipelines.contract, to its first line (the stage)": self.stage,
            "a transaction of one row, WAL, synchronous=FULL": self.row,
            "a small file, written, fsynced and renamed": self.file,
        }
        return tuple((what, f"{median(s) * 1000:.1f}", f"{quantile(s, 0.95) * 1000:.1f}") for what, s in parts.items())


def floor(folder: Path, times: int) -> Floor:
    """The floor under the present conditions. folder: on the disk that the daemon works on."""
    return Floor(
        launcher=tuple(_first_line(LAUNCHER) for _ in range(times)),
        stage=tuple(_first_line(STAGE) for _ in range(times)),
        row=_transactions(folder / "floor.db", times),
        file=tuple(_durable(folder / "floor.json") for _ in range(times)),
    )


def processes_a_second(folder: Path, count: int, at_once: int) -> float:
    """How many stages of the pipeline ``noop`` run in a second when nothing but them runs, so many at once."""
    jobs = [folder / f"floor-{number}" for number in range(count)]
    for job in jobs:
        job.mkdir(parents=True)
        options = {"sleep": 0.0, "crash": 0, "refuse": ""}
        request = Request(job=job.name, pipeline="noop", name=job.name, inputs=(), options=options)
        write_atomic(job / "request.json", dump(request))
    began = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(_noop, jobs))
    return count / (time.perf_counter() - began)


def _noop(job: Path) -> None:
    command = [sys.executable, "-P", "-m", "probes.noop", "noop", str(job)]
    subprocess.run(command, env=environment(), check=True, cwd=job)


def _first_line(command: list[str]) -> float:
    began = time.time()
    said = subprocess.run(command, env=environment(), capture_output=True, check=True, text=True).stdout
    return float(said) - began


def _transactions(path: Path, times: int) -> tuple[float, ...]:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE IF NOT EXISTS rows (n INTEGER, text TEXT)")
    found = tuple(_transaction(database, number) for number in range(times))
    database.close()
    return found


def _transaction(database: sqlite3.Connection, number: int) -> float:
    began = time.perf_counter()
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO rows VALUES (?, ?)", (number, "x" * 500))
    database.execute("COMMIT")
    return time.perf_counter() - began


def _durable(path: Path) -> float:
    began = time.perf_counter()
    write_atomic(path, os.urandom(500))
    return time.perf_counter() - began
