"""What one look at all frames of a video tells: where the face is, who else is there, how the picture changes."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64

from pipelines.talking_head import FPS
from pipelines.talking_head.ingest.cuts import SIDE, small
from pipelines.talking_head.ingest.frames import Picture
from pipelines.talking_head.landmarks.detector import Faces
from pipelines.talking_head.landmarks.landmarker import Landmarker, Seen
from pipelines.talking_head.landmarks.points import MESH

EVERY = FPS
"""Frames from one count of the faces to the next."""
SURE = 0.75
"""Certainty from which a second face counts: folded hands and patterned shirts come near .7."""
DARK = 0.7
"""Of the usual brightness, below which a frame is part of a fade."""
FADE = 3 * FPS // 2
"""Frames that a fade takes at most; a longer dark part is a scene."""
DETAIL = 128
"""Pixels a side at which the texture of a face is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """What was seen, a row a frame.

    seen: the face. rivals: of each counted frame, the second face's height as a share of the first's (0: there is
    none). flat: of the same frames, the share of the face that has no texture. size: width, height.
    """

    seen: tuple[Seen | None, ...]
    smalls: Float32[np.ndarray, "t s s 3"]
    rivals: tuple[float, ...]
    flat: tuple[float, ...]
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.seen)

    @property
    def there(self) -> Bool[np.ndarray, " t"]:
        """Whether the face is seen, in the light of the rest of the film: a fade from black shows none."""
        seen = np.array([one is not None for one in self.seen], dtype=bool)
        return np.asarray(seen & ~faded(self.smalls.mean(axis=(1, 2, 3))))

    @property
    def boxes(self) -> Float64[np.ndarray, "n 4"]:
        """The boxes of the faces that are seen: x0 y0 x1 y1."""
        seen = [box(one) for one, there in zip(self.seen, self.there, strict=True) if one is not None and there]
        return np.array(seen, dtype=np.float64).reshape(-1, 4)


def faded(light: Float32[np.ndarray, " t"]) -> Bool[np.ndarray, " t"]:
    """The frames in which a film comes out of the dark or goes into it. light: of each frame."""
    found = np.zeros(len(light), dtype=bool)
    lit = np.flatnonzero(light >= DARK * float(np.median(light))) if len(light) else np.zeros(0, dtype=int)
    if len(lit):
        found[: lit[0]] = lit[0] <= FADE
        found[lit[-1] + 1 :] = len(light) - 1 - lit[-1] <= FADE
    return found


def surveyed(pictures: Iterable[Picture], landmarker: Landmarker) -> Survey:
    """What the pictures show, looked at once each in their order."""
    seen: list[Seen | None] = []
    smalls, rivals, flat = [], [], []
    size = (0, 0)
    for row, picture in enumerate(pictures):
        size = picture.shape[1], picture.shape[0]
        one = landmarker(picture)
        seen.append(one)
        smalls.append(small(picture))
        if row % EVERY == EVERY // 2 and one is not None:
            rivals.append(rival(landmarker.faces(picture), box(one)))
            flat.append(flatness(picture, box(one)))
    return Survey(
        seen=tuple(seen),
        smalls=np.asarray(smalls, dtype=np.float32).reshape(-1, SIDE, SIDE, 3),
        rivals=tuple(rivals),
        flat=tuple(flat),
        size=size,
    )


def box(seen: Seen) -> Float64[np.ndarray, 4]:
    """x0 y0 x1 y1 around the landmarks of the surface."""
    surface = seen.points[:MESH, :2]
    return np.concatenate([surface.min(axis=0), surface.max(axis=0)])


def rival(faces: Faces, own: Float64[np.ndarray, 4]) -> float:
    """The height of the largest other face as a share of this one's; 0: there is none."""
    middles = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2
    other = np.any((middles < own[:2]) | (middles > own[2:]), axis=1) & (faces.scores >= SURE)
    return float(faces.heights[other].max(initial=0.0) / max(own[3] - own[1], 1.0))


def flatness(picture: Picture, own: Float64[np.ndarray, 4]) -> float:
    """The share of the face whose neighbouring pixels are all but equal: skin has texture, drawings have areas."""
    x0, y0, x1, y1 = (max(0, round(float(value))) for value in own)
    face = picture[y0 : max(y1, y0 + 2), x0 : max(x1, x0 + 2)]
    if not face.size:
        return 0.0
    grey = cv2.cvtColor(cv2.resize(face, (DETAIL, DETAIL), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    values = grey.astype(np.float32)
    steps = np.abs(np.diff(values, axis=0))[:, 1:] + np.abs(np.diff(values, axis=1))[1:]
    return float((steps < 1.0).mean())
