"""What a GLB file is made of: its description (JSON), and the numbers that lie in its binary part.

Source: Khronos Group, glTF 2.0 specification (2021), sections 3.6 and 4.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pipelines.morph.polygons import Damaged

_JSON, _BIN = 0x4E4F534A, 0x004E4942
_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}

Told = Mapping[str, Any]
Numbers = Float[np.ndarray, "rows columns"] | Int[np.ndarray, "rows columns"]


@dataclass(frozen=True, slots=True, eq=False)
class GlbFile:
    """A file's description, and its binary part."""

    scene: dict[str, Any]
    binary: bytes

    def view(self, index: int) -> memoryview:
        """The bytes of a buffer view; only the file's own chunk is a buffer. Raises Damaged."""
        told = self.scene["bufferViews"][index]
        start, length = told.get("byteOffset", 0), told["byteLength"]
        if told["buffer"] != 0 or "uri" in self.scene["buffers"][0]:
            raise Damaged("its numbers lie in another file; export it as one GLB file")
        if not 0 <= start <= start + length <= len(self.binary):
            raise Damaged(
                f"it is cut short: {start + length:,} bytes of numbers are told, {len(self.binary):,} are there"
            )
        return memoryview(self.binary)[start : start + length]

    def accessor(self, index: int) -> Numbers:
        """The numbers of an accessor as float64 or int64, integers that stand for fractions as fractions.

        Sparse ones are filled in. Raises Damaged.
        """
        told = self.scene["accessors"][index]
        kind, width = np.dtype(_TYPES[told["componentType"]]), _WIDTHS[told["type"]]
        if "bufferView" in told:
            found = self._rows(told, kind, (told["count"], width))
        else:
            found = np.zeros((self._bounded(told["count"]), width), kind)
        if "sparse" in told:
            found = self._filled_in(found, told["sparse"])
        if told.get("normalized") and kind.kind in "iu":
            return np.maximum(found / float(np.iinfo(kind).max), -1.0)
        return found.astype(np.float64 if kind.kind == "f" else np.int64)

    def _rows(self, told: Told, kind: np.dtype, shape: tuple[int, int]) -> np.ndarray:
        """The rows that start at told's place in its buffer view."""
        view, (count, width) = self.view(told["bufferView"]), shape
        stride = self.scene["bufferViews"][told["bufferView"]].get("byteStride", kind.itemsize * width)
        start = told.get("byteOffset", 0)
        end = start + (count - 1) * stride + kind.itemsize * width
        if count < 1 or start < 0 or stride < kind.itemsize * width or end > len(view):
            raise Damaged(f"{count:,} numbers are told where {len(view):,} bytes are there")
        return np.ndarray((count, width), kind, view, start, (stride, kind.itemsize))

    def _bounded(self, count: int) -> int:
        """The count of rows of nothing, which cost no bytes: no more than there are bytes, as a mesh has many."""
        if not 1 <= count <= len(self.binary):
            raise Damaged(f"{count:,} numbers are told where {len(self.binary):,} bytes are there")
        return count

    def _filled_in(self, rows: np.ndarray, sparse: Told) -> np.ndarray:
        count, where = sparse["count"], sparse["indices"]
        at = self._rows(where, np.dtype(_TYPES[where["componentType"]]), (count, 1))[:, 0].astype(np.int64)
        if at.min() < 0 or at.max() >= len(rows):
            raise Damaged(f"it changes number {int(at.max()) + 1:,} of {len(rows):,}")
        filled = rows.copy()
        filled[at] = self._rows(sparse["values"], rows.dtype, (count, rows.shape[1]))
        return filled


def opened(data: bytes) -> GlbFile:
    """The file of these bytes. Raises Damaged, and ValueError where its description is no JSON."""
    if data[:4] != b"glTF" or len(data) < 20:  # noqa: PLR2004  header and the first chunk's
        raise Damaged("it does not start as a GLB file does")
    version, size = struct.unpack_from("<II", data, 4)
    if version != 2:  # noqa: PLR2004
        raise Damaged(f"it is glTF version {version}; visaged reads version 2")
    if size > len(data):
        raise Damaged(f"it is cut short: it should have {size:,} bytes and has {len(data):,}")
    chunks = dict(_chunks(data))
    if _JSON not in chunks:
        raise Damaged("its description is missing")
    return GlbFile(json.loads(chunks[_JSON].decode("utf-8")), chunks.get(_BIN, b""))


def _chunks(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 12
    while at + 8 <= len(data):
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > len(data):
            raise Damaged(f"it is cut short: a part of {size:,} bytes is told, {len(data) - at - 8:,} are there")
        yield kind, data[at + 8 : at + 8 + size]
        at += 8 + size
