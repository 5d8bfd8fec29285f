"""What pairs are called in folders and messages: names that every file system takes, whatever bytes the files have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

LONGEST = 100
"""Bytes of a label: two of them and what joins them are a name."""
_UNSAFE = re.compile(r'[<>:"/\\|?*]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def labels(paths: Sequence[str]) -> tuple[str, ...]:
    """One label for each path, safe as a part of a file name, and no two the same for a file system that ignores case.

    The stem where that is enough; else with the folder before it or the suffix behind it, what tells them apart; else
    with a number.
    """
    files = [PurePosixPath(path) for path in paths]
    stems = [safe(file.stem) for file in files]
    taken: list[str] = []
    for file, stem in zip(files, stems, strict=True):
        rivals = [other for other, s in zip(files, stems, strict=True) if s.casefold() == stem.casefold()]
        taken.append(_free(_told_apart(file, rivals), taken))
    return tuple(taken)


def _told_apart(file: PurePosixPath, rivals: Sequence[PurePosixPath]) -> str:
    if len(rivals) == 1:
        return safe(file.stem)
    if len({rival.parent for rival in rivals}) == len(rivals) and file.parent.name:
        return safe(f"{file.parent.name}_{file.stem}")
    return safe(f"{file.stem}_{file.suffix[1:]}")


def safe(name: str) -> str:
    """The name without what Windows, a shell or a terminal trips over; never empty, at most LONGEST bytes."""
    printable = "".join(char if char.isprintable() else "_" for char in name)
    short = _UNSAFE.sub("_", printable).strip("._ ").encode()[: LONGEST - 1].decode(errors="ignore")
    plain = short.rstrip("._ ")
    return f"_{plain}" if not plain or _RESERVED.fullmatch(plain) else plain


def _free(label: str, taken: Sequence[str]) -> str:
    used = {other.casefold() for other in taken}
    number, free = 1, label
    while free.casefold() in used:
        number += 1
        free = f"{label}-{number}"
    return free
