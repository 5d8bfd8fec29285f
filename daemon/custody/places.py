"""The places where a user's bytes stay: how they are named, and how they come there and back."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from daemon.custody.order import DROPPED, IN
from daemon.folders import Ownership, make_folder, names_in, trouble
from daemon.model import Failed
from daemon.moves import move
from daemon.names import numbered, numbered_file, safe, unused


@dataclass(frozen=True, slots=True)
class Occupied:
    """Nothing has moved, because path holds something else by now: choose another name."""

    path: Path


def inputs_at(work: Path) -> Path | None:
    """Where the user's bytes are below a work folder: the archive as it was dropped, else ``in/``; None: not there.

    What was unpacked is not the user's: when the archive has been put away, the answer is None.
    """
    archive = work / DROPPED
    folder = archive if archive.parent.exists() else work / IN
    return folder if os.path.lexists(folder) else None


def choose(parent: Path, name: str, also: Collection[str] = ()) -> Path:
    """A name below parent that nothing has yet, safe for every file system. Only a look: save it, then ``put_away``.

    also: names that are not there yet but given away.
    """
    return parent / unused(safe(name), {*names_in(parent), *also})


def put_away(src: Path, dst: Path, ownership: Ownership) -> Path | Occupied | Failed:
    """Afterwards the folder src is dst, with all that is in it; the answer is dst. Parents that are missing are made.

    Occupied: something else has taken the name since ``choose``. A src that is gone was put away before.
    """
    try:
        if not os.path.lexists(src):
            return dst
        make_folder(dst.parent, ownership)
        return dst if move(src, dst) else Occupied(dst)
    except OSError as error:
        return trouble(error)


def give_back(src: Path, dst: Path) -> Path | Failed:
    """Afterwards what was at src is at dst, or beside it as ``-2`` where something new has that name.

    The answer says where. The folder of dst must exist.
    """
    try:
        return back(src, dst)
    except OSError as error:
        return trouble(error)


def back(src: Path, dst: Path) -> Path:
    """``give_back`` for callers that handle OSError themselves."""
    n, name = 1, numbered if src.is_dir() and not src.is_symlink() else numbered_file
    while not move(src, place := dst.with_name(name(dst.name, n))):
        n += 1
    return place
