"""What the service manager is told: that the daemon is ready, alive, reading its configuration again, or ending.

The protocol is sd_notify(3): datagrams to the socket that NOTIFY_SOCKET names. Without one nothing is told.
"""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Final, Self

PATIENCE: Final = 1.0
"""Seconds that a service manager which does not read its socket may hold us up."""


class ServiceManager:
    """Who started us, as far as it wants to hear from us. patience: seconds without a sign of life that it bears."""

    def __init__(self, address: str | None = None, patience: float = math.inf) -> None:
        """address: of its socket, a path or an ``@`` and an abstract name; None where there is no service manager."""
        self._address = f"\0{address[1:]}" if address and address.startswith("@") else address
        self.patience = patience

    @classmethod
    def found_in(cls, environment: MutableMapping[str, str]) -> Self:
        """The one that the environment names, which afterwards does not: no stage is to speak in our name."""
        address = environment.pop("NOTIFY_SOCKET", None)
        patience = environment.pop("WATCHDOG_USEC", "")
        environment.pop("WATCHDOG_PID", None)
        return cls(address or None, int(patience) / 1e6 if patience.isdecimal() else math.inf)

    def ready(self) -> None:
        """Afterwards it knows that inboxes are watched."""
        self._tell("READY=1", "STATUS=Inboxes are watched.")

    def alive(self) -> None:
        """Afterwards its watchdog waits anew."""
        self._tell("WATCHDOG=1")

    def reloading(self) -> None:
        """Afterwards it knows that the configuration is read again; ``ready`` ends that."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """Afterwards it knows that the daemon ends."""
        self._tell("STOPPING=1", "STATUS=Ending; stages that run go on.")

    def _tell(self, *lines: str) -> None:
        if self._address is None:
            return
        # One that is gone or restarts itself is no reason to stop working.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(PATIENCE)
            channel.sendto("\n".join(lines).encode(), self._address)


class Pulse:
    """Says that the daemon lives, but only while it does its work: a thread of its own would also beat for a dead one.

    A beat is the word of a reconciler's thread that it comes round; it counts if the dispatcher has turned since the
    last one that counted. With several inboxes each may beat: a share whose server hangs shall not end the others.
    """

    def __init__(self, say: Callable[[], None], every: float, clock: Callable[[], float] = time.monotonic) -> None:
        """say: called by a beat that counts, at most once in so many seconds."""
        self._say = say
        self._every = every
        self._clock = clock
        self._turned = False
        self._due = -math.inf

    def turned(self) -> None:
        """The dispatcher has turned."""
        self._turned = True

    def beat(self) -> None:
        """A reconciler comes round."""
        now = self._clock()
        if self._turned and now >= self._due:
            self._turned, self._due = False, now + self._every
            self._say()
