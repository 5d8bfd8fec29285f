"""What signals ask of the daemon: to end, or to read its configuration again. They may come at any time."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from daemon.dispatch import Event, Stop


@dataclass(slots=True)
class Wish:
    """What signals asked for, whenever they come: the one mutable thing that a signal handler touches.

    post: tells the dispatcher that runs now.
    """

    stop: bool = False
    reload: bool = False
    post: Callable[[Event], None] | None = None

    def heard(self, number: int, _frame: object) -> None:
        """A signal came: SIGHUP wants the configuration read again, the others an end."""
        if number == signal.SIGHUP:
            self.reload = True
        else:
            self.stop = True
        if self.post is not None:
            self.post(Stop())

    def serve(self, post: Callable[[Event], None]) -> None:
        """Afterwards the dispatcher behind post hears of signals, those that came before it was there too."""
        self.post = post
        if self.stop or self.reload:
            post(Stop())


@contextmanager
def signals() -> Iterator[Wish]:
    """Within, SIGTERM, SIGINT and SIGHUP are wishes."""
    wish = Wish()
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, wish.heard) for number in numbers}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
