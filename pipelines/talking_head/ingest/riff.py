"""What the header of a .wav says, beside what the file is: whether the end of it is missing."""

from __future__ import annotations

import struct

_CHUNK = struct.Struct("<4sI")
_UNKNOWN = (0, 0xFFFFFFFF)
"""Sizes that programs write that do not know the end yet (a pipe, a recording)."""


def missing(head: bytes, size: int) -> float:
    """The share of the sound that a .wav of size bytes lacks; 0: none, or it is no .wav. head: its first bytes."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return 0.0
    at = 12
    while at + _CHUNK.size <= len(head):
        name, length = _CHUNK.unpack_from(head, at)
        at += _CHUNK.size
        if name == b"data":
            return 0.0 if length in _UNKNOWN else max(0.0, 1.0 - (size - at) / length)
        at += length + length % 2
    return 0.0
