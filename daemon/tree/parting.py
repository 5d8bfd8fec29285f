"""A tree is given up: what is ours in it goes, what is the user's stays."""

from __future__ import annotations

import json
import os
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from daemon.folders import open_plain
from daemon.tree.disk import marker_of, read_disk
from daemon.tree.match import match
from daemon.tree.record import RECORD, Record, settle
from daemon.tree.words import HIDDEN, Owner


def is_ours(tree: Path, state_root: Path) -> bool:
    """Whether what stands at tree is what the record in that state is about, told by the mark in it. Raises OSError."""
    try:
        with open_plain(state_root / RECORD) as file:
            id_ = json.loads(file.readline())["id"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False
    return id_ is not None and marker_of(tree) == str(id_)


def part(tree: Path, record: Record, spare: Container[str] = ()) -> bool:
    """Afterwards nothing that we made stands in the tree; whether anything is left, else the tree itself is gone.

    Of the user's contents those go that are in spare, by SHA-256: they are elsewhere too. What the user has changed, or
    brought, stays. The same call after a kill completes it. Raises OSError.
    """
    if not tree.is_dir():
        return False
    disk = read_disk(tree, record)
    entries = settle(record, disk.files).entries
    for path, entry in match(entries.values(), disk.files).of.items():
        as_left = disk.files[path].sha256 == entry.sha256
        if as_left and (entry.owner is not Owner.USER or entry.sha256 in spare):
            (tree / path).unlink(missing_ok=True)
    for folder, _, names in os.walk(tree, topdown=False):
        for name in names:
            if name.startswith(HIDDEN):
                Path(folder, name).unlink(missing_ok=True)
        with suppress(OSError):  # something of the user's is in it
            Path(folder).rmdir()
    return tree.is_dir()
