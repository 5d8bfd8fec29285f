"""Names that every file system takes, of files and of people's folders, and what a folder's name says. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from pipelines.faces.people.words import Person

LIMIT = 140
"""The most bytes of a name, so that a number still fits where every file system takes it."""
_FORBIDDEN = frozenset('<>:"/\\|?*')
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])\s*(?:\.|$)", re.IGNORECASE)
_NONCHARACTER = 0xFFFE  # the last two code points of every plane
_RAW = range(0xDC80, 0xDD00)  # PEP 383: a byte of a name that is not UTF-8
_NUMBERED = re.compile(r"person-0*([0-9]+)", re.IGNORECASE)
_LONGEST_SUFFIX = 16


def safe(name: str) -> str:
    """The name as Windows, macOS, SMB and ext4 all take it, with its suffix. Idempotent.

    Bytes that are not UTF-8 become %XX, what some system refuses an underscore. A name that is too long is cut before
    its suffix and stays apart from others by eight digits of its hash.
    """
    text = unicodedata.normalize("NFC", "".join(map(_allowed, unicodedata.normalize("NFC", name)))).strip(" ")
    if text.startswith("."):
        text = "_" + text[1:]
    text = text.rstrip(". ") or "unnamed"
    if _DEVICE.match(text):
        text = "_" + text
    if _size(text) <= LIMIT:
        return text
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    stem, suffix = parted(text)
    end = f"-{digest}{suffix}"
    return _cut(stem, LIMIT - _size(end)) + end


def parted(name: str) -> tuple[str, str]:
    """Stem and suffix of a file's name; the suffix with its dot, or empty where it is too long to be one."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem and 0 < _size(suffix) <= _LONGEST_SUFFIX else (name, "")


def fold(name: str) -> str:
    """What two names share that some file system or reader takes for the same: case, composed characters, blanks."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).strip(" ")


def free(path: str, taken: Collection[str]) -> str:
    """The first of ``a/b.jpg``, ``a/b (2).jpg`` … whose fold is not taken."""
    head, slash, name = path.rpartition("/")
    stem, suffix = parted(name)
    number, found = 1, path
    while fold(found) in taken:
        number += 1
        found = f"{head}{slash}{stem} ({number}){suffix}"
    return found


def folders(people: Iterable[Person]) -> Mapping[int, str]:
    """What each person's folder is called, no two the same for a file system that ignores case; elder people first."""
    taken = {"unsorted"}  # stands beside people in the views
    found: dict[int, str] = {}
    for person in sorted(people, key=lambda p: (p.name is None, p.number)):
        found[person.number] = _free(person.folder, taken)
        taken.add(fold(found[person.number]))
    return found


def meant(folder: str) -> str:
    """The name that a user means who calls a folder so: blanks and dots at its ends do not count; may be empty."""
    text = "".join(f"%{ord(c) - 0xDC00:02X}" if ord(c) in _RAW else c for c in unicodedata.normalize("NFC", folder))
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()).rstrip(". ")


def number_of(name: str) -> int | None:
    """The number in a name that we give ourselves to people without one (person-0012); None for any other name."""
    found = _NUMBERED.fullmatch(name)
    return int(found[1]) if found else None


def _free(name: str, taken: Collection[str]) -> str:
    first = safe(name)
    number, found = 1, first
    while fold(found) in taken:
        number += 1
        found = f"{first} ({number})"
    return found


def _allowed(char: str) -> str:
    code = ord(char)
    match unicodedata.category(char):
        case "Cs":
            return f"%{code - 0xDC00:02X}" if code in _RAW else f"%{code:04X}"
        case "Cc" | "Zl" | "Zp":
            return "_"
        case "Zs":
            return " "
    return "_" if char in _FORBIDDEN or char in _TURNING or code & 0xFFFE == _NONCHARACTER else char


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _cut(text: str, size: int) -> str:
    kept = text.encode("utf-8", "surrogatepass")[:size].decode("utf-8", "ignore")
    return kept.rstrip(". ")
