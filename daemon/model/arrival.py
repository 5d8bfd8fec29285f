"""What arrives in an inbox: files as a scan sees them, manifests, items that have settled or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.contract import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One file as a scan saw it.

    path: relative to the inbox. size: bytes. kind: "file", "link" or "other" (device, socket, fifo).
    """

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    kind: str = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file that a manifest says belongs to the item."""

    path: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A sidecar that was read. path: relative to the inbox. problem: why it cannot be used; then all else is empty."""

    path: str
    pipeline: str | None = None
    name: str | None = None
    priority: int = 0
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Listed, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An item that has settled.

    lane: the folder below the inbox that names a pipeline; None in the inbox root. key: below a keyed lane.
    name: as the user sees it (a folder's name, a file's stem, ``a__b`` of a loose pair), not yet made safe.
    tops: what moves when it is taken, relative to the inbox: one folder, one archive, or loose files.
    folder: dropped as a folder or an archive, so that all of it belongs together.
    files: everything below tops. members: an archive's content, paths below the item; else empty.
    """

    inbox: str
    lane: str | None
    key: str | None
    name: str
    tops: tuple[str, ...]
    files: tuple[Seen, ...]
    folder: bool
    archive: bool = False
    members: tuple[Entry, ...] = ()
    manifest: Manifest | None = None
    problem: str | None = None  # why it can never become a job, found while looking (an archive that cannot be listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """An item that is there but not complete. why: a sentence for the user ("still being written: a.obj")."""

    inbox: str
    lane: str | None
    tops: tuple[str, ...]
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What one inbox holds now: every item in it, once.

    problem: why the inbox is offline; then nothing may be inferred from what is missing.
    """

    inbox: str
    mode: str
    settled: tuple[Arrival, ...] = ()
    unsettled: tuple[Unsettled, ...] = ()
    problem: str | None = None
