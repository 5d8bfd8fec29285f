"""The supervision of the hints: which mode an inbox is in now, and whether its observer can still be believed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from daemon.watch.hints import STORM, Hints
from daemon.watch.mounts import Mode, mode_of
from daemon.watch.scan import MARKER

RETRY: Final = 600.0
"""Seconds until inotify is tried again where the kernel refused it."""
DOUBT: Final = 60.0
"""Least seconds between two restarts because a scan found what no event had told."""

log = structlog.get_logger(__name__)


class Watcher:
    """The hints of one inbox, started anew whenever they cannot be trusted.

    hinting: whether changes are hinted at now. note: why not, where they should be.
    """

    def __init__(self, root: Path, configured: Mode, on_hint: Callable[[], None]) -> None:
        """Nothing is watched yet."""
        self._root = root
        self._configured = configured
        self._hints = Hints(root, on_hint)
        self._mode: Mode | None = None
        self._root_was: tuple[int, int, bool] | None = None
        self._retry = 0.0
        self._doubted = -DOUBT
        self._suspect = False
        self._new = True
        self.hinting = False
        self.note: str | None = None

    def ready(self, *, hinted: bool) -> Mode:
        """Afterwards what can be hinted at is; to be called before a scan, so that nothing happens unnoticed between.

        hinted: whether hints still come in; an observer that was in a storm is exchanged only when they have ceased.
        """
        self._root_was = self._root_is()
        if self._mode is None:
            self._mode = mode_of(self._root, self._configured)
        if self._mode is not Mode.EVENTS:
            return self._mode
        if self.hinting and self._in_doubt(hinted=hinted):
            log.info("the observer is started anew", root=str(self._root), events=self._hints.count)
            self.hinting = False
            self._retry = 0.0
        self._new = not self.hinting
        if not self.hinting and time.monotonic() >= self._retry:
            self.note = self._hints.start()
            self.hinting = self.note is None
            self._retry = time.monotonic() + RETRY
        return self._mode

    def missed_something(self) -> None:
        """A scan that nothing asked for found a change: unless the hint is only late, the observer is not believed."""
        self._suspect = not self._new

    def sound(self) -> bool:
        """Whether the inbox and its observer are those of the last scan."""
        return self._root_is() == self._root_was and (not self.hinting or self._hints.alive())

    def stop(self) -> None:
        """Afterwards nothing is watched, and the mode is chosen anew by the next ``ready``."""
        self._hints.stop()
        self.hinting = False
        self._mode = None
        self._retry = 0.0

    def _in_doubt(self, *, hinted: bool) -> bool:
        missed, self._suspect = self._suspect and not hinted, False
        if missed and time.monotonic() >= self._doubted + DOUBT:
            self._doubted = time.monotonic()
            return True
        return (self._hints.count > STORM and not hinted) or not self._hints.alive()

    def _root_is(self) -> tuple[int, int, bool] | None:
        try:
            status = self._root.stat()
            marked = (self._root / MARKER).exists()  # raises where the share does not answer or lets nobody in
        except OSError:
            return None
        return status.st_dev, status.st_ino, marked
