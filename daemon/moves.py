"""One durable move of a file or folder: renamed where that works, else copied, verified and removed; over nothing.

Between two file systems a move goes ``src -> <dst's folder>/.visaged-partial/<id>/ -> dst``, then src is removed.
After a kill at any point the same call completes it: where both ends exist, the content decides whether dst is ours.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from daemon.failpoints import Step, step
from daemon.folders import flush, open_plain, remove, sync_folder, walk

PARTIAL: Final = ".visaged-partial"
_CHUNK: Final = 1 << 20
_NOREPLACE: Final = 1  # RENAME_NOREPLACE of linux/fs.h
_HERE: Final = -100  # AT_FDCWD of fcntl.h
_NOT_OFFERED: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP})
_renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


class Changed(OSError):
    """The source changed while it was copied; nothing has moved."""


def move(src: Path, dst: Path) -> bool:
    """Afterwards what was at src is at dst, whole and durable, nothing is at src, and the answer is True.

    False: dst holds something else, and src is as it was. Links are moved as links, never followed. The folder of dst
    must exist. Raises OSError (FileNotFoundError: neither is there; Changed); then src is as it was or dst complete.
    """
    if not os.path.lexists(src):
        dst.lstat()
        return True
    if os.path.lexists(dst):
        placed = holds(dst, src)
        _discard(_scratch(src, dst))
    else:
        placed = _place(src, dst)
    if placed:
        step(Step.MOVE_PLACED)
        _clear(src)
        sync_folder(dst.parent)
        sync_folder(src.parent)
    return placed


def rename_new(src: Path, dst: Path) -> None:
    """Afterwards src has the name dst. Raises FileExistsError where dst exists, OSError (EXDEV: another file system).

    Where the file system has no such rename, a file is linked and unlinked. A folder is renamed after a look; the
    rename itself then refuses all but an empty folder.
    """
    if _renameat2 is not None:
        if _renameat2(_HERE, os.fsencode(src), _HERE, os.fsencode(dst), _NOREPLACE) == 0:
            return
        code = ctypes.get_errno()
        if code not in _NOT_OFFERED:
            raise OSError(code, os.strerror(code), os.fspath(src), None, os.fspath(dst))
    _rename_slowly(src, dst)


def _rename_slowly(src: Path, dst: Path) -> None:
    if os.path.lexists(dst):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(dst))
    if stat.S_ISREG(src.lstat().st_mode):
        try:
            os.link(src, dst, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NOT_OFFERED:
                raise
        else:
            src.unlink()
            return
    src.rename(dst)


def copy(src: Path, dst: Path) -> None:
    """Afterwards dst is a durable copy of src that was read back and compared. dst must not exist.

    Modes and times are kept, links are copied as links; for a pipe, socket or device, which hold no bytes, a pipe
    stands where the file system has them.
    Raises Changed where src changed meanwhile, OSError.
    """
    before = _signature(src)
    digests: dict[Path, str] = {}
    if stat.S_ISDIR(src.lstat().st_mode):
        _copy_folder(src, dst, digests)
    else:
        parent = os.open(src.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _copy_entry(parent, src.name, dst, digests)
        finally:
            os.close(parent)
    flush(dst.parent)
    for path, digest in digests.items():
        if sha256(path, cached=False)[0] != digest:
            raise OSError(errno.EIO, "what was written reads back differently: the disk or its cable is faulty", path)
    if _signature(src) != before:
        raise Changed(errno.EBUSY, "it changed while it was copied", os.fspath(src))


def holds(whole: Path, part: Path) -> bool:
    """Whether every file and link of part is in whole too, under the same path and with the same content."""
    if stat.S_IFMT(whole.lstat().st_mode) != stat.S_IFMT(part.lstat().st_mode):
        return False
    return all(_same(path, whole / path.relative_to(part)) for path in walk(part))


def sha256(path: Path, *, cached: bool = True) -> tuple[str, int]:
    """The hex SHA-256 and the size in bytes of a plain file. cached False: read from the disk where that can be had."""
    with open_plain(path) as file:
        if not cached:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


def _place(src: Path, dst: Path) -> bool:
    try:
        rename_new(src, dst)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return _copy_into_place(src, dst)
    return True


def _copy_into_place(src: Path, dst: Path) -> bool:
    scratch = _scratch(src, dst)
    _discard(scratch)
    _open_scratch(scratch)
    try:
        copy(src, scratch / dst.name)
        step(Step.MOVE_COPIED)
        rename_new(scratch / dst.name, dst)
        sync_folder(dst.parent)
    except FileExistsError:
        return False
    finally:
        _discard(scratch)
    return True


def _scratch(src: Path, dst: Path) -> Path:
    """Where a copy of src grows: the same after a restart, and no other move's."""
    return dst.parent / PARTIAL / hashlib.sha256(os.fsencode(src)).hexdigest()[:16]


