"""What a result tree is to hold, and what it holds now: the files in which stage and daemon tell each other.

A stage that keeps a tree leaves ``tree.jsonl``, one Leaf a line, in the folder it publishes; it is given
``published.jsonl``, one Shown a line. Paths are below the tree's root, with ``/``, in any bytes (PEP 383).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

TREE = "tree.jsonl"
"""The file, in the folder that a stage publishes, that says what the tree is to hold."""


class Place(StrEnum):
    """How a user's file comes to stand in a tree."""

    AUTO = "auto"  # a hard link where that can be, else a reflink, else a copy
    LINK = "link"  # a hard link where that can be, else a copy
    REFLINK = "reflink"  # a reflink where that can be, else a copy
    COPY = "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A file that the tree is to hold.

    Either sha256: the content is that of one of the user's files, an input of this job or a file that the tree holds
    already; it stands there as ``place`` says, and is never rewritten. Or file: below the published folder, made by the
    stage; it replaces what stands there of ours. tag: the stage's own word about it, given back with ``Shown``.
    """

    path: str
    sha256: str | None = None
    file: str | None = None
    place: Place = Place.AUTO
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A file that the tree holds now. size: bytes.

    was: the path at which the tree was last left with this very file (the same inode, else the same content and gone
    from there), so that a move is told from a newcomer; None: it was never ours. tag: of the leaf it was left as.
    """

    path: str
    inode: int
    size: int
    sha256: str
    was: str | None = None
    tag: str = ""


def write_lines(path: Path, lines: Iterable[Leaf | Shown]) -> None:
    """Afterwards path holds one line for each; not durable by itself."""
    with path.open("w", encoding="ascii") as file:
        for line in lines:
            file.write(json.dumps(dataclasses.asdict(line), separators=(",", ":")) + "\n")


def read_leaves(path: Path) -> Iterator[Leaf]:
    """The leaves of a ``tree.jsonl``. Raises ValueError, KeyError or TypeError for a line that is none."""
    with path.open(encoding="ascii") as file:
        for line in file:
            raw = json.loads(line)
            yield Leaf(**{**raw, "place": Place(raw.get("place", Place.AUTO))})


def read_shown(path: Path) -> Iterator[Shown]:
    """The files of a ``published.jsonl``."""
    with path.open(encoding="ascii") as file:
        for line in file:
            yield Shown(**json.loads(line))
