"""How lengths of time, moments, shares and amounts are said to people. Pure."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path

from daemon.names import shown

MINUTE, HOUR, DAY = 60, 3600, 86400


def span(seconds: float) -> str:
    """A length of time, as exact as a person wants it: ``40 s``, ``3 min``, ``2 h 10 min``, ``5 days``."""
    whole = max(0, round(seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{round(whole / MINUTE)} min"
    if whole < 2 * DAY:
        hours, minutes = divmod(round(whole / MINUTE), 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(whole / DAY)} days"


def moment(at: float) -> str:
    """A moment (wall clock, seconds) in local time, the same text whenever it is asked for: ``3 Nov 14:02``."""
    when = datetime.fromtimestamp(at).astimezone()
    return f"{when.day} {when:%b %H:%M}"


def percent(fraction: float) -> str:
    """A share in whole percent; 100 % only when all is done."""
    return f"{math.floor(100 * min(max(fraction, 0.0), 1.0) + 1e-9)} %"


def amount(value: float) -> str:
    """A number without needless digits: ``41``, ``3.2``, ``0.05``."""
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"  # noqa: PLR2004 - two digits suffice


def count(number: int, one: str, many: str = "") -> str:
    """``1 job``, ``20,000 jobs``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def gigabytes(size: int) -> str:
    """A size in bytes as ``1.2 GB``."""
    return f"{size / 1e9:.3g} GB"


def beside(path: str, inbox: str) -> str:
    """A path as people on the share know it: from the folder that the inbox lies in, else whole."""
    base = Path(inbox).parent
    near = Path(path).is_relative_to(base) and base != Path(base.anchor)
    return shown(str(Path(path).relative_to(base)) if near else path)


def gist(reason: str) -> str:
    """The first of the sentences that a failure has, a line each, and how many more there are."""
    lines = [line for line in reason.splitlines() if line.strip()] or [""]
    return sentence(lines[0]) + (f" (and {len(lines) - 1} more)" if len(lines) > 1 else "")


def sentence(text: str) -> str:
    """The text on one line, ended with a full stop. Its first letter stays: it may be that of a file's name."""
    line = shown(" ".join(text.split()))
    return line if not line or line.endswith((".", "!", "?", ":")) else f"{line}."
