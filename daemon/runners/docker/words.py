"""Owns the copy of what a stage prints, from the engine's log into ``logs/``, complete also when it was interrupted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from daemon.runners.docker.engine import Engine

TAIL = 65536
"""Bytes of a log in which the reason of a failure is looked for."""


def log_of(job: Path, stage: str, shard: str | None) -> Path:
    """The log of a stage, the same on every runner."""
    return job / "logs" / (f"{stage}.{shard}.log" if shard else f"{stage}.log")


def length(log: Path) -> int:
    """How long it is now, in bytes."""
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0


def copy(engine: Engine, container: str, log: Path, begin: int, taken_in: Callable[[Any], None]) -> None:
    """Afterwards all that the container printed is in its log, from the byte where its own words begin.

    Returns when the container is over, when the engine goes away, or when the wait is ended; what is there by then
    stays, and the next copy goes on behind it. Only what an engine has thrown away meanwhile (96 MiB later) is missing.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
    try:
        known = max(0, length(log) - begin)
        for piece in _after(engine.log(container, taken_in), known):
            _write(handle, piece)
    finally:
        os.close(handle)


def tail(log: Path, begin: int) -> str:
    """The last words in a log that begin at or behind a byte."""
    try:
        with log.open("rb") as file:
            file.seek(max(begin, length(log) - TAIL))
            return file.read(TAIL).decode("utf-8", "replace")
    except OSError:
        return ""


def _after(pieces: Iterator[bytes], known: int) -> Iterator[bytes]:
    """What comes behind the first bytes, which are known."""
    for piece in pieces:
        new = piece[known:]
        known = max(0, known - len(piece))
        if new:
            yield new


def _write(handle: int, piece: bytes) -> None:
    while piece:
        piece = piece[os.write(handle, piece) :]
