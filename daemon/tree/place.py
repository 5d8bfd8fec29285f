"""The content of one file of a tree: a hard link to where it is already, a clone that shares its blocks, or a copy."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from daemon.folders import open_plain
from daemon.moves import sha256 as sha256_of
from pipelines.contract import Place

_FICLONE: Final = 0x40049409  # of linux/fs.h
_CHUNK: Final = 1 << 20
_NO_LINK: Final = frozenset({
    errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL,
})  # fmt: skip


def link(source: Path, target: Path) -> bool:
    """Afterwards target is another name of the plain file source. False: that cannot be here; nothing has changed.

    Raises FileExistsError where something is at target, FileNotFoundError where nothing is at source, OSError.
    """
    if source.is_symlink():
        return False
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_LINK:
            return False
        raise
    return True


def fill(source: Path, target: Path, place: Place, sha256: str) -> bool:
    """Afterwards target is a new file with the content and the time of source. False: source has other content.

    Where place allows it, and the file system can, the two share their blocks. A link as source is followed, once.
    Raises FileExistsError where something is at target, OSError.
    """
    with open_plain(source.readlink() if source.is_symlink() else source) as content, target.open("xb") as file:
        status = os.fstat(content.fileno())
        if place not in {Place.AUTO, Place.REFLINK} or not _clone(content.fileno(), file.fileno()):
            shutil.copyfileobj(content, file, _CHUNK)
    if sha256_of(target)[0] != sha256:
        target.unlink()
        return False
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    return True


def _clone(source: int, target: int) -> bool:
    with suppress(OSError):
        fcntl.ioctl(target, _FICLONE, source)
        return True
    return False
