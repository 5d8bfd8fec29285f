"""Where the time of something repeated goes, by part: seconds of CPU and of the wall, lap by lap."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

Seconds = tuple[float, float]
"""Of CPU, of all threads; and of the wall."""
NONE: Seconds = (0.0, 0.0)
REST = "rest"
USUAL = 0.5
"""The share of laps from which on a part belongs to the usual lap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lap:
    """One of them. parts: each without the parts inside of it; ``REST`` is what none has. called: what was."""

    whole: Seconds
    parts: Mapping[str, Seconds]
    called: frozenset[str] = frozenset()


@dataclass(slots=True)
class Laps:
    """A clock. closed: parts inside of which no other counts. laps: those that are over."""

    closed: Collection[str] = ()
    laps: list[Lap] = field(default_factory=list)
    _inside: list[str] = field(default_factory=lambda: [REST])
    _spent: dict[str, Seconds] = field(default_factory=dict)
    _called: set[str] = field(default_factory=set)
    _since: Seconds = NONE
    _began: Seconds = NONE

    def __post_init__(self) -> None:
        self._since = self._began = _now()

    def timed(self, part: str, call: Callable[..., Any], name: str = "") -> Callable[..., Any]:
        """The same, its time the part's. name: by which a lap has it among what was called."""

        @functools.wraps(call)
        def timing(*args: Any, **named: Any) -> Any:
            self._called.add(name)
            self._counted()
            self._inside.append(self._inside[-1] if self._inside[-1] in self.closed else part)
            try:
                return call(*args, **named)
            finally:
                self._counted()
                self._inside.pop()

        return timing

    def over(self) -> None:
        """Afterwards the lap is one of ``laps``, and the next one has begun."""
        self._counted()
        whole = (self._since[0] - self._began[0], self._since[1] - self._began[1])
        self.laps.append(Lap(whole=whole, parts=self._spent, called=frozenset(self._called)))
        self._spent, self._called, self._began = {}, set(), self._since

    @contextmanager
    def watching(self, places: Mapping[str, Sequence[tuple[Any, str]]]) -> Iterator[None]:
        """While it lasts the parts' functions are timed. places: where they are: a module or class, and the name."""
        found = [(part, owner, name) for part, each in places.items() for owner, name in each]
        before = [(owner, name, name in vars(owner), vars(owner).get(name)) for _, owner, name in found]
        try:
            for part, owner, name in found:
                timing = self.timed(part, getattr(owner, name), name)
                setattr(owner, name, staticmethod(timing) if _static(owner, name) else timing)
            yield
        finally:
            for owner, name, own, value in before:
                if own:
                    setattr(owner, name, value)
                else:
                    delattr(owner, name)

    def _counted(self) -> None:
        now, part = _now(), self._inside[-1]
        cpu, wall = self._spent.get(part, NONE)
        self._spent[part] = (cpu + now[0] - self._since[0], wall + now[1] - self._since[1])
        self._since = now


def usual(laps: Sequence[Lap]) -> tuple[Seconds, dict[str, Seconds]]:
    """The usual lap, and its parts, which sum to about as much.

    Each is the median of the laps that have it. What few laps have is spread over all of them.
    """
    names = sorted({name for lap in laps for name in lap.parts})
    having = {name: [lap for lap in laps if name in lap.parts] for name in names}
    parts = {}
    for name, some in having.items():
        share = len(some) / len(laps)
        cpu, wall = _median([lap.parts[name] for lap in some])
        parts[name] = (share * cpu, share * wall)
    rare = [name for name in names if len(having[name]) < USUAL * len(laps)]
    without = [
        (lap.whole[0] - sum(lap.parts.get(name, NONE)[0] for name in rare),
         lap.whole[1] - sum(lap.parts.get(name, NONE)[1] for name in rare))
        for lap in laps
    ]  # fmt: skip
    cpu, wall = _median(without)
    return (cpu + sum(parts[name][0] for name in rare), wall + sum(parts[name][1] for name in rare)), parts


def shares(whole: float, parts: Mapping[str, float]) -> dict[str, float]:
    """What of the whole each part has, the largest first."""
    return {name: spent / whole for name, spent in sorted(parts.items(), key=lambda each: -each[1])}


def _median(values: Sequence[Seconds]) -> Seconds:
    return median(cpu for cpu, _ in values), median(wall for _, wall in values)


def _static(owner: Any, name: str) -> bool:
    return isinstance(vars(owner).get(name), staticmethod)


def _now() -> Seconds:
    return time.process_time(), time.perf_counter()
