"""Work that takes too long for the scanner's thread, and answers that are kept as long as somebody asks for them."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Answers by question. Two calls of ``turn`` without the question, and its answer is forgotten."""

    def __init__(self) -> None:
        """Nothing is kept."""
        self._now: dict[Hashable, T] = {}
        self._before: dict[Hashable, T] = {}

    def turn(self) -> None:
        """Forget what was not asked for since the last turn."""
        self._before, self._now = self._now, {}

    def get(self, question: Hashable, answer: Callable[[], T]) -> T:
        """The answer that is kept; if there is none, answer() is, from now on."""
        if question not in self._now:
            self._now[question] = self._before[question] if question in self._before else answer()
        return self._now[question]


class Answer(Generic[T]):
    """What a Helper will have found: value is None until then."""

    value: T | None = None


class Helper:
    """One thread that does one thing after the other. It starts with the first and never keeps the process alive."""

    def __init__(self, ready: Callable[[], None]) -> None:
        """After each answer ready is called, in that thread."""
        self.closed = False
        self._ready = ready
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def ask(self, work: Callable[[], T]) -> Answer[T]:
        """An answer that will hold what work() returns; work does not raise.

        Quick work is waited for where there is no queue.
        """
        answer = Answer[T]()
        done = threading.Event()

        def task() -> None:
            answer.value = work()
            done.set()

        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="watch-aside", daemon=True)
            self._thread.start()
        busy = not self._tasks.empty()
        self._tasks.put(task)
        done.wait(0.0 if busy else 0.01)
        return answer

    def close(self) -> None:
        """Afterwards nothing new is begun; long work sees ``closed`` and ends."""
        self.closed = True
        self._tasks.put(None)
        if self._thread:
            self._thread.join(5.0)

    def _run(self) -> None:
        while not self.closed and (task := self._tasks.get()) is not None:
            with contextlib.suppress(OSError):
                task()
            self._ready()
