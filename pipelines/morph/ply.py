"""PLY, text and binary of both byte orders: polygons, colours, and texture coordinates of vertices or corners.

A text file becomes an array of float64 first, so that one decoder serves all three forms.
Source: G. Turk, The PLY Polygon File Format (1994); texture coordinates as MeshLab writes them.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pipelines.morph.ply_rows import Column, Element, Property, Table, table_of
from pipelines.morph.polygons import Damaged, Material, Picture, Polygons
from pipelines.morph.wording import counted, shown

_MOST_HEADER = 1 << 16
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf|infinity|nan)", re.IGNORECASE)
_FAR = 2.0**53
_TYPES = {
    told: kind
    for kind, names in {
        "i1": "char int8",
        "u1": "uchar uint8",
        "i2": "short int16",
        "u2": "ushort uint16",
        "i4": "int int32",
        "u4": "uint uint32",
        "i8": "int64",
        "u8": "uint64",
        "f4": "float float32",
        "f8": "double float64",
    }.items()
    for told in names.split()
}
_FORMATS = {"ascii": "=", "binary_little_endian": "<", "binary_big_endian": ">"}
_UVS = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"))
_RGB = ("red", "green", "blue")
_CORNERS = ("vertex_indices", "vertex_index")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    text: bool
    elements: list[Element]
    picture: str | None
    size: int


def parse(data: bytes) -> Polygons:
    """The polygons of a PLY file. Raises Damaged; a count that the file is too short for is never allocated."""
    header = _header(data)
    body = _numbers(data[header.size :]) if header.text else data[header.size :]
    tables: dict[str, Table] = {}
    at = 0
    for element in header.elements:
        table, at = table_of(element, body, at)
        tables.setdefault(element.name, table)
    if header.text and at < len(body):
        raise Damaged(f"{counted((len(body) - at) // 8, 'number')} more than its header tells of are in it")
    return _polygons(tables.get("vertex", {}), tables.get("face", {}), header.picture)


def _header(data: bytes) -> _Header:
    end = data.find(b"end_header", 0, _MOST_HEADER)
    start = re.compile(rb"end_header[ \t]*(\r\n|\n|\r)").match(data, max(end, 0))
    if not data.startswith(b"ply"):
        raise Damaged("it does not start as a PLY file does")
    if start is None:
        raise Damaged("its header has no end (“end_header”)")
    order, picture = None, None
    elements: list[Element] = []
    for line in data[:end].decode("utf-8", "surrogateescape").splitlines():
        match line.split():
            case ["format", kind, *_] if kind in _FORMATS:
                order = _FORMATS[kind]
            case ["element", name, length] if length.isdecimal() and length.isascii():
                elements.append(Element(name, int(length), []))
            case ["property", *words] if elements and order is not None:
                elements[-1].properties.append(_property(words, order, line))
            case ["comment", key, *_] if key.lower() == "texturefile":
                picture = line.split(None, 2)[-1].strip()
            case [] | ["ply"] | ["comment" | "obj_info", *_]:
                pass
            case _:
                raise Damaged(f"its header has a line that makes no sense: “{shown(line[:60])}”")
    if order is None:
        raise Damaged("its header does not say which format of PLY it has")
    return _Header(text=order == "=", elements=elements, picture=picture, size=start.end())


def _property(words: Sequence[str], order: str, line: str) -> Property:
    def numpy_type(told: str) -> np.dtype:
        return np.dtype("f8" if order == "=" else order + _TYPES[told])  # "=": text, decoded as float64

    match words:
        case [kind, name] if kind in _TYPES:
            return Property(name=name, type=numpy_type(kind), told=_TYPES[kind])
        case ["list", count, kind, name] if kind in _TYPES and count in _TYPES and _TYPES[count][0] != "f":
            return Property(name=name, type=numpy_type(kind), count=numpy_type(count), told=_TYPES[kind])
    raise Damaged(f"its header has a line that makes no sense: “{shown(line[:60])}”")


def _numbers(body: bytes) -> bytes:
    words = body.split()
    try:
        found = np.fromiter(map(float, words), dtype=np.float64, count=len(words))
    except ValueError:
        found = None
    if found is not None and b"_" not in body:  # which Python allows in numbers
        return found.tobytes()
    strange = next(word for word in words if not _NUMBER.fullmatch(word))
    raise Damaged(f"“{shown(strange[:40].decode('utf-8', 'surrogateescape'))}” stands where a number should be")


def _polygons(vertex: Table, face: Table, picture: str | None) -> Polygons:
    if not all(name in vertex for name in "xyz"):
        raise Damaged("its header tells of no vertices with x, y and z")
    corners = next((face[name] for name in _CORNERS if name in face), None)
    if corners is None or corners.sizes is None:
        corners = Column(np.zeros(0), np.zeros(0, dtype=np.int64), "i4")
    sizes, whole = np.asarray(corners.sizes), _whole(corners.values)
    if len(sizes) and sizes.min() < 3:  # noqa: PLR2004  a polygon
        raise Damaged(f"face {int(sizes.argmin()) + 1:,} has {sizes.min()} corners, and a face has at least three")
    uvs, uv_corners = _uvs(vertex, face, whole)
    return Polygons(
        vertices=_stacked(vertex, "xyz"),
        corners=whole,
        sizes=sizes,
        uvs=uvs,
        uv_corners=uv_corners,
        colors=_colors(vertex),
        materials=(Material("", Picture(picture)),) if picture else (),
        face_materials=np.zeros(len(sizes), dtype=np.int64) if picture else None,
    )


def _whole(values: np.ndarray) -> Int[np.ndarray, " c"]:
    if not (np.abs(values.astype(np.float64)) < _FAR).all() or (values.astype(np.int64) != values).any():
        raise Damaged("a corner of a face is not a whole number, or far out of range")
    return values.astype(np.int64)


def _stacked(table: Table, names: Sequence[str]) -> Float[np.ndarray, "rows columns"]:
    return np.stack([table[name].values.astype(np.float64) for name in names], axis=1)


Uvs = tuple[Float[np.ndarray, "t 2"] | None, Int[np.ndarray, " c"] | None]


def _uvs(vertex: Table, face: Table, corners: Int[np.ndarray, " c"]) -> Uvs:
    of_corners = face.get("texcoord")
    if of_corners is not None and len(of_corners.values) == 2 * len(corners):
        return of_corners.values.astype(np.float64).reshape(-1, 2), np.arange(len(corners))
    names = next((pair for pair in _UVS if pair[0] in vertex and pair[1] in vertex), None)
    return (_stacked(vertex, names), corners) if names else (None, None)


def _colors(vertex: Table) -> Float[np.ndarray, "v 3"] | None:
    if not all(name in vertex for name in _RGB):
        return None
    told = np.dtype(vertex["red"].told)
    most = np.iinfo(told).max if told.kind in "iu" else 1.0
    return _stacked(vertex, _RGB) / most
