"""Our notes to the user on the share (``WHY.txt``): how they are written and told from a file of the user's own."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Final

from daemon.folders import Ownership, names_in, open_plain
from daemon.names import numbered_file
from pipelines.contract import write_atomic

WHY: Final = "WHY.txt"
_NAME: Final = re.compile(r"WHY(?:-\d+)?\.txt", re.IGNORECASE)
_MARK: Final = re.compile(rb"visaged wrote this note \(([0-9a-f]{8})\)\.\r\n\Z")
_MOST: Final = 1 << 20


def note(text: str) -> bytes:
    r"""The text as a note of ours: UTF-8, lines that end as Notepad wants them, and a last line that knows the rest.

    What cannot be written in UTF-8 stands as an escape like ``\udcff``.
    """
    lines = text.strip().splitlines()
    body = "".join(f"{line}\r\n" for line in (*lines, "")).encode("utf-8", "backslashreplace")
    return body + b"visaged wrote this note (%s).\r\n" % _check(body)


def is_note(path: Path) -> bool:
    """Whether the file is a note of ours that nobody has changed since."""
    try:
        with open_plain(path) as file:
            data = file.read(_MOST)
    except OSError:
        return False
    mark = _MARK.search(data)
    return mark is not None and mark[1] == _check(data[: mark.start()])


def write_why(folder: Path, text: str, ownership: Ownership) -> Path:
    """Afterwards the folder holds the text as ``WHY.txt``, never a part of it; the answer is the file.

    A WHY.txt of the user's own is kept: then ours is ``WHY-2.txt``. Raises OSError.
    """
    n = 1
    while os.path.lexists(path := folder / numbered_file(WHY, n)) and not is_note(path):
        n += 1
    write_atomic(path, note(text))
    ownership.give(path)
    return path


def drop_why(folder: Path) -> None:
    """Afterwards no unchanged note of ours lies in the folder: the item came back from failed. Raises OSError."""
    for name in names_in(folder):
        if _NAME.fullmatch(name) and is_note(folder / name):
            (folder / name).unlink()


def _check(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:8].encode("ascii")
