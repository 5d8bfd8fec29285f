"""Wavefront OBJ: polygons, texture coordinates, colours and materials, vertices in the file's order.

A plain file is read in bulk (``obj_bulk``); only one that is not is looked at line by line, to say which line is wrong.
Source: Wavefront Technologies, Advanced Visualizer manual, appendix B1 (object files).
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from jaxtyping import Float, Int

from pipelines.morph.obj_bulk import plain
from pipelines.morph.polygons import Damaged, Material, Polygons
from pipelines.morph.wording import counted, shown

_PASSED_OVER = frozenset(
    b"vn vp l p curv curv2 surf deg bmat step cstype parm trim hole scrv sp end con g s mg o bevel c_interp d_interp"
    b" lod usemap maplib shadow_obj trace_obj ctech stech call csh".split()
)
_WIDTHS = {3, 4, 6, 7, 8}  # of a vertex: x y z, then a weight, or red green blue, or both, or an alpha
_RGB_WIDTHS = {6, 7}
_NONE = -(2**62)
_SLASHES = 2


@dataclass(slots=True)
class _Kind:
    """The lines of one keyword: their numbers, from 1, and what stands behind the keyword."""

    numbers: list[int] = field(default_factory=list)
    rests: list[bytes] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rests)

    def rows(self) -> list[list[bytes]]:
        """The words of each line, without a comment behind them."""
        if any(b"#" in rest for rest in self.rests):
            return [rest.partition(b"#")[0].split() for rest in self.rests]
        return [rest.split() for rest in self.rests]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """The file's lines by what they say. unknown: lines whose keyword is not of OBJ, with that keyword."""

    v: _Kind
    vt: _Kind
    f: _Kind
    usemtl: _Kind
    mtllib: _Kind
    unknown: _Kind


def parse(data: bytes) -> Polygons:
    """The polygons of an OBJ file; all its objects and groups are one. Raises Damaged, with the line's number."""
    return plain(data, _PASSED_OVER) or careful(data)


def careful(data: bytes) -> Polygons:
    """As ``parse``, line by line: whatever the file looks like."""
    lines = _sorted_out(data)
    vertices, colors = _vertices(lines.v)
    uvs = _uvs(lines.vt)
    faces = _Faces.of(lines.f)
    materials, face_materials = _materials(lines)
    return Polygons(
        vertices=vertices,
        corners=faces.resolved(faces.vertex, lines.v, "vertex"),
        sizes=faces.sizes,
        uvs=uvs if len(uvs) else None,
        uv_corners=faces.resolved(faces.uv, lines.vt, "texture coordinate") if (faces.uv != _NONE).any() else None,
        colors=colors,
        materials=materials,
        face_materials=face_materials,
        libraries=tuple(map(_text, lines.mtllib.rests)),
        warnings=_warnings(lines.unknown),
    )


def _sorted_out(data: bytes) -> _Lines:
    kinds = {name: _Kind() for name in ("v", "vt", "f", "usemtl", "mtllib")}
    known, unknown = {name.encode(): kind for name, kind in kinds.items()}, _Kind()
    text = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\0", b" ")
    lines = text.split(b"\n")
    for number, words in enumerate((line.split(None, 1) for line in _joined(lines)), start=1):
        if not words:
            continue
        kind = known.get(words[0])
        if kind is not None:
            kind.numbers.append(number)
            kind.rests.append(words[1] if len(words) > 1 else b"")
        elif words[0] not in _PASSED_OVER and not words[0].startswith(b"#"):
            unknown.numbers.append(number)
            unknown.rests.append(words[0])
    return _Lines(**kinds, unknown=unknown)


def _joined(lines: list[bytes]) -> Iterable[bytes]:
    """The lines; those that a backslash continues as one, at the number of the first, with empty ones after it."""
    begun: list[bytes] = []
    for line in lines:
        if line.endswith(b"\\") and not line.lstrip().startswith(b"#"):
            begun.append(line[:-1])
            continue
        yield b" ".join([*begun, line]) if begun else line
        yield from [b""] * len(begun)
        begun = []
    yield b" ".join(begun)


def _vertices(lines: _Kind) -> tuple[Float[np.ndarray, "v 3"], Float[np.ndarray, "v 3"] | None]:
    rows = lines.rows()
    widths = set(map(len, rows))
    for number, row in zip(lines.numbers, rows, strict=True) if not widths <= _WIDTHS else ():
        if len(row) not in _WIDTHS:
            raise Damaged(f"line {number:,}: a vertex has three coordinates, here are {len(row)} numbers")
    if len(widths) > 1:
        rows = [row[: min(widths)] for row in rows]
    table = _numbers(lines, rows)
    if widths and min(widths) in _RGB_WIDTHS:
        colors = table[:, 3:6]
        return table[:, :3], colors / 255.0 if colors.max() > 1.0 else colors
    return table[:, :3], None


def _uvs(lines: _Kind) -> Float[np.ndarray, "t 2"]:
    return _numbers(lines, [(*row, b"0", b"0")[:2] for row in lines.rows()])[:, :2]


