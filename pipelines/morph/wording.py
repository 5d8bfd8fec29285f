"""How names, counts and lists stand in a sentence for the user. Standard library alone: the daemon imports it."""

import difflib
import re
from collections.abc import Sequence

_JOINER = "\u200d"  # holds an emoji of several parts together
_MOST_COMPARED = 2000  # takes a tenth of a second
_RAW = range(0xDC80, 0xDD00)  # PEP 383: a byte of a name that is not UTF-8


def shown(name: str) -> str:
    r"""The name so that it prints anywhere on one line: what is not printable is escaped (``\n``, ``\xff``)."""
    return "".join(c if c.isprintable() or c == _JOINER else _escaped(c) for c in name)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code - 0xDC00:02x}" if code in _RAW else char.encode("unicode_escape").decode("ascii")


def counted(number: int, one: str, many: str | None = None) -> str:
    """The number with its noun: 1 face, 26,384 faces."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str], most: int = 8) -> str:
    """The names in a row, safely shown: a, b and c. Of more than most the first are told and the rest counted."""
    if len(names) > most:
        return ", ".join(map(shown, names[:most])) + f" and {len(names) - most:,} more"
    *first, last = map(shown, names)
    return f"{', '.join(first)} and {last}" if first else last


def alike(wanted: str, names: Sequence[str]) -> str:
    """The name most like wanted as a question to put behind a sentence, or nothing."""
    by_lower = {name.lower(): name for name in names[:_MOST_COMPARED]}
    found = difflib.get_close_matches(wanted.lower(), list(by_lower), n=1)
    return f" (did you mean {shown(by_lower[found[0]])}?)" if found else ""


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """The key that sorts names as a person does: face 2 before face 10, capitals beside small letters."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return (*((0, int(p), "") if p[0] in "0123456789" else (1, 0, p.casefold()) for p in parts), (2, 0, name))
