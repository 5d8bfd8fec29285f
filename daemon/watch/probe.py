"""Whether a file ends where its format says that it ends. A probe only delays an item; the stage judges the content."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from daemon.watch.meshes import fbx_ends_early, glb_ends_early, ply_ends_early, stl_ends_early, text_ends_early

_BOXES: Final = 100_000
_UNKNOWN: Final = (0, 0xFFFFFFFF)
"""Lengths that a streaming writer puts where it cannot go back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What a probe looks at. head, tail: the first and last bytes. size: of the file. stream: for those that walk."""

    head: bytes
    tail: bytes
    size: int
    stream: IO[bytes]


@dataclass(frozen=True, slots=True)
class _Probe:
    """A test that says whether more must come, and how many bytes of either end it wants to see."""

    early: Callable[[Ends], bool]
    head: int = 512
    tail: int = 1024


def ends_early(path: Path) -> bool:
    """Whether more bytes must come: the file is empty, still reserved space, or lacks the end that its format has.

    False where the format is unknown or the file cannot be read: then there is nothing to wait for.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb", buffering=0) as stream:  # noqa: PTH123 - a descriptor, not a path
            size = os.fstat(handle).st_size
            if size == 0:
                return True
            probe = _PROBES.get(path.suffix.lower())
            return probe is not None and _probed(probe, stream, size)
    except OSError:
        return False


def _probed(probe: _Probe, stream: IO[bytes], size: int) -> bool:
    head = stream.read(probe.head)
    stream.seek(max(0, size - probe.tail))
    ends = Ends(head=head, tail=stream.read(probe.tail), size=size, stream=stream)
    try:
        return not any(head[:16]) or probe.early(ends)
    except struct.error:  # shorter than its own header
        return True


def _zip(ends: Ends) -> bool:
    at = ends.tail.rfind(b"PK\x05\x06")
    return at < 0 or at + 22 + int(struct.unpack_from("<H", ends.tail, at + 20)[0]) > len(ends.tail)


def _png(ends: Ends) -> bool:
    return b"IEND\xaeB`\x82" not in ends.tail


def _jpeg(ends: Ends) -> bool:
    return not ends.tail.rstrip(b"\0\r\n ").endswith(b"\xff\xd9")


def _gif(ends: Ends) -> bool:
    return not ends.tail.rstrip(b"\0\r\n").endswith(b";")


def _riff(ends: Ends) -> bool:
    length = struct.unpack_from("<I", ends.head, 4)[0]
    return ends.head[:4] == b"RIFF" and length not in _UNKNOWN and 8 + length > ends.size


def _bmp(ends: Ends) -> bool:
    return ends.head[:2] == b"BM" and bool(struct.unpack_from("<I", ends.head, 2)[0] > ends.size)


def _boxes(ends: Ends) -> bool:
    """ISO/IEC 14496-12, 4.2: every box fits, and one of them is the index (``moov``; ``meta`` in still pictures)."""
    at, indexed = 0, False
    for _ in range(_BOXES):
        if at >= ends.size:
            break
        ends.stream.seek(at)
        header = ends.stream.read(16)
        length, kind = struct.unpack_from(">I4s", header)
        if length == 1:
            length = struct.unpack_from(">Q", header, 8)[0]
        elif length == 0:
            length = ends.size - at
        indexed |= kind in {b"moov", b"meta", b"moof"}
        if length < 8:  # noqa: PLR2004 - the header's own length: garbage or reserved space from here on
            return not indexed or not any(header)
        at += length
    return at > ends.size or not indexed


def _gzip(ends: Ends) -> bool:
    return ends.size < 18 or not any(ends.tail[-8:])  # noqa: PLR2004 - RFC 1952: header 10, trailer 8


def _bzip2(ends: Ends) -> bool:
    return not any(ends.tail[-4:])


def _xz(ends: Ends) -> bool:
    return not ends.tail.endswith(b"YZ")


def _tar(ends: Ends) -> bool:
    return ends.size % 512 != 0 or any(ends.tail[-1024:])


_JPEG, _RIFF, _FILM, _TEXT = _Probe(_jpeg), _Probe(_riff), _Probe(_boxes), _Probe(lambda e: text_ends_early(e.tail))

_PROBES: Final[Mapping[str, _Probe]] = {
    ".zip": _Probe(_zip, tail=22 + 65_535),  # the record and its comment
    ".png": _Probe(_png),
    ".jpg": _JPEG, ".jpeg": _JPEG, ".jpe": _JPEG,
    ".gif": _Probe(_gif),
    ".webp": _RIFF, ".wav": _RIFF, ".avi": _RIFF,
    ".bmp": _Probe(_bmp),
    ".mp4": _FILM, ".m4v": _FILM, ".m4a": _FILM, ".mov": _FILM, ".heic": _FILM, ".heif": _FILM, ".avif": _FILM,
    ".gz": _Probe(_gzip), ".tgz": _Probe(_gzip),
    ".bz2": _Probe(_bzip2),
    ".xz": _Probe(_xz),
    ".tar": _Probe(_tar),
    ".glb": _Probe(lambda e: glb_ends_early(e.head, e.size)),
    ".stl": _Probe(lambda e: stl_ends_early(e.head, e.tail, e.size), head=1024),
    ".ply": _Probe(lambda e: ply_ends_early(e.head, e.size), head=65_536),
    ".fbx": _Probe(lambda e: fbx_ends_early(e.head, e.tail), tail=4096),
    ".obj": _TEXT, ".mtl": _TEXT,
}  # fmt: skip
