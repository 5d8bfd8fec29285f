"""How the running daemon shows its state: on the terminal, and as STATUS.txt on each share."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from daemon.dispatch import Site
from daemon.store import Store
from daemon.view import Snapshot, board, snapshot, write_board
from daemon.watch.scan import MARKER

VIEW_SECONDS = 0.5
BOARD_SECONDS = 2.0
"""Least seconds between two looks, on the terminal and on the share."""

OnView = Callable[[Snapshot], None]


class Looks:
    """Shows the state: on the terminal and as STATUS.txt on each share, no more often than somebody can read it."""

    def __init__(self, store: Store, site: Site, on_view: OnView | None) -> None:
        self._store = store
        self._site = site
        self._on_view = on_view
        self._viewed = self._boarded = -BOARD_SECONDS
        self._stale = True

    def __call__(self, now: float, changed: bool) -> None:
        """Afterwards what changed is shown, or will be soon."""
        self._stale |= changed
        beat = time.monotonic()  # the wall clock may be set back
        view = self._on_view is not None and beat - self._viewed >= VIEW_SECONDS
        boards = beat - self._boarded >= BOARD_SECONDS and (self._stale or bool(self._store.running()))
        if not view and not boards:
            return
        shot = snapshot(self._store, self._site.work, now)
        if self._on_view and view:
            self._viewed = beat
            self._on_view(shot)
        if boards:
            self._boarded, self._stale = beat, False
            self._write_boards(shot, now)

    def _write_boards(self, shot: Snapshot, now: float) -> None:
        for inbox in self._site.inboxes.values():
            with contextlib.suppress(OSError):  # a share that does not answer
                if (inbox.path / MARKER).is_file():  # else it may be the empty folder that a share is mounted on
                    write_board(inbox.path / "STATUS.txt", board(shot, inbox.name, now))

    def finish(self) -> None:
        """Afterwards everything shows the last state, and that no daemon runs."""
        now = time.time()
        shot = snapshot(self._store, self._site.work, now, running=False)
        if self._on_view:
            self._on_view(shot)
        self._write_boards(shot, now)