def _open_scratch(scratch: Path) -> None:
    while True:
        scratch.parent.mkdir(exist_ok=True)
        try:
            scratch.mkdir(0o700)
        except FileNotFoundError:  # another move ended just now and removed the common parent
            continue
        return


def _discard(scratch: Path) -> None:
    remove(scratch)
    with suppress(OSError):  # other moves use it, or it is not there
        scratch.parent.rmdir()


def _clear(src: Path) -> None:
    if not os.path.lexists(src):
        return
    if stat.S_ISDIR(src.lstat().st_mode):
        for child in sorted(src.iterdir()):
            remove(child)
            step(Step.MOVE_CLEARING)
    remove(src)


def _same(one: Path, other: Path) -> bool:
    mode = one.lstat().st_mode
    try:
        there = other.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        there = 0
    if stat.S_ISREG(mode):
        return stat.S_ISREG(there) and sha256(one) == sha256(other)
    return not stat.S_ISLNK(mode) or (stat.S_ISLNK(there) and one.readlink() == other.readlink())


def _signature(root: Path) -> list[tuple[str, int, int, int]]:
    """What tells that a tree has changed, without reading it."""

    def signs() -> Iterator[tuple[str, int, int, int]]:
        for path in walk(root):
            status = path.lstat()
            yield os.fspath(path), status.st_size, status.st_mtime_ns, status.st_ino

    return list(signs())


def _copy_folder(src: Path, dst: Path, digests: dict[Path, str]) -> None:
    made: list[tuple[Path, os.stat_result]] = []
    for root, folders, files, handle in os.fwalk(src, onerror=_raise):  # holds on to folders: none can become a link
        there = dst / Path(root).relative_to(src)
        there.mkdir()
        made.append((there, os.fstat(handle)))
        for name in (*folders, *files):
            if not stat.S_ISDIR(os.lstat(name, dir_fd=handle).st_mode):
                _copy_entry(handle, name, there / name, digests)
    for there, status in reversed(made):
        _keep(there, status)


def _copy_entry(folder: int, name: str, dst: Path, digests: dict[Path, str]) -> None:
    status = os.lstat(name, dir_fd=folder)
    if stat.S_ISLNK(status.st_mode):
        dst.symlink_to(os.readlink(name, dir_fd=folder))
    elif stat.S_ISREG(status.st_mode):
        digest = hashlib.sha256()
        with open_plain(Path(name), folder) as source, dst.open("xb") as target:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                target.write(chunk)
        _keep(dst, status)
        digests[dst] = digest.hexdigest()
        step(Step.MOVE_COPYING)
    else:
        with suppress(OSError):
            os.mkfifo(dst)


def _keep(path: Path, status: os.stat_result) -> None:
    with suppress(OSError):  # as far as the system lets us
        os.chown(path, -1, status.st_gid)
        os.chown(path, status.st_uid, -1)
    path.chmod(stat.S_IMODE(status.st_mode))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _raise(error: OSError) -> None:
    raise error
