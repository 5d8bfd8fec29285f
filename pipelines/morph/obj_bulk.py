"""The plain kind of OBJ, which is nearly every one, read as whole columns: a fifth of the time of line by line.

Plain is a file whose lines of a kind look alike: as many numbers in each vertex, corners all of one form, indices that
count from 1. What is anything else, or wrong, is left to ``obj``, which says with the line's number what it is.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

from pipelines.morph.numerals import floats
from pipelines.morph.polygons import Material, Polygons

_VERTEX, _UV, _FACE, _NOTHING, _OTHER = range(5)
_NUMBERS, _INDICES = b"0123456789+-.eE \t\n", b"0123456789/ \n"
"""All that may stand in lines of these kinds, besides the keyword."""
_ONLY_VERTICES, _WITH_COLOURS = 3, 6
_UV_WIDTHS = {2, 3}
_LONGEST = 9
"""Digits of an index; more is no index, and might not fit."""
_FORMS = {(1, 0): None, (2, 1): 1, (3, 2): 1, (2, 2): None}
"""Indices and slashes of a corner -> which index is the texture coordinate's: 1, 1/2, 1/2/3 and 1//3."""

Numbers = Int[np.ndarray, " n"]


class _NotPlain(Exception):
    """Something that columns cannot say; nobody is told, the file is read line by line."""


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """The lines of a text. starts, ends: where each begins and where its newline is; kinds: what it says."""

    data: bytes
    starts: Numbers
    ends: Numbers
    kinds: UInt8[np.ndarray, " n"]

    def of(self, kind: int, keyword: bytes) -> bytes:
        """All lines of a kind, without their keyword. Raises _NotPlain where its letters stand elsewhere too."""
        chosen = (self.kinds == kind).astype(np.int8)
        turns = np.flatnonzero(np.diff(chosen, prepend=0, append=0)).tolist()
        runs = zip(turns[::2], turns[1::2], strict=True)
        text = b"".join(self.data[self.starts[first] : self.ends[after - 1] + 1] for first, after in runs)
        if any(text.count(letter) != np.count_nonzero(chosen) for letter in (keyword[:1], keyword[-1:])):
            raise _NotPlain
        return text.translate(bytes.maketrans(keyword, b" " * len(keyword)))

    def numbers(self, kind: int) -> Numbers:
        """The numbers of the lines of a kind, from 1."""
        return np.flatnonzero(self.kinds == kind) + 1


@dataclass(frozen=True, slots=True)
class _Said:
    """What the few lines of other kinds say. uses: line's number and material's name."""

    uses: tuple[tuple[int, str], ...]
    libraries: tuple[str, ...]


def plain(data: bytes, passed_over: frozenset[bytes]) -> Polygons | None:
    """The polygons of a plain OBJ file, as ``obj.careful`` reads them; None where it is not plain.

    passed_over: the keywords that say nothing about polygons.
    """
    try:
        return _polygons(_lines(data), passed_over)
    except (_NotPlain, ValueError):
        return None


def _polygons(lines: _Lines, passed_over: frozenset[bytes]) -> Polygons:
    said = _said(lines, passed_over)
    vertices, colors = _vertices(lines)
    uvs = _uvs(lines)
    sizes, indices, which = _faces(lines.of(_FACE, b"f"))
    uv_corners = None if which is None else _checked(indices[:, which], len(uvs))
    order = {name: place for place, name in enumerate(dict.fromkeys(name for _, name in said.uses))}
    in_force = np.array([-1, *(order[name] for _, name in said.uses)], dtype=np.int64)
    used_from = np.array([number for number, _ in said.uses], dtype=np.int64)
    return Polygons(
        vertices=vertices,
        corners=_checked(indices[:, 0], len(vertices)),
        sizes=sizes,
        uvs=uvs if len(uvs) else None,
        uv_corners=uv_corners,
        colors=colors,
        materials=tuple(map(Material, order)),
        face_materials=in_force[np.searchsorted(used_from, lines.numbers(_FACE))],
        libraries=said.libraries,
    )


