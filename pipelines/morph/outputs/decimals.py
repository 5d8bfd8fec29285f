"""Many numbers as text, fast: whole columns at once, by tables of digits instead of one conversion a number.

A number becomes words of four bytes: the sign and up to three digits, four more digits, ".ddd", and so on. Unused bytes
are zero and are dropped at the end. It takes a fifth of the time of ``%`` on all of them at once.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

Column = Float[np.ndarray, " r"] | Int[np.ndarray, " r"]
Words = Int[np.ndarray, " r"]  # uint32, each four bytes of text


def _table(texts: Sequence[str]) -> Words:
    return np.frombuffer(b"".join(text.encode().rjust(4, b"\0") for text in texts), dtype="<u4")


_HEAD = _table([str(k) for k in range(1000)] + [f"-{k}" for k in range(1000)])
_HEAD_OF_MORE = _table([str(k or "") for k in range(1000)] + [f"-{k or ''}" for k in range(1000)])
_GROUP = _table([str(k) for k in range(10_000)] + [f"{k:04}" for k in range(10_000)])
_POINT = _table([f".{k:03}" for k in range(1000)])
_LAST = _table([f"{k:03}\0" for k in range(1000)])
"""The last byte is free for what ends the number."""
_LARGEST = 9_999_999
"""Seven digits before the point are in the tables."""
_EXACT = 2.0**53
"""Beyond it a float64 no longer tells neighbouring whole numbers apart."""


def places(finest: float) -> int:
    """How many decimals show a difference of ``finest``: 3, 6 or 10, which are what the tables have."""
    return next((count for count in (3, 6) if finest >= 10.0**-count), 10)


def rows(columns: Sequence[Column], decimals: int, *, lead: bytes = b"", between: bytes = b",") -> bytes:
    r"""The columns as lines of text, each led by ``lead``, its numbers parted by ``between``, ended by ``\n``.

    columns: of equal length; integers stay whole, floats get so many decimals (of ``places``), rounded to nearest.
    lead: at most four bytes, between: one. Numbers too large for the tables are written in the shortest exact form.
    """
    if not all(_fits(column, decimals) for column in columns):
        return _slowly(columns, lead.decode(), between.decode())
    words = [_same(columns[0], lead)] if lead else []
    for number, column in enumerate(columns):
        end = b"\n" if number == len(columns) - 1 else between
        words += [*_whole(column), _same(column, end)] if _is_whole(column) else _fraction(column, decimals, end)
    return _text(words)


def faces(columns: Sequence[Int[np.ndarray, " c"]], begins: Bool[np.ndarray, " c"], between: bytes) -> bytes:
    r"""The corners of polygons as the face lines of an OBJ: ``f 1/1/1 2/2/2 3/3/3``.

    columns: the indices of each corner, from 1, below ten million. begins: which corners begin a polygon. between:
    what parts the indices of a corner, at most four bytes.
    """
    words = [np.where(begins, _word(b"\nf "), _word(b" "))]
    for number, column in enumerate(columns):
        words += [_same(column, between), *_whole(column)] if number else _whole(column)
    return _text(words)[1:] + b"\n"


def _fits(column: Column, decimals: int) -> bool:
    largest = float(np.abs(column).max(initial=0))
    return largest < _LARGEST and largest * 10.0**decimals < _EXACT


def _is_whole(column: Column) -> bool:
    return column.dtype.kind in "iu"


def _whole(column: Column) -> list[Words]:
    return _integer(np.abs(column), column < 0)


def _fraction(column: Column, decimals: int, end: bytes) -> list[Words]:
    scaled = np.rint(column * 10.0**decimals).astype(np.int64)
    size = np.abs(scaled)
    whole = size // 10**decimals
    rest = size - whole * 10**decimals
    words = _integer(whole, scaled < 0)
    left = 10 ** (decimals - 3)
    words.append(_POINT[rest // left])
    if left == 1:
        return [*words, _same(column, end)]
    while left > 1000:  # noqa: PLR2004  the last word has three digits
        rest, left = rest % left, left // 10_000
        words.append(_GROUP[rest // left + 10_000])
    return [*words, _LAST[rest % 1000] | np.uint32(end[0] << 24)]


def _integer(size: Int[np.ndarray, " r"], negative: Int[np.ndarray, " r"]) -> list[Words]:
    if size.max(initial=0) < 1000:  # noqa: PLR2004  three digits fit beside a sign
        return [_HEAD[size + 1000 * negative]]
    more = size // 10_000
    return [_HEAD_OF_MORE[more + 1000 * negative], _GROUP[size - more * 10_000 + 10_000 * (more > 0)]]


def _same(column: Column, text: bytes) -> Words:
    return np.full(len(column), _word(text))


def _word(text: bytes) -> np.uint32:
    return np.uint32(int.from_bytes(text, "little"))


def _text(words: Sequence[Words]) -> bytes:
    return np.stack(words, axis=1).astype("<u4", copy=False).tobytes().translate(None, b"\0")


def _slowly(columns: Sequence[Column], lead: str, between: str) -> bytes:
    told = (between.join(map(repr, numbers)) for numbers in zip(*(c.tolist() for c in columns), strict=True))
    return "".join(f"{lead}{line}\n" for line in told).encode("ascii")
