"""What lies below a folder right now, by looking: the truth that events only hint at.

Paths are text relative to the folder that is scanned, with ``/`` between names; bytes that are not UTF-8 stand as lone
surrogates. Links are seen, never followed. What systems leave behind for themselves is not seen at all.
"""

from __future__ import annotations

import errno
import fnmatch
import hashlib
import itertools
import os
import re
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from daemon.errors import InboxOffline
from daemon.model import Seen

MARKER: Final = ".visaged-inbox"
STATUS: Final = frozenset({"STATUS.txt", ".STATUS.txt.partial"})
"""The daemon's own page in the inbox root, and the page while it is written."""
BLOCKED: Final = "blocked"
"""The kind of a folder that the daemon may not read. It never leaves this package: such an item does not settle."""

IGNORED: Final = (
    ".DS_Store", "._*", ".Spotlight-V100", ".Trashes", ".fseventsd", ".TemporaryItems",  # macOS
    "Thumbs.db", "desktop.ini", "$RECYCLE.BIN", "System Volume Information",  # Windows
    "@eaDir", "#recycle", "#snapshot", ".snapshot", "lost+found", ".Trash-*", ".directory",  # servers and desktops
    ".nfs[0-9a-f]*", ".fuse_hidden*", ".smbdelete*",  # deleted, but still open somewhere
    ".stfolder", ".stversions", ".stignore",  # Syncthing
    ".visaged*",
)  # fmt: skip

_KINDS: Final = {stat.S_IFREG: "file", stat.S_IFLNK: "link"}
_BLOCKING: Final = frozenset({errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP})
_GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR})

Ignores = Callable[[str], bool]


def ignores(globs: Iterable[str] = ()) -> Ignores:
    """A test of one name (of a file or a folder): is it to be left alone? globs are added to what is always ignored."""
    patterns = "|".join(fnmatch.translate(glob.lower()) for glob in (*IGNORED, *globs))
    match = re.compile(patterns).match
    return lambda name: match(name.lower()) is not None


def scan(root: Path, ignored: Ignores, marker: str | None = None) -> tuple[Seen, ...]:
    """Every file below an inbox, in no order.

    marker: the id that ``.visaged-inbox`` must hold, or None. What vanishes while the scan runs is
    left out; a folder that may not be read is one entry of kind BLOCKED.

    Raises InboxOffline where the inbox, its marker or the disk under it does not answer, before or after the scan:
    then nothing can be said about any file.
    """
    try:
        before = _identity(root)
        _check_marker(root, marker)
        found = _below(os.fspath(root), "", ignored)
        _check_marker(root, marker)
        after = _identity(root)
    except OSError as error:
        raise InboxOffline(_offline(root, error)) from error
    if before != after:
        raise InboxOffline(f"{root} was exchanged or mounted while it was read; it is read again in a moment.")
    return tuple(seen for seen in found if seen.path not in STATUS)


def look(tops: Sequence[Path], ignored: Ignores | None = None) -> tuple[Seen, ...]:
    """What lies at and below tops now, wherever they were moved to: ``fingerprint`` it to compare with an Arrival.

    tops: files or folders with different names. A path begins with the name of its top. What is not there is left out.
    Raises OSError where a disk does not answer.
    """
    skip = ignored or ignores()
    found: list[Seen] = []
    for top in tops:
        try:
            status = top.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        if stat.S_ISDIR(status.st_mode):
            found += _below(os.fspath(top), top.name + "/", skip)
        else:
            found.append(_seen(top.name, status))
    return tuple(found)


def fingerprint(files: Iterable[Seen]) -> str:
    """The same hex SHA-256 as long as the files of an item are the same, wherever they were renamed to together.

    Of each file it takes the path below the folder that all of them share, size, mtime, inode and kind; not ctime,
    which a rename changes. The order of files does not matter. Copies have other inodes, so other fingerprints.
    """
    ordered = sorted(files, key=lambda seen: seen.path)
    shared = len(_shared_folder([seen.path for seen in ordered]))
    digest = hashlib.sha256()
    for seen in ordered:
        line = f"{seen.path[shared:]}\0{seen.size}\0{seen.mtime_ns}\0{seen.inode}\0{seen.kind}\0\0"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _shared_folder(paths: Sequence[str]) -> str:
    """The longest folder, with its last slash, that sorted paths have in common."""
    if not paths:
        return ""
    first, last = paths[0].split("/")[:-1], paths[-1].split("/")[:-1]
    names = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(f"{name}/" for name, _ in names)


def _below(folder: str, prefix: str, ignored: Ignores) -> list[Seen]:
    found: list[Seen] = []
    folders = [(folder, prefix)]
    while folders:
        path, prefix = folders.pop()
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if ignored(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append((entry.path, f"{prefix}{entry.name}/"))
                    elif seen := _stat(entry, prefix):
                        found.append(seen)
        except OSError as error:
            if not prefix or error.errno not in _BLOCKING | _GONE:
                raise
            if error.errno in _BLOCKING:
                found.append(Seen(path=prefix[:-1], size=0, mtime_ns=0, ctime_ns=0, inode=0, kind=BLOCKED))
    return found


def _stat(entry: os.DirEntry[str], prefix: str) -> Seen | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return _seen(prefix + entry.name, status)


def _seen(path: str, status: os.stat_result) -> Seen:
    format_ = stat.S_IFMT(status.st_mode)
    return Seen(
        path=path,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
        inode=status.st_ino,
        kind=_KINDS.get(format_, "other"),
    )


def _identity(root: Path) -> tuple[int, int]:
    status = root.stat()
    return status.st_dev, status.st_ino


def _check_marker(root: Path, expected: str | None) -> None:
    if expected is None:
        return
    path = root / MARKER
    try:
        found = path.read_bytes().decode("utf-8", "replace").strip()
    except FileNotFoundError:
        root.stat()
        raise InboxOffline(
            f"{root} has lost its marker {MARKER}: the share is probably not mounted. Mount it; or, if this really is "
            f'the inbox, run "visaged init" for it again. Until then nothing in it is touched.'
        ) from None
    if found != expected:
        raise InboxOffline(
            f"{path} holds the id {found[:60]!r} instead of {expected!r}: another inbox is mounted here. Mount the "
            f'right share; or, if this one is meant, run "visaged init" for it again. Until then it is left alone.'
        )


def _offline(root: Path, error: OSError) -> str:
    if error.errno in _GONE:
        return (
            f"{root} is not there: mount the share or make the folder again (its marker {MARKER} must be in it). "
            f"Until then nothing is concluded from missing files."
        )
    reason = os.strerror(error.errno) if error.errno else str(error)
    return (
        f"{error.filename or root} cannot be read ({reason}): check the share, its server and the daemon's permissions."
    )
