"""Where each content is: in the tree, by looking again at every use, and among what a job was given."""

from __future__ import annotations

import stat
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from daemon.tree.words import Found, Identity, identity_of


class Contents:
    """The contents of the files of one tree and of other files that are at hand."""

    def __init__(self, tree: Path, files: Mapping[str, Found], others: Mapping[str, tuple[Path, ...]]) -> None:
        """files: in the tree, by path. others: by SHA-256."""
        self._tree = tree
        self._others = others
        self._where: dict[str, list[tuple[str, Identity]]] = defaultdict(list)
        for path, found in files.items():
            self._where[found.sha256].append((path, found.identity))

    def identity(self, path: str) -> Identity | None:
        """What file is at a path of the tree now; None: none, or something that is no plain file."""
        try:
            status = (self._tree / path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return identity_of(status) if stat.S_ISREG(status.st_mode) else None

    def add(self, path: str, sha256: str) -> Identity:
        """Afterwards it is known that the content is at that path too; the answer is the file's identity."""
        identity = identity_of((self._tree / path).lstat())
        self._where[sha256].append((path, identity))
        return identity

    def places(self, sha256: str) -> Iterator[Path]:
        """Where the content is, first in the tree."""
        for path, identity in tuple(self._where[sha256]):
            if self.identity(path) == identity:
                yield self._tree / path
        yield from (path for path in self._others.get(sha256, ()) if path.exists())

    def stays_without(self, path: str, sha256: str) -> bool:
        """Whether the content of the file at a path of the tree is kept somewhere when the file is gone."""
        file = self._tree / path
        return file.lstat().st_nlink > 1 or any(place != file for place in self.places(sha256))
