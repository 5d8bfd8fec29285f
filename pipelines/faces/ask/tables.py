"""Tables in plain letters, for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The rows under their head, each column as wide as it must be; numbers stand at the right."""
    cells = [[_text(cell) for cell in row] for row in rows]
    widths = [max(_width(row[at]) for row in [list(head), *cells]) for at in range(len(head))]
    right = [any(isinstance(row[at], (int, float)) for row in rows) for at in range(len(head))]
    lines = [list(head), *cells]
    return "\n".join("  ".join(map(_padded, line, widths, right)).rstrip() for line in lines)


def count(number: int, one: str, many: str = "") -> str:
    """The number and what it counts: "1 face", "2,300 faces"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case float():
            return "" if cell != cell else f"{cell:.3f}"  # noqa: PLR0124  NaN is not itself
        case int():
            return f"{cell:,}"
        case _:
            text = str(cell).encode("utf-8", "backslashreplace").decode()
            return "".join(c if c.isprintable() else " " for c in text)


def _width(text: str) -> int:
    """Columns that a terminal gives the text."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _padded(text: str, width: int, right: bool) -> str:
    room = " " * (width - _width(text))
    return room + text if right else text + room
