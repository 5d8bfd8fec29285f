"""478 landmarks and 52 blendshapes of one face, followed through a video: MediaPipe's face landmarker.

The order of its graphs (face_landmarker_graph.cc): a detection, or the landmarks of the frame before, give a turned
square around the face; the square is what the network of the landmarks sees; its answer gives the next square. There
is no smoothing here, unlike in MediaPipe's own video mode: ``track.smoothing`` knows the whole clip.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from pipelines.talking_head.landmarks import archive
from pipelines.talking_head.landmarks.detector import Faces, detected
from pipelines.talking_head.landmarks.lite import Network
from pipelines.talking_head.landmarks.points import ALL, EXPRESSIVE, EYE_CORNERS

PRESENT = 0.5
"""The landmarker's own certainty from which there is a face."""
SEARCH = 5
"""Frames without a face from one close search to the next; in those between only the whole picture is looked at."""
_WIDER = 1.5
_SIDE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """A turned square. Middle and side in pixels, angle in radians, clockwise as seen."""

    x: float
    y: float
    side: float
    angle: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """One face in one frame. points: x, y in pixels, and z on their scale, smaller is nearer. presence: 0 to 1."""

    points: Float64[np.ndarray, "478 3"]
    blendshapes: Float32[np.ndarray, " 52"]
    presence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """Where a landmarker is in its video: where the face was last, and since how many frames none was found."""

    last: Square | None = None
    searched: int = 0


class Landmarker:
    """Finds a face once and follows it. Belongs to one thread and one video at a time.

    following: what it knows of the frames before; to set it is to go on, or to begin anew (``Following()``).
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        held = archive.read(path)
        self.face = held.face
        self._detector = Network(held.detector, threads)
        self._landmarks = Network(held.landmarks, threads)
        self._blendshapes = Network(held.blendshapes, threads)
        self.following = Following()

    def faces(self, picture: UInt8[np.ndarray, "h w 3"], *, close: bool = True) -> Faces:
        """All faces of the picture, without following any; a score is that of the less sure of both networks."""
        found = detected(self._detector, picture, close=close)
        squares = [around_detection(found, row) for row in range(len(found))]
        present = np.array([_told(self._asked(picture, square))[1] for square in squares], dtype=np.float64)
        scores = np.minimum(found.scores, present)
        sure = np.argsort(-scores, kind="stable")[: int((scores >= PRESENT).sum())]
        return Faces(boxes=found.boxes[sure], eyes=found.eyes[sure], scores=scores[sure])

    def __call__(self, picture: UInt8[np.ndarray, "h w 3"]) -> Seen | None:
        """The face in the next frame of the video; None: it is not seen. The largest, where none was followed."""
        for square in (self.following.last, None):
            at = square or self._anew(picture)
            seen = None if at is None else self._at(picture, at)
            if seen is not None:
                self.following = replace(self.following, last=around(seen.points))
                return seen
            if square is None:
                break
        self.following = replace(self.following, last=None)
        return None

    def _anew(self, picture: UInt8[np.ndarray, "h w 3"]) -> Square | None:
        searched = self.following.searched
        faces = self.faces(picture, close=searched % SEARCH == 0)
        self.following = replace(self.following, searched=0 if len(faces) else searched + 1)
        return around_detection(faces, int(np.argmax(faces.heights))) if len(faces) else None

    def _at(self, picture: UInt8[np.ndarray, "h w 3"], square: Square) -> Seen | None:
        raw, presence = _told(self._asked(picture, square))
        if presence < PRESENT:
            return None
        points = placed(raw, square)
        shapes = self._blendshapes(points[list(EXPRESSIVE), :2])[0]
        return Seen(points=points, blendshapes=shapes.reshape(-1).astype(np.float32), presence=presence)

    def _asked(self, picture: UInt8[np.ndarray, "h w 3"], square: Square) -> list[np.ndarray]:
        return self._landmarks(cut(picture, square, _SIDE).astype(np.float32) / 255.0)


def _told(answer: list[np.ndarray]) -> tuple[Float32[np.ndarray, "478 3"], float]:
    """The landmarks in pixels of the network's square, and how sure it is that there is a face."""
    raw = next(part for part in answer if part.size == ALL * 3).reshape(ALL, 3)
    logit = float(next(part for part in answer if part.ndim == 4 and part.size == 1).reshape(()))  # noqa: PLR2004
    return raw, 1.0 / (1.0 + math.exp(-logit))


def cut(picture: UInt8[np.ndarray, "h w 3"], square: Square, side: int) -> UInt8[np.ndarray, "s s 3"]:
    """What the square shows, upright, side by side pixels; black outside of the picture."""
    back = _from_square(square, side)
    shrink = square.side / side
    if shrink > 2:  # noqa: PLR2004  bilinear looks at two pixels a side: more must be averaged first
        small = cv2.resize(picture, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
        factor = np.array([small.shape[1] / picture.shape[1], small.shape[0] / picture.shape[0]])
        back = (back + np.array([[0, 0, 0.5]])) * factor[:, None] - np.array([[0, 0, 0.5]])
        picture = small
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shown: UInt8[np.ndarray, "s s 3"] = cv2.warpAffine(picture, back, (side, side), flags=flags)
    return shown


def placed(raw: Float32[np.ndarray, "478 3"], square: Square) -> Float64[np.ndarray, "478 3"]:
    """Landmarks of the square's own pixels (0 to 256) in pixels of the picture."""
    flat = raw[:, :2].astype(np.float64) / _SIDE - 0.5
    cos, sin = math.cos(square.angle), math.sin(square.angle)
    turned = flat @ np.array([[cos, sin], [-sin, cos]])
    at = turned * square.side + np.array([square.x, square.y])
    return np.column_stack([at, raw[:, 2].astype(np.float64) / _SIDE * square.side])


def _from_square(square: Square, side: int) -> Float64[np.ndarray, "2 3"]:
    """The affine map from pixel indices of the square to those of the picture."""
    step = square.side / side
    cos, sin = math.cos(square.angle) * step, math.sin(square.angle) * step
    turn = np.array([[cos, -sin], [sin, cos]])
    first = np.array([square.x, square.y]) + turn @ np.full(2, 0.5 - side / 2) - 0.5
    return np.column_stack([turn, first])


def around(points: Float64[np.ndarray, "478 3"]) -> Square:
    """The square for the next frame: half as large again as the landmarks, turned as the eyes are."""
    left, right = (points[index, :2] for index in EYE_CORNERS)
    angle = math.atan2(right[1] - left[1], right[0] - left[0])
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    upright = points[:, :2] @ turn
    low, high = upright.min(axis=0), upright.max(axis=0)
    x, y = turn @ ((low + high) / 2)
    return Square(x=float(x), y=float(y), side=float((high - low).max()) * _WIDER, angle=angle)


def around_detection(faces: Faces, row: int) -> Square:
    """The square around a detected face."""
    x0, y0, x1, y1 = (float(value) for value in faces.boxes[row])
    left, right = faces.eyes[row]
    angle = math.atan2(right[1] - left[1], right[0] - left[0])
    return Square(x=(x0 + x1) / 2, y=(y0 + y1) / 2, side=max(x1 - x0, y1 - y0) * _WIDER, angle=angle)