def _lines(data: bytes) -> _Lines:
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n") + b"\n"
    if any(odd in data for odd in (b"\r", b"\0", b"\\")):
        raise _NotPlain
    text = np.frombuffer(data + b"\0\0", np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    starts = np.concatenate([[0], ends[:-1] + 1])
    first, second, third = (text[starts + k] for k in range(3))
    of_v, spaced = first == ord("v"), third == ord(" ")
    kinds = np.full(len(starts), _OTHER, np.uint8)
    kinds[of_v & (second == ord(" "))] = _VERTEX
    kinds[of_v & (second == ord("t")) & spaced] = _UV
    kinds[(first == ord("f")) & (second == ord(" "))] = _FACE
    normal = of_v & (second == ord("n")) & spaced
    kinds[normal | (first == ord("#")) | (first == ord("\n"))] = _NOTHING
    return _Lines(data, starts, ends, kinds)


def _said(lines: _Lines, passed_over: frozenset[bytes]) -> _Said:
    uses, libraries = [], []
    for at in np.flatnonzero(lines.kinds == _OTHER).tolist():
        keyword, *rest = lines.data[lines.starts[at] : lines.ends[at]].split(None, 1) or [b"#"]
        text = b"".join(rest).strip().decode("utf-8", "surrogateescape")
        if keyword == b"usemtl":
            uses.append((at + 1, text))
        elif keyword == b"mtllib":
            libraries.append(text)
        elif keyword not in passed_over and not keyword.startswith(b"#"):
            raise _NotPlain
    return _Said(tuple(uses), tuple(libraries))


def _vertices(lines: _Lines) -> tuple[Float[np.ndarray, "v 3"], Float[np.ndarray, "v 3"] | None]:
    table = _table(lines.of(_VERTEX, b"v"))
    if table.shape[1] == _ONLY_VERTICES:
        return table, None
    if table.shape[1] != _WITH_COLOURS:
        raise _NotPlain
    colors = table[:, 3:]
    return table[:, :3], colors / 255.0 if colors.max() > 1.0 else colors


def _uvs(lines: _Lines) -> Float[np.ndarray, "t 2"]:
    text = lines.of(_UV, b"vt")
    if not text:
        return np.empty((0, 2))
    table = _table(text)
    if table.shape[1] not in _UV_WIDTHS:
        raise _NotPlain
    return table[:, :2]


def _table(text: bytes) -> Float[np.ndarray, "rows columns"]:
    """The numbers of the lines. Raises _NotPlain or ValueError unless they are numbers, as many in each."""
    if text.translate(None, _NUMBERS):
        raise _NotPlain
    widths = _counts(text, _begins(np.frombuffer(text, np.uint8) > ord(" ")))
    if not len(widths) or (widths != widths[0]).any():
        raise _NotPlain
    return floats(text).reshape(len(widths), -1)


def _faces(text: bytes) -> tuple[Numbers, Int[np.ndarray, "c k"], int | None]:
    """How many corners each face has, the indices of each corner, and which of them is the texture coordinate's."""
    if text.translate(None, _INDICES):
        raise _NotPlain
    letters = np.frombuffer(text, np.uint8)
    corners, indices = _begins(letters > ord(" ")), _begins(letters >= ord("0"))
    sizes = _counts(text, corners)
    if not len(sizes) or sizes.min() < 3:  # noqa: PLR2004  a polygon
        raise _NotPlain
    each, slashes = divmod(len(indices), len(corners)), divmod(text.count(b"/"), len(corners))
    form = each[0], slashes[0]
    if each[1] or slashes[1] or form not in _FORMS or not np.array_equal(indices[:: form[0]], corners):
        raise _NotPlain
    if form == (2, 2) and text.count(b"//") != len(corners):  # 1/2/ is another form
        raise _NotPlain
    lasts = _begins(letters[::-1] >= ord("0"))  # from the end
    if (len(letters) - lasts[::-1] - indices).max() > _LONGEST:
        raise _NotPlain
    found = np.fromstring(text.replace(b"/", b" "), dtype=np.int64, sep=" ")
    return sizes, found.reshape(len(corners), -1), _FORMS[form]


def _begins(inside: np.ndarray) -> Numbers:
    """Where words begin, by what is inside of one."""
    return np.flatnonzero(inside & ~np.concatenate([[False], inside[:-1]]))


def _counts(text: bytes, begins: Numbers) -> Numbers:
    """How many words begin on each line."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    return np.diff(np.searchsorted(begins, ends), prepend=0)


def _checked(indices: Numbers, there: int) -> Numbers:
    """The indices from 0. Raises _NotPlain where one points to what is not there."""
    if indices.min() < 1 or indices.max() > there:
        raise _NotPlain
    return indices - 1
