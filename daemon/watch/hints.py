"""Hints that something changed below a folder: a watchdog observer that can be asked whether it still lives."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper

from daemon.watch.scan import STATUS

_EVENTS: Final[list[type[FileSystemEvent]]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]
"""Not what reading causes: the scanner's own looks would wake it."""

InotifyMoveEventGrouper.delay = 0.0
"""watchdog holds back every rename out of the inbox for half a second, to pair it with where the file went, and later
events wait behind it. Each item that the daemon takes is such a rename, and a hint needs no pair."""

logging.getLogger("watchdog.observers.inotify").setLevel(logging.CRITICAL)
"""An emitter that is stopped while it reads calls that an error; our own supervision knows when something is wrong."""

STORM: Final = 8000
"""Events after which the kernel's queue (16,384 by default) may have run over unnoticed."""


class Hints(FileSystemEventHandler):
    """An observer of one folder with all below it. on_hint is called from its thread, once for each event.

    count: events since ``start``.
    """

    def __init__(self, root: Path, on_hint: Callable[[], None]) -> None:
        """Nothing is observed yet."""
        super().__init__()
        self.count = 0
        self._root = root
        self._status = frozenset[str]()
        self._on_hint = on_hint
        self._observer: BaseObserver | None = None

    def start(self) -> str | None:
        """Afterwards changes are hinted at; or a sentence says why they cannot be (too many folders for inotify)."""
        self.stop()
        self.count = 0
        root = self._root.resolve()
        self._status = frozenset({"", *(str(root / name) for name in STATUS)})
        observer = Observer()
        try:
            observer.schedule(self, str(root), recursive=True, event_filter=_EVENTS)
            observer.start()
        except OSError as error:
            with contextlib.suppress(RuntimeError):
                observer.stop()
                observer.join(5.0)
            return f"the kernel does not report changes below {self._root} ({error.strerror or error}): it is polled"
        self._observer = observer
        return None

    def stop(self) -> None:
        """Afterwards nothing is observed."""
        observer, self._observer = self._observer, None
        if observer is not None:
            with contextlib.suppress(OSError, RuntimeError):  # it is given up, whatever it says
                observer.stop()
                observer.join(5.0)

    def alive(self) -> bool:
        """Whether the observer and the threads that feed it still run."""
        observer = self._observer
        if observer is None or not observer.is_alive():
            return False
        return bool(observer.emitters) and all(emitter.is_alive() for emitter in observer.emitters)

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Anything at all is a hint, but not the daemon's own status page."""
        self.count += 1
        if event.src_path not in self._status or event.dest_path not in self._status:
            self._on_hint()
