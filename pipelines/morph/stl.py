"""STL, text and binary: a heap of triangles, whose corners are joined into vertices where they lie at the same place.

Source: 3D Systems, StereoLithography Interface Specification (1989).
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import re

import numpy as np
from jaxtyping import Float, Int

from pipelines.morph.polygons import Damaged, Polygons

_HEADER = 84
_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_VERTEX = re.compile(rb"^[ \t]*vertex[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\S+)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_FACET_END = re.compile(rb"^[ \t]*endfacet\b", re.IGNORECASE | re.MULTILINE)
_SOLID_END = re.compile(rb"^[ \t]*endsolid\b", re.IGNORECASE | re.MULTILINE)


def parse(data: bytes) -> Polygons:
    """The polygons of an STL file. Vertices are numbered by their first appearance. Raises Damaged."""
    told = int.from_bytes(data[_HEADER - 4 : _HEADER], "little")
    size = _HEADER + told * _TRIANGLE.itemsize
    if len(data) >= _HEADER and len(data) == size:
        return _joined(_binary(data, told))
    if data[:512].lstrip().lower().startswith(b"solid"):
        return _joined(_text(data))
    if len(data) < max(size, _HEADER):
        raise Damaged(f"it is cut short: {told:,} triangles take {size:,} bytes, the file has {len(data):,}")
    raise Damaged(f"its header tells of {told:,} triangles ({size:,} bytes), but the file has {len(data):,} bytes")


def _binary(data: bytes, triangles: int) -> Float[np.ndarray, "c 3"]:
    found = np.frombuffer(data, dtype=_TRIANGLE, offset=_HEADER, count=triangles)
    return found["corners"].astype(np.float64).reshape(-1, 3)


def _text(data: bytes) -> Float[np.ndarray, "c 3"]:
    text = data.replace(b"\r", b"\n")
    found, facets = _VERTEX.findall(text), len(_FACET_END.findall(text))
    if not _SOLID_END.search(text):
        raise Damaged("it is cut short: the line “endsolid” is missing")
    if len(found) != 3 * facets:
        raise Damaged(f"{facets:,} triangles have {3 * facets:,} corners, but {len(found):,} lines say “vertex x y z”")
    try:
        return np.array([[float(word) for word in row] for row in found], dtype=np.float64).reshape(-1, 3)
    except ValueError as problem:
        raise Damaged("a line “vertex x y z” has something that is not a number") from problem


def _joined(points: Float[np.ndarray, "c 3"]) -> Polygons:
    places = np.ascontiguousarray(points + 0.0)  # -0.0 is the same place as 0.0
    rows = places.view(np.dtype((np.void, places.itemsize * 3))).reshape(-1)
    _, first, place = np.unique(rows, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty_like(order)
    number[order] = np.arange(len(order))
    corners: Int[np.ndarray, " c"] = number[place.reshape(-1)]
    return Polygons(vertices=places[first[order]], corners=corners, sizes=np.full(len(points) // 3, 3))
