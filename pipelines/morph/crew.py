"""Several things at once: copies of this process, each with its share of the cores.

While a picture is drawn on the processor, some of the work keeps one core busy and leaves the others idle; copies fill
them. A copy is forked, so it has the modules and the meshes without loading them again.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from pipelines.contract import cores

MOST = 4
"""Copies; with more of them memory is spent faster than time is won."""
ROOM = 1024**3
"""Bytes that all copies together may need."""
_COPY = 100 * 1024**2
"""Bytes that a copy needs by itself."""
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)

What = TypeVar("What")
Made = TypeVar("Made")


def copies(things: int, room: int) -> int:
    """How many copies make so many things at once; 1: none, this process makes them. room: bytes for each of them.

    A process with threads is not copied: what these hold, OpenGL's own among them, would be held in the copy for ever.
    """
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        return 1
    return max(1, min(things, cores(), MOST, ROOM // (_COPY + room)))


class Count:
    """A number that copies add to, one after the other. among: how many of them there are."""

    def __init__(self, among: int) -> None:
        self._value: Any = _Own()
        if among > 1:
            from multiprocessing import Value  # noqa: PLC0415  most jobs are one pair, and start sooner without

            self._value = Value("q", 0)

    def add(self, more: int, tell: Callable[[int], None]) -> None:
        """Afterwards the number is more by so many, and has been told before any other copy adds to it."""
        with self._value.get_lock():
            self._value.value += more
            tell(self._value.value)


class _Own:
    """A number of this process alone, as ``multiprocessing.Value`` has it."""

    def __init__(self) -> None:
        self.value = 0

    def get_lock(self) -> AbstractContextManager[None]:
        """Nobody else is there to wait for."""
        return nullcontext()


def shared(make: Callable[[What], Made], things: Sequence[What], among: int) -> list[Made]:
    """What make gives for each of the things, made by so many copies; what one raises is raised here.

    The copies end with this process, however it ends. ``make`` may hold anything; what it gives must be picklable.
    """
    if among == 1:
        return [make(thing) for thing in things]
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415  as above
    from multiprocessing import get_context  # noqa: PLC0415

    begun = (lambda number: make(things[number]), max(1, cores() // among), os.getpid())
    with ProcessPoolExecutor(among, get_context("fork"), _begin, begun) as pool:
        return list(pool.map(_made, range(len(things))))


_MAKE: list[Callable[[int], Any]] = []
"""In a copy: what it makes. A lambda cannot be sent to it, but is there when it is forked."""


def _begin(make: Callable[[int], Any], share: int, parent: int) -> None:
    ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)
    os.environ["VISAGED_CPUS"] = str(share)
    _MAKE.append(make)


def _made(number: int) -> Any:
    return _MAKE[0](number)
