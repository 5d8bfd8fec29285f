"""The face landmarker's archive: a zip of three networks and of the canonical face."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int32

_DETECTOR = "face_detector.tflite"
_LANDMARKS = "face_landmarks_detector.tflite"
_BLENDSHAPES = "face_blendshapes.tflite"
_GEOMETRY = "geometry_pipeline_metadata_landmarks.binarypb"

_MESH, _VERTICES, _INDICES = 1, 3, 4
"""Fields of GeometryPipelineMetadata (its canonical mesh) and of Mesh3d, in MediaPipe's .proto files."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_PER_VERTEX = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Canonical:
    """The canonical face. points: centimetres, x to our right, y up, z forward. uv: of the texture, 0 to 1."""

    points: Float32[np.ndarray, "v 3"]
    uv: Float32[np.ndarray, "v 2"]
    triangles: Int32[np.ndarray, "f 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Archive:
    """What the archive holds. Networks as they are in their files."""

    detector: bytes
    landmarks: bytes
    blendshapes: bytes
    face: Canonical


def read(path: Path) -> Archive:
    """The archive in path. Raises RuntimeError where it is none."""
    try:
        with zipfile.ZipFile(path) as members:
            return Archive(
                detector=members.read(_DETECTOR),
                landmarks=members.read(_LANDMARKS),
                blendshapes=members.read(_BLENDSHAPES),
                face=canonical(members.read(_GEOMETRY)),
            )
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as why:
        raise RuntimeError(f"{path.name} is not a face landmarker ({why}). Fetch the models again.") from why


def canonical(metadata: bytes) -> Canonical:
    """The canonical face of a serialised GeometryPipelineMetadata. Raises ValueError where it is broken."""
    mesh = next((value for field, value in _fields(metadata) if field == _MESH and isinstance(value, bytes)), b"")
    rows = list(_fields(mesh))
    floats = b"".join(value for field, value in rows if field == _VERTICES and isinstance(value, bytes))
    corners: list[int] = []
    for field, value in rows:
        if field == _INDICES:
            corners += [value] if isinstance(value, int) else _varints(value)
    if not floats or len(floats) % (4 * _PER_VERTEX) or not corners or len(corners) % 3:
        raise ValueError("its geometry is cut off")
    vertices = np.frombuffer(floats, dtype="<f4").reshape(-1, _PER_VERTEX)
    triangles = np.asarray(corners, dtype=np.int32).reshape(-1, 3)
    if triangles.max() >= len(vertices):
        raise ValueError("its triangles name vertices that are not there")
    return Canonical(points=vertices[:, :3].copy(), uv=vertices[:, 3:].copy(), triangles=triangles)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message in order: number, and an int (varint) or the bytes of any other kind."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, at = _varint(message, at)
        else:
            length = {_FIXED64: 8, _FIXED32: 4}.get(kind, len(message) + 1)
        if at + length > len(message):
            raise ValueError("its geometry is cut off")
        yield key >> 3, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > struct.calcsize("q") * 8:
            raise ValueError("its geometry is cut off")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004  the high bit says that more follows
            return value, at


def _varints(packed: bytes) -> list[int]:
    values, at = [], 0
    while at < len(packed):
        value, at = _varint(packed, at)
        values.append(value)
    return values
