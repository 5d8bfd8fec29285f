"""Whether the daemon lives: what it tells the service manager, leaves in its state folder, and ``visaged health``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from daemon.cli.exits import DaemonError
from daemon.cli.holding import is_running, seen_alive, show_alive
from daemon.cli.opening import configuration
from daemon.cli.settings import Settings
from daemon.config import Config
from daemon.notify import Pulse, ServiceManager

EVERY = 20.0
"""Seconds between two signs of life; less where the service manager's watchdog is less patient."""
STALE = 1800.0
"""Seconds without one after which a daemon is taken for stuck: scans of the largest shares take minutes."""


class Life:
    """The signs of life of one daemon, for all its configurations."""

    def __init__(self, config: Config) -> None:
        """Nothing was told yet."""
        self._config = config
        self._manager = ServiceManager.found_in(os.environ)
        self._pulse = Pulse(self._alive, min(EVERY, self._manager.patience / 3))
        self.beat = self._pulse.beat

    def turning(self, done: Callable[[], bool]) -> Callable[[], bool]:
        """What ``done`` says after a turn of the dispatcher, whose turn is noted."""

        def turned() -> bool:
            self._pulse.turned()
            return done()

        return turned

    def ready(self) -> None:
        """Afterwards it is known that the inboxes are watched."""
        self._manager.ready()
        show_alive(self._config)

    def ending(self, *, reload: bool) -> None:
        """Afterwards it is known that the daemon ends, or begins again with a new configuration."""
        if reload:
            self._manager.reloading()
        else:
            self._manager.stopping()

    def _alive(self) -> None:
        self._manager.alive()
        show_alive(self._config)


def health(settings: Settings) -> str:
    """How it is with the daemon, in a sentence. Raises DaemonError where none works."""
    config = configuration(settings)
    if not is_running(config):
        raise DaemonError(f"No daemon works with {config.daemon.state}: `visaged run` starts one.")
    silent = max(0.0, time.time() - seen_alive(config))
    if silent > STALE:
        raise DaemonError(
            f"The daemon has not come round for {silent / 60:.0f} minutes. A share whose server does not answer may "
            f"hold it up; its log and `visaged status` say more. Else start it again: stages that run go on."
        )
    return f"The daemon works; it came round {silent:.0f} s ago."
