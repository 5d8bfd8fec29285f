"""Looks at the files of one inbox, each as seldom as possible: manifests, tails, leases, digests, members."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from daemon import manifest
from daemon.model import Manifest, Seen
from daemon.watch import probe
from daemon.watch.aside import Answer, Helper, Kept
from daemon.watch.leases import held_open
from daemon.watch.members import members
from pipelines.contract import Entry

_CHUNK: Final = 1 << 20


class OnDisk:
    """Evidence (see ``complete.Evidence``) from the real files below root.

    leases: whether to ask for them; only sensible where all writers are local. What takes long is done by a thread of
    its own, and ``ready`` is called when it is done.
    """

    def __init__(self, root: Path, ready: Callable[[], None]) -> None:
        """Nothing is looked at yet."""
        self.leases = False
        self._root = root
        self._manifests = Kept[Manifest]()
        self._digests = Kept[Answer[str]]()
        self._members = Kept[Answer[tuple[Entry, ...] | str]]()
        self._helper = Helper(ready)

    def turn(self) -> None:
        """What was not asked for since the last turn is forgotten."""
        for kept in (self._manifests, self._digests, self._members):
            kept.turn()

    def close(self) -> None:
        """Afterwards nothing is looked at any more."""
        self._helper.close()

    def manifest(self, seen: Seen) -> Manifest:
        """A manifest's content, read once for each state of the file."""
        return self._manifests.get(seen, lambda: manifest.read(self._root, seen.path))

    def readable(self, path: str) -> bool:
        """Whether the daemon may read the file, by the effective user that it would open it as."""
        return os.access(self._root / path, os.R_OK, effective_ids=True)

    def held(self, path: str) -> bool:
        """Whether a local program has the file open for writing."""
        return self.leases and held_open(self._root / path)

    def ends_early(self, path: str) -> bool:
        """Whether the file lacks the end that its format has."""
        return probe.ends_early(self._root / path)

    def digest(self, seen: Seen) -> str | None:
        """The SHA-256 of a file, once for each state of it; empty: it cannot be read; None: it is being computed."""
        path = self._root / seen.path
        return self._digests.get(seen, lambda: self._helper.ask(lambda: self._hashed(path))).value

    def members(self, seen: Seen) -> tuple[Entry, ...] | str | None:
        """An archive's content or a sentence, once for each state of it; None while it is listed."""
        path = self._root / seen.path
        return self._members.get(seen, lambda: self._helper.ask(lambda: members(path))).value

    def _hashed(self, path: Path) -> str:
        digest = hashlib.sha256()
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(handle, "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor, not a path
                while not self._helper.closed and (chunk := file.read(_CHUNK)):
                    digest.update(chunk)
        except OSError:
            return ""
        return digest.hexdigest()
