"""Which cores and how much memory of the machine this process may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What this process may use of the machine. cpus: cores. memory: bytes."""

    cpus: float
    memory: int


def machine(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> Machine:
    """What this process may use: all cores and memory of the machine, within the limits of control groups (v2)."""
    cpus, memory = float(len(os.sched_getaffinity(0))), _memory(proc / "meminfo")
    for folder in _control_groups(proc, cgroup):
        quota, period = [*_words(folder / "cpu.max"), "max", "max"][:2]
        if quota != "max":
            cpus = min(cpus, int(quota) / int(period))
        limit = (_words(folder / "memory.max") or ["max"])[0]
        if limit != "max":
            memory = min(memory, int(limit))
    return Machine(cpus=cpus, memory=memory)


def _control_groups(proc: Path, cgroup: Path) -> Iterator[Path]:
    """The control group of this process and all above it: each of them limits."""
    for line in _lines(proc / "self/cgroup"):
        if line.startswith("0::/"):
            own = cgroup / line.removeprefix("0::/")
            yield from (folder for folder in (own, *own.parents) if folder.is_relative_to(cgroup))


def _memory(meminfo: Path) -> int:
    total = [line.split()[1] for line in _lines(meminfo) if line.startswith("MemTotal:")]
    return int(total[0]) * 1024 if total else os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _words(path: Path) -> list[str]:
    return [word for line in _lines(path) for word in line.split()]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
