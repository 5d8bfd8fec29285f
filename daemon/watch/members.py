"""What archives hold, by their own word: names and sizes, nothing unpacked."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Final, cast

from daemon.watch.shown import shown
from pipelines.contract import Entry

LIMIT: Final = 1_000_000
"""How many files an archive may hold."""
SUFFIXES: Final = (".zip", ".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tar")

_HEADER: Final = 16 << 20
"""Bytes that one header of a tar may take: longer ones only serve to fill the memory."""
_RATIO: Final = 1100
"""Deflate cannot pack tighter than 1032 to 1 (RFC 1951)."""
_OPENERS: Final[Mapping[str, Callable[[Path], Any]]] = {
    ".tar": lambda path: path.open("rb"),
    ".gz": gzip.open,
    ".tgz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
_BROKEN: Final = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError,
    NotImplementedError, struct.error, IndexError, KeyError,
)  # fmt: skip


def archive_stem(name: str) -> str | None:
    """The name of an archive without its suffix, or None where the name is not an archive's."""
    lower = name.lower()
    if not lower.endswith(SUFFIXES):
        return None
    return next((name[: -len(s)] for s in SUFFIXES if lower.endswith(s) and len(name) > len(s)), None)


def members(path: Path) -> tuple[Entry, ...] | str:
    """The files in an archive in its own order, or a sentence that says why it cannot be listed and what to do.

    Folders are left out. Sizes (bytes) and paths are what the archive claims: whoever unpacks it must not trust them.
    """
    label = shown(path.name)
    try:
        found = _zip(path) if path.suffix.lower() == ".zip" else _tar(path)
    except _BROKEN as error:
        detail = f" ({error})" if str(error) else ""
        return f"{label} cannot be opened as an archive{detail}: it is damaged or incomplete. Pack or copy it again."
    if isinstance(found, str):
        return f"{label} {found}"
    return found


def _zip(path: Path) -> tuple[Entry, ...] | str:
    if _directory_size(path) > LIMIT * 400:
        return _too_many()
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > LIMIT:
        return _too_many()
    if any(info.flag_bits & 1 for info in infos):
        return "is protected by a password: pack it again without one."
    return tuple(Entry(path=info.filename, size=info.file_size) for info in infos)


def _directory_size(path: Path) -> int:
    """Bytes of a zip's central directory (APPNOTE.TXT 4.3.14, 4.3.16), which zipfile reads as a whole; 0: not found."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 65_557 - 76))
        tail = file.read()
    long = tail.rfind(b"PK\x06\x06")
    if long >= 0 and long + 48 <= len(tail):
        return int(struct.unpack_from("<Q", tail, long + 40)[0])
    end = tail.rfind(b"PK\x05\x06")
    return int(struct.unpack_from("<I", tail, end + 12)[0]) if 0 <= end <= len(tail) - 22 else 0


def _tar(path: Path) -> tuple[Entry, ...] | str:
    most = path.stat().st_size * _RATIO + (1 << 30)
    found: list[Entry] = []
    with (
        _OPENERS[path.suffix.lower()](path) as stream,
        tarfile.open(fileobj=cast("IO[bytes]", _Guarded(stream)), mode="r:") as archive,
    ):
        kept = cast("Any", archive).members
        while (member := archive.next()) is not None:
            kept.clear()  # tarfile keeps every header it has seen
            if member.offset_data + member.size > most:
                return "claims to hold far more than such an archive can: it looks like a bomb and was not opened."
            if not member.isdir():
                found.append(Entry(path=member.name, size=member.size if member.isreg() else 0))
            if len(found) > LIMIT:
                return _too_many()
    return tuple(found)


def _too_many() -> str:
    return f"holds more than {LIMIT:,} files: split it into several archives, or drop the unpacked folder."


class _Guarded:
    """A stream that refuses to read a header of any size that a hostile archive asks for."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _HEADER:
            raise tarfile.ReadError("it has a header of an absurd length")
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()
