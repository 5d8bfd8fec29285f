"""The folders of a tree: made, respelt, made durable, and taken away when they are empty."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from daemon.failpoints import Step, step
from daemon.folders import Ownership, flush, make_folder, sync_folder
from daemon.moves import rename_new
from daemon.tree.words import HIDDEN, folder_of

_FEW: Final = 16
"""So many folders are synced one by one; for more, the whole file system is."""
_JUNK: Final = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".directory"})


class Branches:
    """The folders below one root, by their paths there. Everything raises OSError."""

    def __init__(self, root: Path, ownership: Ownership) -> None:
        """Nothing is known of any folder yet."""
        self._root = root
        self._ownership = ownership
        self._made = {""}

    def make(self, folder: str) -> None:
        """Afterwards the folder is there, and no part of its path is a link that leads elsewhere."""
        if folder in self._made:
            return
        self.make(folder_of(folder))
        path = self._root / folder
        make_folder(path, self._ownership)
        if not stat.S_ISDIR(path.lstat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "it is a link, and links are not followed", os.fspath(path))
        self._made.add(folder)

    def respell(self, old: str, new: str) -> None:
        """Afterwards the folder, with all that is in it, has the new name."""
        source, target = self._root / old, self._root / new
        if os.path.lexists(target) and os.path.samestat(source.lstat(), target.lstat()):
            source.rename(target)  # where case does not count, the target is there already: it is the same folder
        else:
            rename_new(source, target)
        sync_folder(target.parent)
        step(Step.TREE_RESPELT)

    def sync(self, folders: Iterable[str]) -> None:
        """Afterwards what has been named, renamed and removed in them survives a power cut."""
        there = [path for folder in sorted(set(folders)) if (path := self._root / folder).is_dir()]
        if len(there) > _FEW:
            flush(self._root)
            return
        for path in there:
            sync_folder(path)

    def clear(self, folder: str) -> None:
        """Afterwards the folder is gone, if nothing is in it but what systems, or we, leave behind unseen."""
        path = self._root / folder
        with suppress(FileNotFoundError, NotADirectoryError):
            with os.scandir(path) as entries:
                inside = list(entries)
            if not all(entry.is_file(follow_symlinks=False) and _is_junk(entry.name) for entry in inside):
                return
            for entry in inside:
                Path(entry.path).unlink()
            with suppress(OSError):  # somebody has just put something there
                path.rmdir()


def _is_junk(name: str) -> bool:
    return name.lower() in _JUNK or name.startswith(("._", HIDDEN))
