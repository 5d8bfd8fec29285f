"""The steps of a change of a tree, as values: what is done to which file, and only if that is still the one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon.names import shown
from daemon.tree.record import Journal, Put
from daemon.tree.words import Entry, Found, Identity, Owner
from pipelines.contract import Fault, Place

NOTES: Final = 50
"""The most files that are named one by one in what is said about a change."""

NOBODY: Final = "nobody has its content any more; drop the file again to have it back"
"""Why a file cannot be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The file at path is set aside, where nobody sees it."""

    path: str
    aside: str
    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Bring:
    """What is intended comes into its place. origin: of the file that is moved; over: of the file that it replaces."""

    put: Put
    place: Place
    made: Path | bytes | None
    origin: Identity | None = None
    over: Identity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """The file at path is removed. name: the path under which users knew it."""

    path: str
    name: str
    identity: Identity
    sha256: str
    owner: Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps, in their order: respell, holds, brings, drops, empty.

    respell: folders, old and new. empty: folders that may be empty then, the deepest first. stay: entries of the next
    record that need no step, and known: hashes of what is not ours. leaving: what goes away, by its path in the
    record -> where it is. respelt: what comes to its place with a folder. left: paths that the user has changed, and
    that stay so. unknown: paths for which nobody has the content. files: where each is once all is respelt and held.
    """

    respell: tuple[tuple[str, str], ...]
    holds: tuple[Hold, ...]
    brings: tuple[Bring, ...]
    drops: tuple[Drop, ...]
    empty: tuple[str, ...]
    stay: Mapping[str, Entry]
    known: Mapping[Identity, str]
    leaving: Mapping[str, str]
    respelt: tuple[Put, ...]
    left: tuple[str, ...]
    unknown: tuple[str, ...]
    files: Mapping[str, Found]

    @property
    def changes(self) -> bool:
        """Whether there is anything to do to the tree."""
        return bool(self.respell or self.holds or self.brings or self.drops or self.empty)

    def journal(self, job: str) -> Journal:
        """All that is intended."""
        puts = (*self.respelt, *(bring.put for bring in self.brings))
        return Journal(job=job, puts=puts, leaving=self.leaving, done={})

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What cannot be shown."""
        return tuple(Fault(what=path, why=NOBODY) for path in self.unknown[:NOTES])

    @property
    def notes(self) -> tuple[str, ...]:
        """What is said about files that were left alone."""
        more = len(self.left) - NOTES
        said = [f"{shown(path)} was changed by a user meanwhile and is left as it is." for path in self.left[:NOTES]]
        return (*said, f"{more} more files were changed by users meanwhile.") if more > 0 else tuple(said)
