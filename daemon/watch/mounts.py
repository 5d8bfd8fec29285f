"""Whether the kernel tells about changes below a path: the mode of an inbox, chosen from the mount it lies on."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")

_REMOTE = re.compile(
    r"""(cifs|smb3|smbfs|nfs\d*|afs|ncpfs|ceph|glusterfs|lustre|beegfs|gpfs|ocfs2|gfs2
        |9p|v9fs|virtiofs|vboxsf|prl_fs|vmhgfs|hgfs|drvfs|davfs|fuse|fuseblk|fuse\..+)\Z""",
    re.VERBOSE,
)
"""File systems that somebody else can write to, so that inotify here does not see it."""
_OCTAL = re.compile(r"\\([0-7]{3})")


class Mode(StrEnum):
    """How changes are noticed."""

    AUTO = "auto"  # chosen by the mount
    EVENTS = "events"  # inotify wakes the scanner
    POLLED = "polled"  # the scanner looks by itself


def mode_of(path: Path, configured: Mode) -> Mode:
    """EVENTS or POLLED for a path as it is mounted now; what is configured wins over the mount.

    Where the mounts cannot be read the answer is POLLED: slower, and never wrong.
    """
    if configured is not Mode.AUTO:
        return configured
    try:
        text = MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
        kind = file_system(text, path.resolve())
    except OSError:
        return Mode.POLLED
    return Mode.POLLED if kind is None or is_remote(kind) else Mode.EVENTS


def file_system(mountinfo: str, path: Path) -> str | None:
    """The type of the file system that an absolute path without links lies on, or None where no mount holds it.

    mountinfo: the text of ``/proc/self/mountinfo`` (proc_pid_mountinfo(5)). The longest mount point wins; of two at
    the same place the later one, which lies on top.
    """
    best, kind = -1, None
    for line in mountinfo.split("\n"):
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 5:  # noqa: PLR2004 - the fifth field is the mount point
            continue
        point = _plain(fields[4])
        if len(point) >= best and _holds(point, str(path)):
            best, kind = len(point), _plain(after.split(" ", 1)[0])
    return kind


def is_remote(kind: str) -> bool:
    """Whether a file system of this type may change without inotify telling."""
    return _REMOTE.match(kind) is not None


def _holds(point: str, path: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def _plain(field: str) -> str:
    """The kernel writes space, tab, newline and backslash as octal escapes."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field)
