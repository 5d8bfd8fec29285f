"""The lock of a state folder: one daemon at a time, whether there is one, and whether it lives."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from daemon.cli.exits import DaemonError
from daemon.config import Config
from daemon.errors import StoreError
from daemon.watch.mounts import MOUNTINFO, file_system, is_remote


class AnotherDaemon(DaemonError):
    """A daemon holds the state folder."""


@contextmanager
def held(config: Config) -> Iterator[None]:
    """Within, this process is the only daemon of the state folder. Raises AnotherDaemon, StoreError."""
    state = config.daemon.state
    if _on_network(state):
        raise StoreError(
            f"{state} is on a network share, where the locks of a database do not hold. "
            "Set state in [daemon] of config.toml to a folder on a local disk."
        )
    state.mkdir(parents=True, exist_ok=True)
    with _lock(config).open("a+") as lock:
        if not _locked(lock):
            raise AnotherDaemon(f"A daemon already works with {state}: `visaged status` shows what it does.")
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def show_alive(config: Config) -> None:
    """Afterwards ``seen_alive`` is now. For the daemon that holds the folder."""
    with suppress(OSError):  # a full disk does not make it dead
        os.utime(_lock(config))


def seen_alive(config: Config) -> float:
    """When the daemon of this configuration last did its work, by the wall clock; 0: never."""
    try:
        return _lock(config).stat().st_mtime
    except OSError:
        return 0.0


def _lock(config: Config) -> Path:
    return config.daemon.state / "daemon.lock"


def _locked(lock: IO[str]) -> bool:
    """Whether the lock is ours now. ``is_running`` holds it for an instant, so one refusal proves nothing."""
    for _ in range(10):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True
    return False


def _on_network(path: Path) -> bool:
    kind = file_system(MOUNTINFO.read_text("utf-8", "surrogateescape"), path.resolve())
    return kind is not None and is_remote(kind)


def is_running(config: Config) -> bool:
    """Whether a daemon works with this configuration's state folder now."""
    try:
        with _lock(config).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
