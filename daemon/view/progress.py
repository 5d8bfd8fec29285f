"""How far the running stages are and how fast they go, from what they report in ``progress.jsonl``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from daemon.names import shown
from pipelines.contract import Progress

WINDOW = 30.0
"""Seconds of the past that the rate is taken from."""

TAIL = 256 * 1024
"""Bytes at the end of ``progress.jsonl`` that are read; some thousand reports."""

SLACK = 5.0
"""Seconds by which the clock of the machine that runs a stage may be behind ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How far a stage is, over all its shards.

    done, total: in units. rate: units a second. left: seconds. at: when the last report came (wall clock, seconds).
    """

    done: float
    total: float
    unit: str
    at: float
    note: str = ""
    rate: float | None = None
    left: float | None = None

    @property
    def fraction(self) -> float | None:
        """From 0 to 1; None where the stage does not know how much there is."""
        return min(self.done / self.total, 1.0) if self.total > 0 else None


def reports(job: Path, stage: str, since: Mapping[str | None, float]) -> tuple[Progress, ...]:
    """The latest reports of a stage in a work folder, in order. since: shard -> when its present attempt began.

    Reports of earlier attempts and of other shards are left out, and so are lines that are no reports.
    """
    parsed = (_report(line) for line in _tail(job / "progress.jsonl"))
    return tuple(
        one for one in parsed if one and one.stage == stage and one.at >= since.get(one.shard, math.inf) - SLACK
    )


def pace(found: Sequence[Progress], now: float, shards: int = 1) -> Pace | None:
    """What reports of one stage say together, or None where there are none. shards: how many there will be in all.

    Shards that have not reported yet count as large as the others are on average. Pure.
    """
    by_shard = [tuple(group) for _, group in groupby(sorted(found, key=_shard), key=_shard)]
    if not by_shard:
        return None
    last = [history[-1] for history in by_shard]
    newest = max(last, key=lambda one: one.at)
    done = sum(one.done for one in last)
    total = sum(one.total for one in last) * max(shards, len(last)) / len(last)
    rate = sum(_rate(history, now) for history in by_shard if not _finished(history[-1]))
    left = max(total - done, 0.0) / rate if rate > 0 and total > 0 else None
    return Pace(
        done=done,
        total=total,
        unit=shown(newest.unit),
        note=shown(newest.note),
        at=newest.at,
        rate=rate or None,
        left=left,
    )


def shards_expected(job: Path, shard: str) -> int:
    """How many shards the stage of this shard has, by the ``shards.json`` of the stage before; 0: not known."""
    for path in job.glob("stages/*/shards.json"):
        try:
            names = json.loads(path.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(names, list) and shard in names:
            return len(names)
    return 0


def _rate(history: Sequence[Progress], now: float) -> float:
    """Units a second within the window, or since the report before it where there are few. Silence slows it down."""
    last = history[-1]
    first = next(i for i, one in enumerate(history) if one.at >= min(last.at, now) - WINDOW)
    seldom = last.at - history[first].at < WINDOW / 2
    anchor = history[max(first - 1, 0) if seldom else first]
    until = last.at if now - last.at <= WINDOW else now
    gained, elapsed = last.done - anchor.done, until - anchor.at
    return gained / elapsed if gained > 0 and elapsed > 0 else 0.0


def _finished(one: Progress) -> bool:
    return 0 < one.total <= one.done


def _shard(one: Progress) -> str:
    return one.shard or ""


def _tail(path: Path) -> Iterable[bytes]:
    try:
        with path.open("rb") as file:
            start = max(0, file.seek(0, 2) - TAIL)
            file.seek(start)
            lines = file.read(TAIL).split(b"\n")
    except OSError:
        return ()
    return lines[1 if start else 0 : -1]


def _report(line: bytes) -> Progress | None:
    try:
        raw: dict[str, Any] = json.loads(line)
        one = Progress(**raw)
        usable = all(isinstance(raw[name], str) for name in ("stage", "unit", "note")) and all(
            math.isfinite(raw[name]) and raw[name] >= 0 for name in ("done", "total", "at")
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return one if usable and isinstance(raw.get("shard"), str | None) else None
