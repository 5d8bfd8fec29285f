"""How names of files are written in sentences: whatever bytes they hold, on one line and not too long."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 80


def shown(path: str) -> str:
    """The last name of a path, printable: other characters, and bytes that are not UTF-8, as escapes."""
    name = path.rpartition("/")[2]
    text = "".join(c if c.isprintable() else _escaped(c) for c in name)
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}…{text[-LONGEST // 2 :]}"


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
