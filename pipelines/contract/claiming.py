"""How a pipeline claims an item: what it is asked, and what it answers."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of an item, as routing sees it: its path below the item and its size in bytes."""

    path: str
    size: int

    @property
    def suffix(self) -> str:
        """The lower-case suffix with its dot, or an empty string."""
        return PurePosixPath(self.path).suffix.lower()

    @property
    def stem(self) -> str:
        """The file's name without its suffix."""
        return PurePosixPath(self.path).stem


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The item is this pipeline's and complete. roles: which file is what; files in no role are carried along.

    after: of a key that has no state yet, what must have come before ("a video of them"): the item waits for it.
    """

    name: str
    roles: Mapping[str, tuple[str, ...]]
    after: str = ""


@dataclass(frozen=True, slots=True)
class Wanting:
    """The item is this pipeline's, but a partner is missing; what says which: "a second mesh"."""

    what: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The item can never become a job of this pipeline; reason is a plain sentence with what to do."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """What a pipeline is asked to claim.

    name: the item's name, safe for every file system, without suffix. entries: its files.
    folder: dropped as a folder or an archive, so all of it belongs together; else loose files.
    roles: what a manifest says about roles: globs below the item. options: all of them, checked.
    """

    name: str
    entries: tuple[Entry, ...]
    folder: bool
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def named(self, role: str) -> tuple[Entry, ...]:
        """The entries that the manifest gives to role, in the order of its globs; Refused is the caller's to say."""
        found = [e for glob in self.roles.get(role, ()) for e in self.entries if fnmatch.fnmatchcase(e.path, glob)]
        return tuple(dict.fromkeys(found))
