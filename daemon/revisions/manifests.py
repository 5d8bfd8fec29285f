"""Manifests: the revisions of a key's state that are on disk, and the files that each of them names."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon.folders import names_in

CURRENT: Final = "current.json"
MANIFESTS: Final = "revisions"
FILES: Final = "files"
READ_ONLY: Final = 0o444


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One file of a state. at: where it lies, below the state's folder. size: bytes. mtime_ns: as it was left."""

    at: str
    size: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A state of a key.

    base: the number of the one that held before (0: none). job: that made it. at: wall clock, seconds. files: by their
    paths, as stages see them. again: the number of the earlier one that it is once more (0: it is new).
    """

    number: int
    base: int
    job: str
    at: float
    files: Mapping[str, Stored]
    again: int = 0


NOTHING: Final = Revision(number=0, base=0, job="", at=0.0, files={})
"""The state of a key that never had one."""


class Damaged(OSError):
    """A state on disk is not what was written there."""


def current(root: Path) -> Revision | None:
    """The revision that holds, or None where there was never one. Raises Damaged, OSError."""
    number = number_held(root)
    return read(root, number) if number else None


def number_held(root: Path) -> int:
    """The number of the revision that holds, whether or not it is as it was left; 0: none. Raises Damaged, OSError."""
    try:
        return int(json.loads((root / CURRENT).read_bytes())["number"])
    except FileNotFoundError:
        return 0
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(root / CURRENT) from error


def revisions(root: Path) -> tuple[Revision, ...]:
    """All revisions that are on disk and can be read, the oldest first. Raises OSError."""
    return tuple(revision for number in numbers(root) if (revision := readable(root, number)) is not None)


def prepared(root: Path, job: str) -> Revision | None:
    """The revision that the job prepared, whether it holds already or is still to be committed."""
    held = number_held(root)
    found = (readable(root, number) for number in (held, held + 1))
    return next((revision for revision in found if revision is not None and revision.job == job), None)


def readable(root: Path, number: int) -> Revision | None:
    """The revision of that number; None where there is none, or it is not as it was left."""
    try:
        return read(root, number)
    except Damaged:
        return None


def read(root: Path, number: int) -> Revision:
    """The revision of that number. Raises Damaged, OSError."""
    path = manifest(root, number)
    try:
        raw = json.loads(path.read_bytes())
        files = {str(name): Stored(**stored) for name, stored in raw.pop("files").items()}
        return Revision(**raw, files=files)
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(path) from error


def damaged(path: Path, what: str = "it is not what was written there") -> Damaged:
    """The error to raise for a file of a state that cannot be what was left; what: a part of a sentence."""
    advice = "go back by `visaged rollback`, or restore a backup of the state"
    return Damaged(errno.EIO, f"{what}; {advice}", os.fspath(path))


def manifest(root: Path, number: int) -> Path:
    """Where the manifest of a revision lies."""
    return root / MANIFESTS / f"{number}.json"


def numbers(root: Path) -> tuple[int, ...]:
    """The numbers of all revisions that are on disk, the oldest first."""
    stems = (name.removesuffix(".json") for name in names_in(root / MANIFESTS) if name.endswith(".json"))
    return tuple(sorted(int(stem) for stem in stems if stem.isdecimal()))


def brought_by(root: Path, path: Path) -> int:
    """The number of the revision that brought what lies at path; 0 for what none of ours did."""
    match = re.match(r"(\d+)-", path.relative_to(root / FILES).parts[0])
    return int(match[1]) if match else 0


def status_of(path: Path) -> os.stat_result | None:
    """What the file at path is; None where there is none, or something that is no file."""
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None
