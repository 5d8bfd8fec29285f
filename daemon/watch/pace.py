"""When an inbox is scanned next: soon after a hint, exactly when something settles, and now and then anyway."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from typing import Final

PULSE: Final = 2.0
"""Seconds between looks at whether root and observer are what they were: a rename of the root makes no event."""
HUSH: Final = 0.001
"""Seconds after the first hint: a drop makes several, and a scan between them would only see half of it."""
GAP: Final = 0.02
"""Least seconds between two scans that hints ask for."""
BREATH: Final = 5.0
"""At least so many times the cost of the last scan lie between two: a storm cannot make them back to back."""
SHARE: Final = 50.0
"""An inbox is scanned again without need after so many times the cost of a scan: 2 % of a core."""
LONGEST: Final = 600.0
"""Seconds; and at least so often, whatever it costs."""
OFFLINE: Final = 2.0
"""Seconds until an inbox that is away is looked for again."""


class Pace:
    """The times of the scans of one inbox; monotonic seconds."""

    def __init__(self, rescan: float) -> None:
        """The first scan is due at once. rescan: mean seconds between scans without a need, where there are hints."""
        self._rescan = rescan
        self._due = -math.inf
        self._hinted = -math.inf
        self.away = True

    def scanned(self, now: float, cost: float, due: float | None, *, polled: bool) -> None:
        """Note that a scan of that cost has ended, and when it wants to be repeated."""
        self.away = False
        spare = max(1.0 if polled else self._rescan, SHARE * cost)
        jitter = random.uniform(0.9, 1.1) if polled else random.uniform(2 / 3, 4 / 3)  # noqa: S311 - not a secret
        self._due = max(min(now + min(spare * jitter, LONGEST), due or math.inf), now + BREATH * cost)
        self._hinted = now + max(GAP, BREATH * cost)

    def offline(self, now: float) -> None:
        """Note that the inbox is away."""
        self.away = True
        self._due = self._hinted = now + OFFLINE

    def next(self, hinted: float | None) -> float:
        """When to scan. hinted: when the first hint came since the last scan began, if any."""
        return self._due if hinted is None else min(self._due, max(self._hinted, hinted + HUSH))


class Bell:
    """What the scanner sleeps by."""

    def __init__(self) -> None:
        """It has rung, for the first scan."""
        self.stopping = False
        self._rung: float | None = time.monotonic()
        self._condition = threading.Condition()

    def ring(self, *, stop: bool = False) -> None:
        """Wake the sleeper."""
        if self._rung is not None and not stop:
            return  # a storm of events needs no lock
        with self._condition:
            self._rung = time.monotonic()
            self.stopping |= stop
            self._condition.notify_all()

    def quiet(self) -> bool:
        """Whether it has rung; afterwards it has not."""
        rung, self._rung = self._rung, None
        return rung is not None

    def wait(self, pace: Pace, sound: Callable[[], bool]) -> bool:
        """Return True when a scan is due, False to stop. sound: asked every PULSE; no means that a scan is due."""
        pulse = time.monotonic() + PULSE
        while not self.stopping:
            now = time.monotonic()
            with self._condition:
                until = pace.next(self._rung)
                if now < until and not self.stopping:
                    self._condition.wait(min(until, pulse) - now if pulse > now else 0.0)
            if now >= until:
                return not self.stopping
            if now >= pulse:
                if not pace.away and not sound():
                    return True
                pulse = now + PULSE
        return False
