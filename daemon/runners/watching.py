"""Owns the thread that notices at once when a process ends, whoever started it, and calls what waits for that."""

from __future__ import annotations

import os
import selectors
import threading
from collections import deque
from collections.abc import Callable

from daemon.runners.processes import collect

Action = Callable[[], None]


class Watching:
    """One thread that sleeps until a watched process ends or it is handed something. All actions run on it, in turn."""

    def __init__(self, name: str) -> None:
        """Afterwards the thread runs, under this name."""
        self._selector = selectors.DefaultSelector()
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._handed: deque[tuple[int | None, Action]] = deque()
        self._open = True
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def soon(self, action: Action) -> None:
        """Afterwards action will be called."""
        self._hand(None, action)

    def until_gone(self, handle: int, action: Action) -> None:
        """Afterwards action will be called when the process behind a pidfd ends. The pidfd is ours to close."""
        self._hand(handle, action)

    def close(self) -> None:
        """Afterwards no action begins and every pidfd is closed; an action that has begun ends first."""
        with self._lock:
            if not self._open:
                return
            self._open = False
            os.eventfd_write(self._bell, 1)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _hand(self, handle: int | None, action: Action) -> None:
        with self._lock:
            if self._open:
                self._handed.append((handle, action))
                os.eventfd_write(self._bell, 1)
            elif handle is not None:
                os.close(handle)

    def _run(self) -> None:
        while self._open:
            for key, _ in self._selector.select():
                if key.fd == self._bell:
                    os.eventfd_read(self._bell)
                elif self._open:
                    self._selector.unregister(key.fd)
                    collect(key.fd)
                    os.close(key.fd)
                    key.data()
            self._take_in()
        self._put_down()

    def _take_in(self) -> None:
        while self._open and self._handed:
            handle, action = self._handed.popleft()
            if handle is None:
                action()
            else:
                self._selector.register(handle, selectors.EVENT_READ, action)

    def _put_down(self) -> None:
        held = [key.fd for key in self._selector.get_map().values()]
        held += [handle for handle, _ in self._handed if handle is not None]
        self._selector.close()
        for fd in held:
            os.close(fd)
