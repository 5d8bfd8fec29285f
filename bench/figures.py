"""The arithmetic of measurements: quantiles, repetitions, and what a process has used."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)]


def median(values: Sequence[float]) -> float:
    """The one in the middle."""
    return statistics.median(values)


def repeated(times: int, work: Callable[[], object]) -> tuple[float, ...]:
    """The seconds that each of so many calls of work took."""
    return tuple(_timed(work) for _ in range(times))


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def milliseconds(seconds: float) -> str:
    """To be read."""
    return f"{seconds * 1000:.1f}"


def cpu(pid: int) -> float:
    """Seconds of CPU time that a process has used, its threads included, its children not."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> tuple[int, int]:
    """The bytes that a process holds now, and the most that it has held."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8", "replace")
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return _bytes(lines["VmRSS"]), _bytes(lines["VmHWM"])


def _bytes(field: str) -> int:
    return int(field.split(maxsplit=1)[0]) * 1024
