"""PNG files of pictures, written ten times as fast as an all-purpose encoder can."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from isal import isal_zlib
from PIL import Image

from pipelines.morph.surface import Picture

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UP = 2
"""The filter: each row less the one above. An encoder that tries all five per row gains 2 % on heads before a plain
background, and takes twice as long."""
_LEVEL = 1
"""Of ISA-L, which takes a fifth of zlib's time at its level 1, for files a little smaller."""


def encoded(picture: Picture) -> bytes:
    """The picture as a PNG of eight bits, red, green and blue. Source: W3C, PNG specification, third edition."""
    height, width = picture.shape[:2]
    flat = np.ascontiguousarray(picture).reshape(height, 3 * width)
    rows = np.empty((height, 1 + 3 * width), np.uint8)
    rows[:, 0] = _UP
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = isal_zlib.compress(rows.data, _LEVEL)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def loaded(frame: Path) -> Picture:
    """The picture that a PNG file of ours holds."""
    with Image.open(frame, formats=["PNG"]) as opened:
        return np.asarray(opened)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
