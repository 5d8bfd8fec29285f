"""The words about a tree: what a file is, what we left, what is wanted, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from daemon.folders import Ownership
from pipelines.contract import Fault, Place

HIDDEN: Final = ".visaged"
"""How the names of our own hidden files begin: those in a tree belong to us, whoever copied them to where they are."""


class Owner(StrEnum):
    """Whose content a file of the tree has."""

    USER = "user"  # the only copy may be here: never rewritten, never removed without a look for another
    STAGE = "stage"  # made by the last stage; it can make it again
    DAEMON = "daemon"  # the receipt and what else stands beside; stages are not told of it


@dataclass(frozen=True, slots=True)
class Identity:
    """By which a file is known again without reading it. size: bytes."""

    inode: int
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Found:
    """A plain file of the tree as it is now. links: how many names the file has."""

    identity: Identity
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file as we left it in the tree. leaf: the path that was wanted, of which ``path`` is what could be had."""

    path: str
    identity: Identity
    sha256: str
    leaf: str
    tag: str = ""
    owner: Owner = Owner.USER

    @property
    def hidden(self) -> bool:
        """Whether users and stages are not told of it."""
        return self.owner is Owner.DAEMON or is_hidden(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """A file that the tree is to hold. made: where its content lies, or the content; None: a user's, found by hash."""

    path: str
    sha256: str
    place: Place = Place.AUTO
    tag: str = ""
    owner: Owner = Owner.USER
    made: Path | bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of it, in files.

    removed: those that are wanted no more; kept: of these, last copies that were put aside. left: what the user has
    changed and we did not touch. unknown: wanted, but nobody has the content. faults: the first of these, by name.
    """

    placed: int = 0
    moved: int = 0
    removed: int = 0
    kept: int = 0
    left: int = 0
    unknown: int = 0
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeChange:
    """What a job makes of a tree.

    staged: the folder that the last stage publishes, with its ``tree.jsonl``. sources: where else contents lie, by
    SHA-256; a link there leads to a user's original, which is only ever read. kept: the folder for last copies of what
    the tree holds no more. forget: contents of which none is kept. beside: what stands in the tree besides, by path.
    seen: the ``published.jsonl`` that the job's stages were given; what the user has changed since is left for the next
    job. None: as if they had seen all.
    """

    job: str
    tree: Path
    state_root: Path
    staged: Path
    sources: Mapping[str, tuple[Path, ...]]
    kept: Path
    ownership: Ownership
    forget: frozenset[str] = frozenset()
    beside: Mapping[str, bytes] = field(default_factory=dict)
    seen: Path | None = None


def identity_of(status: os.stat_result) -> Identity:
    """The identity in what the system says of a file."""
    return Identity(status.st_ino, status.st_size, status.st_mtime_ns)


def is_hidden(path: str) -> bool:
    """Whether the file's name is one of ours that nobody sees."""
    return name_of(path).startswith(HIDDEN)


def name_of(path: str) -> str:
    """The last part of a path of the tree."""
    return path.rpartition("/")[2]


def folder_of(path: str) -> str:
    """The folder of a path of the tree; the root is empty."""
    return path.rpartition("/")[0]
