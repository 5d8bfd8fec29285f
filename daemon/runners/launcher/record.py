"""Owns what a launcher leaves in the control folder: who runs the attempt, and how it ended."""

import os
import time

from .stage import Orders


def claim(orders: Orders, stage: int) -> bool:
    """Whether this launcher is the one that runs the attempt; then ``run.json`` says so, whole from the start."""
    me = os.getpid()
    boot = read("/proc/sys/kernel/random/boot_id").strip()
    record = (
        f'{{"pid":{me},"started":{_start_time(me)},"boot":"{boot}",'
        f'"stage_pid":{stage},"stage_started":{_start_time(stage)}}}\n'
    )
    partial = orders.file(f".run.{me}.partial")
    with open(partial, "w", encoding="ascii") as file:  # noqa: PTH123  # no fsync: nobody survives what would lose it
        file.write(record)
    try:
        os.link(partial, orders.file("run.json"))
    except FileExistsError:
        return False
    finally:
        os.unlink(partial)  # noqa: PTH108
    return True


def _start_time(pid: int) -> int:
    """When a process started, in clock ticks since the boot: field 22 of its stat, the name in brackets being 2."""
    return int(read(f"/proc/{pid}/stat").rpartition(")")[2].split()[19])


def farewell(orders: Orders, why: str, status: int, started: float, peak: int) -> None:
    """Afterwards ``exit.json`` says how it ended, and a power cut does not unsay it."""
    record = f'{{"why":"{why}","status":{status},"started":{started},"ended":{time.time()},"peak_memory":{peak}}}\n'
    partial = orders.file(".exit.partial")
    _put(partial, record.encode("ascii"))
    os.rename(partial, orders.file("exit.json"))  # noqa: PTH104
    folder = os.open(orders.control, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _put(path: str, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.write(file, data)
    os.fsync(file)
    os.close(file)


def read(path: str) -> str:
    """The content of a small file, empty where it (or its process) is gone."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:  # noqa: PTH123  (pathlib costs 4 ms here)
            return file.read()
    except OSError:
        return ""
