"""Folders and plain files: what they are (no link is followed), who may use them, that they outlive a power cut."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final

from daemon.model import Failed, Kind
from daemon.names import shown

_syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who may use what is made for the user. umask: the rights it does not get. group: its name (None: as it comes)."""

    umask: int
    group: str | None = None

    def give(self, path: Path) -> None:
        """Afterwards the file or folder has the rights and the group. A link is left as it is."""
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return
        if self.group is not None:
            shutil.chown(path, group=self.group)
        path.chmod((0o777 if stat.S_ISDIR(status.st_mode) else 0o666) & ~self.umask)


def make_folder(folder: Path, ownership: Ownership) -> None:
    """Afterwards the folder is there; it and the parents that were missing have the ownership. Raises OSError."""
    missing = [path for path in (folder, *folder.parents) if not path.is_dir()]
    for path in reversed(missing):
        try:
            path.mkdir()
        except FileExistsError:
            if not path.is_dir():
                raise
        else:
            ownership.give(path)


def names_in(folder: Path) -> tuple[str, ...]:
    """The names of everything in a folder; none where it is not there."""
    try:
        return tuple(sorted(path.name for path in folder.iterdir()))
    except FileNotFoundError:
        return ()


def walk(root: Path) -> Iterator[Path]:
    """Everything at and below root but folders, sorted within each folder. Raises OSError where it cannot be read."""
    pending = [root]
    while pending:
        path = pending.pop()
        if stat.S_ISDIR(path.lstat().st_mode):
            pending += sorted(path.iterdir(), reverse=True)
        else:
            yield path


def remove(path: Path) -> None:
    """Afterwards nothing is at path. A link is removed, not what it points to."""
    if not os.path.lexists(path):
        return
    if stat.S_ISDIR(path.lstat().st_mode):
        shutil.rmtree(path)
    else:
        path.unlink()


def open_plain(path: Path, folder: int | None = None) -> BufferedReader:
    """A regular file, open to be read, that was not reached through a link at its end. Raises OSError for all else."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    raise OSError(errno.EINVAL, "it is not a regular file", os.fspath(path))


def sync_folder(folder: Path) -> None:
    """Afterwards the names in the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.EOPNOTSUPP}:  # some network file systems have no such call
            raise
    finally:
        os.close(handle)


def flush(folder: Path) -> None:
    """Afterwards all that was written to the folder's file system survives a power cut: one call for many files."""
    if _syncfs is None:
        os.sync()
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _syncfs(handle) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), os.fspath(folder))
    finally:
        os.close(handle)


def trouble(error: OSError) -> Failed:
    """The failure that an error of the file system is: tried again by itself; it says what a person can do."""
    where = shown(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else "a file of the job"
    why = error.strerror or str(error)
    if error.errno in _FULL:
        advice = "free some space; it then goes on by itself"
    elif error.errno in _FORBIDDEN:
        advice = "give the daemon's user the right to read and write there; it then goes on by itself"
    else:
        advice = "check that the disk or share is there and sound; it is tried again by itself"
    return Failed(f"{where}: {why}: {advice}.", Kind.INFRASTRUCTURE)
