"""How names and counts stand in tables, sheets and reports, whatever bytes they have."""

from __future__ import annotations

_JOINER = "\u200d"  # holds an emoji of several parts together
_RAW = range(0xDC80, 0xDD00)  # PEP 383: a byte of a name that is not UTF-8


def shown(name: str) -> str:
    r"""The name so that it prints anywhere on one line: what is not printable is escaped (``\n``, ``\xff``)."""
    return name if name.isprintable() else "".join(map(_visible, name))


def counted(number: int, one: str, many: str | None = None) -> str:
    """The number with its noun: 1 face, 26,384 faces."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def with_hidden(text: str, hidden: int) -> str:
    """The text, which counts what is shown, with how many more the user deleted from there."""
    return f"{text} shown, {hidden:,} hidden" if hidden else text


def _visible(char: str) -> str:
    if char.isprintable() or char == _JOINER:
        return char
    code = ord(char)
    return f"\\x{code - 0xDC00:02x}" if code in _RAW else char.encode("unicode_escape").decode("ascii")
