"""The rows of a PLY file: elements of single values and lists, in either byte order, as columns."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import functools
import struct
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int

from pipelines.morph.polygons import Damaged
from pipelines.morph.wording import shown

_MOST_ROWS = 40_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One column. count: the type of a list's length, None for a single value. told: the header's type."""

    name: str
    type: np.dtype
    told: str
    count: np.dtype | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """A kind of row: how many there are, and their columns in order."""

    name: str
    length: int
    properties: list[Property]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """What a property holds. sizes: of each row's list, None for single values."""

    values: np.ndarray
    sizes: Int[np.ndarray, " rows"] | None
    told: str


Table = Mapping[str, Column]


def table_of(element: Element, body: bytes, at: int) -> tuple[Table, int]:
    """The element's columns, and where the next element starts."""
    if not element.properties or not element.length:
        return {}, at
    least = sum((p.count or p.type).itemsize for p in element.properties)
    if element.length > (len(body) - at) // least:
        raise Damaged(
            f"it is cut short: its header tells of {element.length:,} x “{shown(element.name)}”, the rest of the file "
            f"has room for {(len(body) - at) // least:,} at most"
        )
    if element.length > _MOST_ROWS:
        raise Damaged(f"{element.length:,} x “{shown(element.name)}” are more than visaged can morph")
    lists = _even(element, body, at)
    if lists is not None:
        rows = np.frombuffer(body, dtype=_row(element, lists), count=element.length, offset=at)
        return _columns(element, rows, lists), at + rows.nbytes
    return _uneven(element, body, at)


def _row(element: Element, lists: Sequence[int]) -> np.dtype:
    """The layout of a row whose lists have these lengths."""
    fields: list[tuple[str, np.dtype] | tuple[str, np.dtype, int]] = []
    for i, (p, length) in enumerate(zip(element.properties, lists, strict=True)):
        if p.count is not None:
            fields += [(f"count {i}", p.count), (f"{i}", p.type, length)]
        else:
            fields.append((f"{i}", p.type))
    return np.dtype(fields)


def _even(element: Element, body: bytes, at: int) -> list[int] | None:
    """The lengths of the first row's lists if every row has the same, else None."""
    lists = []
    here = at
    for p in element.properties:
        lists.append(_length(p, body, here))
        here += (p.count.itemsize if p.count else 0) + lists[-1] * p.type.itemsize
    if element.length > (len(body) - at) // (here - at):
        return None
    rows = np.frombuffer(body, dtype=_row(element, lists), count=element.length, offset=at)
    counts = [(i, length) for i, (p, length) in enumerate(zip(element.properties, lists, strict=True)) if p.count]
    return lists if all((rows[f"count {i}"] == length).all() for i, length in counts) else None


def _length(p: Property, body: bytes, at: int) -> int:
    """How long the list of a property is whose row is at this place; 1 for a single value."""
    if p.count is None:
        return 1
    if at + p.count.itemsize > len(body):
        raise Damaged("it is cut short")
    told = _unpacking(p.count)(body, at)[0]
    room = (len(body) - at - p.count.itemsize) // p.type.itemsize
    if not 0 <= told <= room or told != int(told):
        raise Damaged(f"a list of {told:,} x “{shown(p.name)}” is in it, where the file has room for {room:,}")
    return int(told)


@functools.cache
def _unpacking(kind: np.dtype) -> Callable[[bytes, int], tuple[Any, ...]]:
    order = kind.str[0].replace("|", "=")
    return struct.Struct(order + {"i8": "q", "u8": "Q"}.get(kind.str[1:], kind.char)).unpack_from


def _columns(element: Element, rows: np.ndarray, lists: Sequence[int]) -> Table:
    table = {}
    for i, (p, length) in enumerate(zip(element.properties, lists, strict=True)):
        values = np.ascontiguousarray(rows[f"{i}"]).reshape(-1)
        table[p.name] = Column(values, None if p.count is None else np.full(len(rows), length), p.told)
    return table


def _uneven(element: Element, body: bytes, at: int) -> tuple[Table, int]:
    """The same for lists of different lengths: one walk finds where each list is, then each column is cut out whole."""
    places = [array("q") for _ in element.properties]
    sizes = [array("q") for _ in element.properties]
    for _ in range(element.length):
        for p, place, size in zip(element.properties, places, sizes, strict=True):
            length = _length(p, body, at)
            if length == 0 and len(element.properties) == 1:  # many rows of nothing cost no bytes, only time
                raise Damaged(f"one of its {element.length:,} x “{shown(element.name)}” is empty")
            at += p.count.itemsize if p.count else 0
            place.append(at)
            size.append(length)
            at += length * p.type.itemsize
    if at > len(body):
        raise Damaged("it is cut short")
    table = {}
    for p, place, size in zip(element.properties, places, sizes, strict=True):
        lengths = np.array(size, dtype=np.int64)
        values = _cut_out(body, np.array(place, dtype=np.int64), lengths, p.type)
        table[p.name] = Column(values, None if p.count is None else lengths, p.told)
    return table, at


def _cut_out(body: bytes, places: Int[np.ndarray, " r"], lengths: Int[np.ndarray, " r"], kind: np.dtype) -> np.ndarray:
    """All values of a column: lengths of them at each of the places."""
    step = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    first = np.repeat(places, lengths) + step * kind.itemsize
    taken = np.frombuffer(body, dtype=np.uint8)[first[:, None] + np.arange(kind.itemsize)]
    values: np.ndarray = taken.reshape(-1).view(kind)
    return values
