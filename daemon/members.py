"""What lies in an archive, one member after the other, whatever its kind and however it lies about itself."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Final, Protocol

Count = Callable[[int], None]
"""Told how many bytes have come out so far; raises Refusal where they are too many."""

DAMAGE: Final = (
    EOFError, IndexError, KeyError, MemoryError, NotImplementedError, OverflowError, RuntimeError, ValueError,
    lzma.LZMAError, struct.error, tarfile.TarError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What the standard library raises for archives that are not what they seem (and OSError without a number)."""

_HEADER_MOST: Final = 1 << 20  # bytes of one tar header with all its extensions
_ENTRY_MOST: Final = 1 << 10  # bytes of a zip's directory for each file, on average
_BLOCK: Final = 512  # bytes of a tar header; the end is one that is empty
_PORTION: Final = 1 << 18
_LOCAL_HEADER: Final = 30
_END: Final = struct.Struct("<4s4H2LH")  # end of central directory; APPNOTE.TXT 4.3.16
_END_MOST: Final = _END.size + 0xFFFF
_UNDERSTOOD: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
_ENCRYPTED: Final = 0x1
_SPECIAL: Final = frozenset({stat.S_IFBLK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK})


class _Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...

    def tell(self) -> int: ...


class Refusal(Exception):
    """The archive will not be unpacked. The message goes on after its name: ``holds …``, ``is …``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry. special: what it is if not file or folder. windows: a backslash separates names. mtime: seconds."""

    path: str
    folder: bool
    special: str | None
    windows: bool
    mtime: float | None
    open: Callable[[], IO[bytes]]


def members(file: IO[bytes], most: int, count: Count) -> Iterator[Member]:
    """Each member of the archive, in the order in which it is best read; one must be read before the next is asked for.

    most: files. count: told of all that is unpacked from a compressed tar. Raises Refusal, DAMAGE, OSError.
    """
    start = file.read(6)
    file.seek(0)
    if start.startswith(b"PK"):
        return _zip(file, most)
    return _tar(_Guarded(_unpacked(file, start), count))


def _unpacked(file: IO[bytes], start: bytes) -> _Readable:
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if start.startswith(b"BZh"):
        return bz2.BZ2File(file)
    return lzma.LZMAFile(file) if start == b"\xfd7zXZ\x00" else file


def _zip(file: IO[bytes], most: int) -> Iterator[Member]:
    if _directory_size(file) > most * _ENTRY_MOST:
        raise Refusal(f"holds more than {most:,} files; drop it in parts.")
    with zipfile.ZipFile(file) as archive:
        infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
        starts = [*(info.header_offset for info in infos), archive.start_dir]
        for info, following in zip(infos, starts[1:], strict=True):
            _check(info, following)
        for info in infos:
            yield Member(
                path=info.filename,
                folder=info.is_dir(),
                special=_special(info.external_attr >> 16),
                windows=True,
                mtime=_zip_time(info),
                open=lambda info=info: archive.open(info),  # type: ignore[misc]
            )


def _directory_size(file: IO[bytes]) -> int:
    """The bytes of a zip's directory, as its end record claims them, before all of it is read into memory."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END_MOST))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise zipfile.BadZipFile("its end is missing")
    claimed = int(_END.unpack_from(tail, at)[5])
    return size if claimed == 0xFFFFFFFF else claimed  # noqa: PLR2004  zip64: the true size is elsewhere


def _check(info: zipfile.ZipInfo, following: int) -> None:
    if info.header_offset < 0:
        raise zipfile.BadZipFile("its directory points before its beginning")
    if info.flag_bits & _ENCRYPTED:
        raise Refusal("is protected by a password; drop it without one.")
    if info.compress_type not in _UNDERSTOOD:
        raise Refusal(
            f"is packed by a method ({info.compress_type}) that is not known here; pack it as an ordinary zip."
        )
    if info.header_offset + _LOCAL_HEADER + info.compress_size > following:
        raise Refusal("holds files that share their bytes, as archives do that are made to fill a disk.")


def _zip_time(info: zipfile.ZipInfo) -> float | None:
    with suppress(ValueError, OverflowError):
        return time.mktime((*info.date_time, 0, 0, -1))
    return None


def _special(mode: int) -> str | None:
    if stat.S_ISLNK(mode):
        return "a link"
    return "a device, pipe or socket" if stat.S_IFMT(mode) in _SPECIAL else None


def _tar(file: _Guarded) -> Iterator[Member]:
    with tarfile.open(fileobj=file, mode="r:", errors="surrogateescape") as archive:
        while (info := archive.next()) is not None:
            yield Member(
                path=info.name,
                folder=info.isdir(),
                special=_tar_special(info),
                windows=False,
                mtime=float(info.mtime),
                open=lambda info=info: _content(archive, info),  # type: ignore[misc]
            )
            archive.members.clear()  # type: ignore[attr-defined]  # else a million members stay in memory
    if file.last != bytes(_BLOCK):  # tarfile takes a torn header for the end
        raise tarfile.ReadError("its end is missing")
    while file.read(_PORTION):  # to the end, where compressed archives keep their checksum
        pass


def _tar_special(info: tarfile.TarInfo) -> str | None:
    if info.issym() or info.islnk():
        return "a link"
    return None if info.isreg() or info.isdir() else "a device, pipe or socket"


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(info)
    if content is None:
        raise tarfile.ReadError(f"{info.name} has no content")
    return content


class _Guarded(io.RawIOBase):
    """A file that is only read forwards, never in portions that only a hostile header asks for, and reports how far."""

    def __init__(self, file: _Readable, count: Count) -> None:
        super().__init__()
        self._file = file
        self._count = count
        self.last = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most size bytes. Raises Refusal."""
        if not 0 <= size <= _HEADER_MOST:
            raise Refusal("has a header that is far too long; it was not made by an ordinary program.")
        self.last = self._file.read(size)
        self._count(self._file.tell())
        return self.last

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The new position. Raises Refusal, and ReadError where a header leads back (for ever, if one follows it)."""
        if whence != io.SEEK_SET or offset < self._file.tell():
            raise tarfile.ReadError("its headers contradict each other")
        while (missing := offset - self._file.tell()) and self.read(min(missing, _PORTION)):
            pass
        return self._file.tell()

    def tell(self) -> int:
        """The position."""
        return self._file.tell()
