"""Whether the files that a manifest lists are all there and as it says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from daemon.model import Listed, Manifest, Seen
from daemon.watch.shown import shown

MANIFEST_QUIET: Final = 0.25
"""Seconds that an item must be unchanged before its list is believed: TOML cut off between two files is valid TOML."""


class Contents(Protocol):
    """What a look at the disk tells of a listed file; see ``complete.Evidence``."""

    def held(self, path: str) -> bool:
        """Whether a local program has the file open for writing."""

    def ends_early(self, path: str) -> bool:
        """Whether the file lacks the end that its format has."""

    def digest(self, seen: Seen) -> str | None:
        """The file's SHA-256; None while it is being computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why an item is not taken now. until: when to look again. problem: what is wrong with it for good from then on."""

    why: str
    until: float
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Monotonic seconds: now, when to look again at what passes soon, the last time for what differs, is missing."""

    now: float
    again: float
    differs: float
    missing: float


def fault_of(files: Iterable[Seen], manifest: Manifest, contents: Contents, times: Times) -> Fault | None:
    """None where every listed file is there and matches; else the first that does not.

    A size can match long before the content has come (Samba reserves it), so a file without a sha256 must also be
    closed and have its end. Nothing is hashed before all sizes match.
    """
    folder = manifest.path[: manifest.path.rfind("/") + 1]
    there = {seen.path: seen for seen in files}
    pairs = [(listed, there.get(folder + listed.path)) for listed in manifest.files]
    source = shown(manifest.path)
    for listed, seen in pairs:
        if seen is None or seen.kind != "file":
            what = f"{shown(listed.path)}, which {source} lists, is not there"
            return Fault(why=f"waits: {what}", until=times.missing, problem=f"{what}: add it, or take it off the list.")
        if listed.size is not None and listed.size != seen.size:
            what = f"{shown(listed.path)} has not the {listed.size:,} bytes that {source} lists"
            problem = f"{what}, but {seen.size:,}: copy it again or correct the list."
            return Fault(why=f"waits: {what}", until=times.differs, problem=problem)
    checked = (_content_fault(listed, seen, contents, times) for listed, seen in pairs if seen)
    return next((fault for fault in checked if fault), None)


def _content_fault(listed: Listed, seen: Seen, contents: Contents, times: Times) -> Fault | None:
    name = shown(listed.path)
    if contents.held(seen.path):
        return Fault(why=f"waits: a program still has {name} open", until=times.again)
    if listed.sha256 is None:
        if times.now >= times.differs or not contents.ends_early(seen.path):
            return None
        return Fault(why=f"{name} ends in the middle; waiting for the rest", until=times.differs)
    found = contents.digest(seen)
    if found is None:
        return Fault(why=f"the content of {name} is being compared with its SHA-256", until=times.again)
    if found == listed.sha256:
        return None
    what = f"the content of {name} does not have the SHA-256 that the manifest lists"
    return Fault(why=f"waits: {what}", until=times.differs, problem=f"{what}: copy it again or correct the list.")