def _numbers(lines: _Kind, rows: Sequence[Sequence[bytes]]) -> Float[np.ndarray, "rows columns"]:
    width = len(rows[0]) if rows else 3
    try:
        flat = np.fromiter(map(float, chain.from_iterable(rows)), dtype=np.float64, count=width * len(rows))
    except ValueError:
        flat = None
    if flat is None or b"_" in b"".join(lines.rests):  # which Python allows in numbers
        for number, row in zip(lines.numbers, rows, strict=True):
            for word in row:
                if not _is_float(word):
                    raise Damaged(f"line {number:,}: “{_quoted(word)}” is not a number")
    return np.asarray(flat).reshape(len(rows), width)


def _is_float(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return b"_" not in word


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Faces:
    """All corners of all faces in a row, as the file has them: from 1, or negative and relative; _NONE: not given."""

    numbers: Sequence[int]
    sizes: Int[np.ndarray, " f"]
    vertex: Int[np.ndarray, " c"]
    uv: Int[np.ndarray, " c"]

    @classmethod
    def of(cls, lines: _Kind) -> _Faces:
        rows = lines.rows()
        sizes = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        if len(sizes) and sizes.min() < 3:  # noqa: PLR2004  a polygon
            number = lines.numbers[int(sizes.argmin())]
            raise Damaged(f"line {number:,}: a face has at least three corners, this one has {sizes.min()}")
        words = list(chain.from_iterable(rows))
        try:
            vertex, uv = _indices(words)
        except (ValueError, OverflowError) as problem:
            bad = next(i for i, word in enumerate(words) if not _CORNER.fullmatch(word))
            number = lines.numbers[int(np.searchsorted(np.cumsum(sizes), bad, side="right"))]
            raise Damaged(f"line {number:,}: “{_quoted(words[bad])}” is not a corner of a face") from problem
        return cls(numbers=lines.numbers, sizes=sizes, vertex=vertex, uv=uv)

    def resolved(self, indices: Int[np.ndarray, " c"], given: _Kind, what: str) -> Int[np.ndarray, " c"]:
        """The indices from 0, -1 where there is none. given: the lines that they count; what: how one is called."""
        before = np.searchsorted(given.numbers, self.numbers)
        found = np.where(indices > 0, indices - 1, indices + np.repeat(before, self.sizes))
        wrong = (indices != _NONE) & ((found < 0) | (found >= len(given)) | (indices == 0))
        if wrong.any():
            corner = int(np.argmax(wrong))
            number = self.numbers[int(np.searchsorted(np.cumsum(self.sizes), corner, side="right"))]
            raise Damaged(f"line {number:,}: the face asks for {what} {indices[corner]:,}, the file has {len(given):,}")
        return np.where(indices == _NONE, -1, found)


_CORNER = re.compile(rb"[+-]?\d{1,18}(/([+-]?\d{1,18})?(/([+-]?\d{1,18})?)?)?")


def _indices(words: list[bytes]) -> tuple[Int[np.ndarray, " c"], Int[np.ndarray, " c"]]:
    """Vertex and texture coordinate of each corner: "1", "1/2", "1//3" and "1/2/3", mixed as they like."""
    slashes = [word.count(b"/") for word in words]
    most = max(slashes, default=0)
    if min(slashes, default=0) < most:
        words = [word + b"/" * (most - count) for word, count in zip(words, slashes, strict=True)]
    joined = b"/".join(words)
    if most > _SLASHES or b"_" in joined:
        raise ValueError
    fields = joined.split(b"/") if words else []
    vertex, uv, normal = (fields[i :: most + 1] if i <= most else [] for i in range(3))
    _whole(normal)
    return _whole(vertex, absent=b""), _whole(uv) if uv else np.full(len(words), _NONE)


def _whole(fields: list[bytes], absent: bytes = str(_NONE).encode()) -> Int[np.ndarray, " c"]:
    return np.fromiter(map(int, (field or absent for field in fields)), dtype=np.int64, count=len(fields))


def _materials(lines: _Lines) -> tuple[tuple[Material, ...], Int[np.ndarray, " f"]]:
    names = [_text(rest) for rest in lines.usemtl.rests]
    order = {name: i for i, name in enumerate(dict.fromkeys(names))}
    in_force = np.array([-1, *(order[name] for name in names)], dtype=np.int64)
    return tuple(Material(name) for name in order), in_force[np.searchsorted(lines.usemtl.numbers, lines.f.numbers)]


def _warnings(unknown: _Kind) -> tuple[str, ...]:
    if not unknown:
        return ()
    some = counted(len(unknown), "line says", "lines say")
    first = f"line {unknown.numbers[0]:,}: “{_quoted(unknown.rests[0])}”"
    return (f"{some} nothing that OBJ knows and was passed over; the first is {first}",)


def _text(raw: bytes) -> str:
    return raw.strip().decode("utf-8", "surrogateescape")


def _quoted(word: bytes) -> str:
    return shown(_text(word[:40]))
