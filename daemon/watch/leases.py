"""Whether a program on this machine still has a file open for writing, by the kernel's word (fcntl(2), leases)."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
from pathlib import Path


def ignore_lease_signals() -> None:
    """Afterwards this process ignores SIGIO, which the kernel sends to a lease's holder and which kills by default.

    The daemon calls this from its main thread before the first ``held_open``.
    """
    signal.signal(signal.SIGIO, signal.SIG_IGN)


def held_open(path: Path) -> bool:
    """Whether a local writer has the file open now.

    A read lease is asked for and given back at once: the kernel refuses it (EAGAIN) while there is a writer. False
    where this cannot be known: a file of another user without CAP_LEASE, a file system without leases.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(handle)
    return False
