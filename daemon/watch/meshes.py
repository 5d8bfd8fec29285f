"""Where meshes end, by what their first bytes promise. Pure; for ``probe``."""

from __future__ import annotations

import re
import struct
from typing import Final

_FBX_BINARY: Final = b"Kaydara FBX Binary  \0"
_FBX_END: Final = bytes.fromhex("f85a8c6adef5d97eece90ce3758f290b")
_PLY_SIZES: Final = {
    b"char": 1, b"uchar": 1, b"int8": 1, b"uint8": 1,
    b"short": 2, b"ushort": 2, b"int16": 2, b"uint16": 2,
    b"int": 4, b"uint": 4, b"int32": 4, b"uint32": 4, b"float": 4, b"float32": 4,
    b"double": 8, b"float64": 8,
}  # fmt: skip
_STL_HEADER: Final = 84
_STL_FACET: Final = 50


def glb_ends_early(head: bytes, size: int) -> bool:
    """By glTF 2.0, 4.4.2: the header holds the length of the whole file."""
    return head[:4] == b"glTF" and bool(struct.unpack_from("<I", head, 8)[0] > size)


def stl_ends_early(head: bytes, tail: bytes, size: int) -> bool:
    """Binary: 50 bytes a facet after a count. Text (many binary files begin with "solid" too): ``endsolid``."""
    if head[:5].lower() == b"solid" and b"facet" in head[:1024].lower():
        return b"endsolid" not in tail.lower()
    return _STL_HEADER + _STL_FACET * int(struct.unpack_from("<I", head, 80)[0]) > size


def ply_ends_early(head: bytes, size: int) -> bool:
    """Each element needs its fixed properties and at least a byte for each list; in text two bytes for each."""
    header, found, _ = head.partition(b"end_header")
    if not found:
        return head[:3] == b"ply"
    least, count, text = len(header) + len(found), 0, b"format ascii" in header
    for line in header.splitlines():
        match line.split():
            case [b"element", _, number]:
                count = int(number) if re.fullmatch(rb"\d{1,18}", number) else 0
            case [b"property", b"list", *_]:
                least += count * (2 if text else 1)
            case [b"property", kind, *_]:
                least += count * (2 if text else _PLY_SIZES.get(kind, 1))
            case _:
                pass
    return least - text > size  # the last line of a text may lack its end


def fbx_ends_early(head: bytes, tail: bytes) -> bool:
    """Binary files end with 16 fixed bytes (Blender's notes on the format), text files with a brace or a comment."""
    if head.startswith(_FBX_BINARY):
        return _FBX_END not in tail[-512:]
    lines = [line for line in tail.splitlines() if line.strip() and not line.strip().startswith(b";")]
    return text_ends_early(tail) or bool(lines and not lines[-1].rstrip().endswith(b"}"))


def text_ends_early(tail: bytes) -> bool:
    """Many zero bytes at the end of a text are space that a server reserved (one is ZBrush's way to end an OBJ)."""
    return tail.endswith(bytes(16))
