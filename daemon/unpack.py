"""Dropped archives: unpacked below one folder and nowhere else, within limits, or refused with a sentence.

Members keep their paths: a single top folder stays. Archives inside archives stay archives. What macOS adds for itself
(``__MACOSX/``, ``.DS_Store``) is left out.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from daemon.failpoints import Step, step
from daemon.folders import flush, remove, sync_folder
from daemon.members import DAMAGE, Member, Refusal, members
from daemon.model import Failed, Kind
from daemon.moves import rename_new
from daemon.names import shown

_CHUNK: Final = 1 << 20
_NAME_MOST: Final = 255  # bytes of one name
_PATH_MOST: Final = 1024  # bytes of a whole path, so that it still fits below any work folder
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_JUNK: Final = frozenset({"__MACOSX", ".DS_Store"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an archive may hold. size: bytes in sum. ratio: size over the archive's own, looked at beyond free bytes."""

    files: int = 100_000
    size: int = 100 << 30
    ratio: int = 200
    free: int = 100_000_000


def unpack(archive: Path, into: Path, limits: Limits) -> Failed | None:
    """Afterwards the folder into holds the archive's members, durable, or there is none and the answer says why.

    into appears by one rename when all is written; where it is there already, nothing is done. Kinds: zip, tar, tar.gz,
    tar.bz2, tar.xz, told by content. Raises OSError where the disk, not the archive, is the trouble.
    """
    if os.path.lexists(into):
        return None
    partial = into.with_name(f"{into.name}.partial")
    remove(partial)
    partial.mkdir()
    problem = _try(archive, partial, limits)
    if problem:
        remove(partial)
        return Failed(f"{shown(archive.name)} {problem}", Kind.BAD_INPUT)
    flush(partial)
    step(Step.ACCEPT_UNPACKED)
    rename_new(partial, into)
    sync_folder(into.parent)
    return None


def _try(archive: Path, partial: Path, limits: Limits) -> str | None:
    try:
        with archive.open("rb") as file:
            gauge = _Gauge(limits, os.fstat(file.fileno()).st_size)
            for member in members(file, limits.files, gauge.count):
                _write(partial, member, gauge)
            gauge.close()
    except Refusal as refusal:
        return str(refusal)
    except (*DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        what = shown(str(error)) or type(error).__name__
        return f"is damaged or incomplete ({what}); copy it into the inbox once more, or drop a folder instead."
    return None


class _Gauge:
    """Counts what really comes out of an archive, whatever its headers say."""

    def __init__(self, limits: Limits, packed: int) -> None:
        self._limits = limits
        self._packed = max(packed, 1)
        self._written = 0
        self._files = 0

    def file(self) -> None:
        self._files += 1
        if self._files > self._limits.files:
            raise Refusal(f"holds more than {self._limits.files:,} files; drop it in parts.")

    def close(self) -> None:
        if not self._files:
            raise Refusal("holds no files; drop it again when there is something in it.")

    def write(self, size: int) -> None:
        self._written += size
        self.count(self._written)

    def count(self, total: int) -> None:
        """Refuse where total bytes out of this archive are too many."""
        if total > self._limits.size:
            most = f"{self._limits.size / 1e9:,.3g} GB"
            raise Refusal(f"unpacks to more than {most} (unpack_limit in config.toml); drop its files as a folder.")
        if total > self._limits.free and total > self._limits.ratio * self._packed:
            raise Refusal(
                f"grows to more than {self._limits.ratio} times its size, as archives do that are made to fill a disk; "
                "if it is meant, drop a folder instead."
            )


def _write(root: Path, member: Member, gauge: _Gauge) -> None:
    parts = _parts(member)
    if not parts or parts[0] == "__MACOSX" or parts[-1] in _JUNK:
        return
    if member.special:
        raise Refusal(f"holds {_shown(member)}, which is {member.special} and not a file; leave it out.")
    gauge.file()
    place = root.joinpath(*parts)
    try:
        if member.folder:
            _make(root, parts)
            return
        _make(root, parts[:-1])
        _write_file(place, member, gauge)
    except (FileExistsError, NotADirectoryError):
        raise Refusal(f"holds {_shown(member)} twice, or once as a file and once as a folder; pack it again.") from None
    step(Step.ACCEPT_UNPACKING)


def _make(root: Path, parts: tuple[str, ...]) -> None:
    """Make the folders of a path; none of them can be a link, because only folders and files are ever made here."""
    folder = root
    for part in parts:
        folder /= part
        try:
            folder.mkdir()
            folder.chmod(0o755)
        except FileExistsError:
            if not stat.S_ISDIR(folder.lstat().st_mode):
                raise


def _write_file(place: Path, member: Member, gauge: _Gauge) -> None:
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with os.fdopen(handle, "wb") as target:
        with member.open() as source:
            for chunk in _chunks(source):
                gauge.write(len(chunk))
                target.write(chunk)
        target.flush()
        os.fchmod(handle, 0o644)
        if member.mtime is not None:
            os.utime(handle, (member.mtime, member.mtime))


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK):
        yield chunk


def _parts(member: Member) -> tuple[str, ...]:
    """The names of a member's path, or Refusal where it would lead elsewhere or cannot be made here."""
    path = member.path.replace("\\", "/")
    if path.startswith("/") or _DRIVE.match(path):
        raise Refusal(f"holds {_shown(member)}, a path that leads out of the archive; pack it again with plain names.")
    parts = tuple(part for part in (path if member.windows else member.path).split("/") if part not in {"", "."})
    if ".." in path.split("/"):
        raise Refusal(f"holds {_shown(member)}, a path that leads out of the archive; pack it again with plain names.")
    sizes = [len(os.fsencode(part)) for part in parts]
    if any(size > _NAME_MOST for size in sizes) or sum(sizes) + len(sizes) > _PATH_MOST:
        raise Refusal(f"holds a name that is too long ({_shown(member)}); give it a shorter one.")
    return parts


def _shown(member: Member) -> str:
    text = shown(member.path)
    return text if len(text) <= _NAME_MOST else text[:60] + "…"
