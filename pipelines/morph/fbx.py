"""FBX, text and binary, through ufbx in a process of its own: what goes wrong there is a sentence here."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from pipelines.morph.joining import Part, joined
from pipelines.morph.polygons import Damaged, Material, Picture, Polygons
from pipelines.morph.wording import counted, shown

_READER = Path(__file__).with_name("fbx_scene.py")
_REFUSED = 65
_PATIENCE = 120.0
_ENDED_BY = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, signal.SIGXCPU}
_NOT_UTF8 = b"\xef\xbf\xbd"
_WHY = {
    "TruncatedFileError": "it is cut short",
    "EmptyFileError": "it is empty",
    "UnrecognizedFileFormatError": "it does not start as an FBX file does",
    "NodeDepthLimitError": "its parts are nested too deeply",
    "UnsupportedVersionError": "its version of FBX cannot be read; the one of 2014 (7.4) can",
    "OutOfMemoryError": "it asks for more memory than any head needs",
    "MemoryError": "it asks for more memory than any head needs",
    "UnknownError": "its content is damaged",
}

_Arrays = Mapping[str, np.ndarray]


def parse(data: bytes, shape: str | None = None) -> Polygons:
    """The polygons of an FBX file, Y up; all its meshes in their places, joined. Raises Damaged.

    Where a shape is named, with that blend shape whole and no other, whatever weights the file has; one that is not in
    ``shapes`` changes nothing. RuntimeError: the reading process could not do its work, whatever the file.
    """
    if data.startswith(b"Kaydara FBX Binary") and _NOT_UTF8 in data[:64]:
        raise Damaged("somebody saved or sent it as text, which destroyed it; copy the original again")
    arrays = _answer(data, shape)
    told = json.loads(arrays["told"].tobytes())
    materials = tuple(_material(m, arrays, i) for i, m in enumerate(told["materials"]))
    parts = (_part(arrays, f"{i} ") for i in range(told["count"]))
    turned_on = tuple(name for name, on in told["shapes"].items() if on)
    whole = joined(parts, materials, _warnings(arrays, told["count"]))
    return replace(whole, shapes=tuple(told["shapes"]), turned_on=turned_on)


def _answer(data: bytes, shape: str | None) -> _Arrays:
    command = [sys.executable, "-P", str(_READER), json.dumps(shape)]
    try:
        ended = subprocess.run(command, input=data, capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired as late:
        raise Damaged(f"it was not read after {_PATIENCE:.0f} seconds") from late
    if ended.returncode == 0:
        with np.load(io.BytesIO(ended.stdout), allow_pickle=False) as arrays:
            return dict(arrays)
    if ended.returncode == _REFUSED:
        kind, _, detail = ended.stdout.decode("utf-8", "replace").partition(": ")
        raise Damaged(_WHY.get(kind) or f"its reader says “{shown(detail)[:120]}”")
    if -ended.returncode in _ENDED_BY:
        raise Damaged("its content is damaged so badly that its reader fell over it")
    raise RuntimeError(
        f"the FBX reader ended with {ended.returncode}: {ended.stderr.decode('utf-8', 'replace')[-2000:]}"
    )


def _part(arrays: _Arrays, which: str) -> Part:
    faces = arrays[f"{which}faces"]
    polygon = faces[:, 1] >= 3  # noqa: PLR2004  a line or a point is none
    begins, sizes = faces[polygon].T
    at = np.repeat(begins - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
    uvs = arrays.get(f"{which}uvs")
    return Part(
        vertices=arrays[f"{which}vertices"],
        corners=arrays[f"{which}corners"][at],
        sizes=sizes,
        to_world=np.concatenate([arrays[f"{which}to_world"], [[0.0, 0.0, 0.0, 1.0]]]),
        uvs=uvs,
        uv_corners=None if uvs is None else _given(arrays[f"{which}uv_corners"][at], len(uvs)),
        colors=_of_vertices(arrays, which),
        face_materials=_face_materials(arrays, which, polygon),
    )


def _given(corners: Int[np.ndarray, " c"], there: int) -> Int[np.ndarray, " c"]:
    return np.where(corners < there, corners, -1)  # ufbx: the largest number stands for none


def _of_vertices(arrays: _Arrays, which: str) -> np.ndarray | None:
    """A colour a vertex: that of the last corner there."""
    colors = arrays.get(f"{which}colors")
    if colors is None or not len(colors):
        return None
    of_vertex = np.ones((len(arrays[f"{which}vertices"]), 3))
    of_corner = np.minimum(arrays[f"{which}color_corners"], len(colors) - 1)
    of_vertex[arrays[f"{which}corners"]] = colors[of_corner, :3]
    return of_vertex


def _face_materials(arrays: _Arrays, which: str, polygon: np.ndarray) -> Int[np.ndarray, " f"]:
    slots, of_face = arrays[f"{which}materials"], arrays[f"{which}face_materials"]
    if not len(slots):
        return np.full(int(polygon.sum()), -1)
    if len(of_face) != len(polygon):
        of_face = np.zeros(len(polygon), dtype=np.int64)
    of_face = of_face[polygon]
    return np.where(of_face < len(slots), slots[np.minimum(of_face, len(slots) - 1)], -1)


def _material(told: Mapping[str, Any], arrays: _Arrays, index: int) -> Material:
    if told["path"] is None:
        return Material(told["name"])
    content = arrays.get(f"content {index}")
    return Material(told["name"], Picture(told["path"], None if content is None else content.tobytes()))


def _warnings(arrays: _Arrays, count: int) -> tuple[str, ...]:
    dropped = sum(int((arrays[f"{i} faces"][:, 1] < 3).sum()) for i in range(count))  # noqa: PLR2004  a line or a point
    return (f"{counted(dropped, 'face')} with fewer than three corners left out",) if dropped else ()
