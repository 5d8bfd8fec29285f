"""Names of results and items: safe for every file system, numbered where one is used, printable in one line. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection

LIMIT = 150
"""The most bytes (UTF-8) of a safe name, so that a number, a suffix and ``.receipt.json`` still fit into 255."""

FILE_LIMIT = 255
"""The most bytes of any file name on the file systems we know."""

_FORBIDDEN = frozenset('<>:"/\\|?*')
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINERS = frozenset("\u200c\u200d")  # inside emoji and several scripts; they change no direction
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])\s*(?:\.|$)", re.IGNORECASE)
_NONCHARACTER = 0xFFFE  # the last two code points of every plane
_ESCAPED_BYTES = range(0xDC80, 0xDD00)  # how PEP 383 keeps a byte that is not UTF-8


def safe(name: str) -> str:
    """The name as Windows, macOS, SMB and ext4 all take it: never empty, hidden, reserved or over 150 bytes.

    Bytes that are not UTF-8 become %XX, other characters that some system refuses an underscore. A name that is too
    long is cut and stays apart from others by eight digits of its hash. Idempotent: a safe name stays as it is.
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
    return f"{_cut(text, LIMIT - 9)}-{digest}"


def numbered(name: str, n: int) -> str:
    """The n-th name of that kind: ``smile``, ``smile-2``, ``smile-3``. A safe name stays safe."""
    return name if n == 1 else f"{_cut(name, LIMIT - len(str(n)) - 1)}-{n}"


def numbered_file(name: str, n: int) -> str:
    """The n-th name of a file, counted before its suffix: ``a.obj``, ``a-2.obj``. At most 255 bytes."""
    if n == 1:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem or _size(suffix) > LIMIT:
        stem, dot, suffix = name, "", ""
    end = f"-{n}{dot}{suffix}"
    return _cut(stem, FILE_LIMIT - _size(end)) + end


def folded(name: str) -> str:
    """What two names share that some file system takes for the same (case, composed characters)."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def unused(name: str, taken: Collection[str], endings: Collection[str] = ("",)) -> str:
    """The first of ``name``, ``name-2``, ``name-3`` … that is, with none of the endings, among the names taken.

    Names are compared as a file system does that ignores case.
    """
    used = {folded(one) for one in taken}
    n = 1
    while any(folded(numbered(name, n) + ending) in used for ending in endings):
        n += 1
    return numbered(name, n)


def shown(text: str) -> str:
    r"""The text as it can stand in one line of a file or a terminal.

    What would break the line, steer the terminal, turn the direction or hide is written as an escape like ``\x1b``.
    """
    return "".join(map(_visible, text))


def _allowed(char: str) -> str:
    code = ord(char)
    match unicodedata.category(char):
        case "Cs":
            return f"%{code - 0xDC00:02X}" if code in _ESCAPED_BYTES else f"%{code:04X}"
        case "Cc" | "Zl" | "Zp":
            return "_"
        case "Zs":
            return " "
    return "_" if char in _FORBIDDEN or char in _BIDI or code & 0xFFFE == _NONCHARACTER else char


def _visible(char: str) -> str:
    code = ord(char)
    match unicodedata.category(char):
        case "Cs" if code in _ESCAPED_BYTES:
            return f"\\x{code - 0xDC00:02x}"
        case "Cc" if char in "\n\r\t":
            return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
        case "Cc":
            return f"\\x{code:02x}"
        case "Cs" | "Zl" | "Zp":
            return f"\\u{code:04x}"
        case "Cf" if char not in _JOINERS:
            return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  four digits hold it
    return char


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _cut(text: str, size: int) -> str:
    """The longest beginning of text of at most size bytes that does not end in a dot or a space."""
    if _size(text) <= size:
        return text
    kept = text.encode("utf-8", "surrogatepass")[:size]
    while True:
        try:
            return kept.decode("utf-8", "surrogatepass").rstrip(". ")
        except UnicodeDecodeError:
            kept = kept[:-1]
