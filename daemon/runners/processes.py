"""Owns the question which process is ours: a number alone never says, because numbers are used again."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
MARK = "VISAGED_ATTEMPT"
"""The variable by which a launcher, its stage and all that they start carry the path of their control folder."""
PATIENCE = 5.0
"""Seconds to wait until what was killed is gone; a process in an uninterruptible read may take longer."""

GONE = (FileNotFoundError, ProcessLookupError)
"""What reading about a process raises when it is gone. Any other error (no handle is free) says nothing about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process, for ever. started: clock ticks since the boot. boot: the boot's id."""

    pid: int
    started: int
    boot: str


def boot_id() -> str:
    """The id of this run of the machine."""
    return (PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()


def handle(process: Process) -> int | None:
    """A pidfd of exactly this process while it is alive (the caller closes it), else None.

    Raises OSError when that cannot be found out now.
    """
    if process.boot != boot_id() or _alive_since(process.pid) != process.started:
        return None  # before the handle, because there is none of a number that is now a thread's
    try:
        fd = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    if _alive_since(process.pid) == process.started:  # once more, with the handle held: the number cannot change hands
        return fd
    os.close(fd)
    return None


def _alive_since(pid: int) -> int | None:
    """When a process that is alive started, in clock ticks since the boot; None if it is gone or a zombie."""
    try:
        fields = (PROC / str(pid) / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except GONE:
        return None
    return None if fields[0] in {"Z", "X"} else int(fields[19])


def mark_of(pid: int) -> str | None:
    """The control folder that a process carries; None if it carries none, is gone, or may not be looked at."""
    try:
        environ = b"\0" + (PROC / str(pid) / "environ").read_bytes()
    except (*GONE, PermissionError):
        return None
    _, found, rest = environ.partition(f"\0{MARK}=".encode())
    return os.fsdecode(rest.partition(b"\0")[0]) if found else None


def marked() -> Iterator[tuple[int, str]]:
    """All living processes that carry our mark: number and control folder."""
    for entry in PROC.iterdir():
        if entry.name.isdecimal() and (mark := mark_of(int(entry.name))) is not None:
            yield int(entry.name), mark


def kill_marked(control: str) -> bool:
    """Whether nothing is alive any more that carries this control folder, now that all of it was sent SIGKILL.

    Waits up to PATIENCE for them to go. Raises OSError when it cannot be looked for now.
    """
    until = time.monotonic() + PATIENCE
    while handles := _handles(control):
        for fd in handles:
            send(fd, signal.SIGKILL)
        for fd in handles:
            _gone(fd, until - time.monotonic())
            collect(fd)
            os.close(fd)
        if time.monotonic() > until:
            return False
    return True


def _handles(control: str) -> list[int]:
    found = []
    for pid, mark in marked():
        if mark != control:
            continue
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        if mark_of(pid) == control:  # looked at once more, with the handle held
            found.append(fd)
        else:
            os.close(fd)
    return found


def send(fd: int, number: int) -> None:
    """Send a signal to the process behind a pidfd; afterwards it has it, or is gone."""
    try:
        signal.pidfd_send_signal(fd, number)
    except ProcessLookupError:
        return


def _gone(fd: int, seconds: float) -> None:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    poll.poll(max(0.0, seconds) * 1000)


def collect(fd: int) -> None:
    """Take the exit status of the process behind a pidfd if it is our child and has ended, so that no zombie stays."""
    try:
        os.waitid(os.P_PIDFD, fd, os.WEXITED | os.WNOHANG)
    except ChildProcessError:
        return
