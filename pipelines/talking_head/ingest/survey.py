"""What one look at all frames of a video tells: where the face is, who else is there, how the picture changes."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import cv2
import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt8

from pipelines.talking_head import FPS
from pipelines.talking_head.ingest.cuts import SIDE, small
from pipelines.talking_head.ingest.frames import Picture
from pipelines.talking_head.ingest.rivals import Rivals
from pipelines.talking_head.landmarks.landmarker import Landmarker, Seen
from pipelines.talking_head.landmarks.points import ALL, BLENDSHAPES, GAPS, MESH

EVERY = FPS
"""Frames from one count of the faces to the next."""
DARK = 0.7
"""Of the usual brightness, below which a frame is part of a fade."""
FADE = 3 * FPS // 2
"""Frames that a fade takes at most; a longer dark part is a scene."""
DETAIL = 128
"""Pixels a side at which the texture of a face is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """What was seen, a row a frame; points and blendshapes are no numbers where no face is.

    others: of each counted frame, what ``Rivals`` tells. flat: of the same frames, the share of the face that has no
    texture. size: width, height.
    """

    points: Float64[np.ndarray, "t 478 3"]
    blendshapes: Float64[np.ndarray, "t 52"]
    smalls: UInt8[np.ndarray, "t s s 3"]
    others: Float64[np.ndarray, "n 2"]
    flat: Float64[np.ndarray, " n"]
    size: Int64[np.ndarray, 2]

    def __len__(self) -> int:
        return len(self.points)

    @property
    def there(self) -> Bool[np.ndarray, " t"]:
        """Whether the face is seen, in the light of the rest of the film: a fade from black shows none."""
        seen = ~np.isnan(self.points[:, 0, 0])
        return np.asarray(seen & ~faded(self.smalls.mean(axis=(1, 2, 3))))

    @property
    def boxes(self) -> Float64[np.ndarray, "n 4"]:
        """The boxes of the faces that are seen: x0 y0 x1 y1."""
        return np.asarray(boxed(self.points)[self.there])


def faded(light: Float64[np.ndarray, " t"]) -> Bool[np.ndarray, " t"]:
    """The frames in which a film comes out of the dark or goes into it. light: of each frame."""
    found = np.zeros(len(light), dtype=bool)
    lit = np.flatnonzero(light >= DARK * float(np.median(light))) if len(light) else np.zeros(0, dtype=int)
    if len(lit):
        found[: lit[0]] = lit[0] <= FADE
        found[lit[-1] + 1 :] = len(light) - 1 - lit[-1] <= FADE
    return found


def surveyed(pictures: Iterable[Picture], landmarker: Landmarker, row: int = 0) -> Survey:
    """What the pictures show, looked at once each in their order. row: of the first, in the whole video."""
    seen: list[Seen | None] = []
    smalls, others, flat = [], [], []
    size = (0, 0)
    rivals = Rivals()
    for at, picture in enumerate(pictures, start=row):
        size = picture.shape[1], picture.shape[0]
        one = landmarker(picture)
        seen.append(one)
        smalls.append(small(picture))
        if at % EVERY == EVERY // 2 and one is not None:
            own = boxed(one.points[None])[0]
            others.append(rivals.look(picture, landmarker.faces(picture), own))
            flat.append(flatness(picture, own))
    none = np.full((ALL, 3), np.nan), np.full(BLENDSHAPES, np.nan)
    points = [none[0] if one is None else one.points for one in seen]
    shapes = [none[1] if one is None else one.blendshapes for one in seen]
    return Survey(
        points=np.asarray(points, dtype=np.float64).reshape(-1, ALL, 3),
        blendshapes=np.asarray(shapes, dtype=np.float64).reshape(-1, BLENDSHAPES),
        smalls=np.asarray(smalls, dtype=np.uint8).reshape(-1, SIDE, SIDE, 3),
        others=np.asarray(others, dtype=np.float64).reshape(-1, 2),
        flat=np.asarray(flat, dtype=np.float64),
        size=np.asarray(size, dtype=np.int64),
    )


def joined(parts: Sequence[Survey]) -> Survey:
    """Stretches of one video, one after the other, as one; at least one."""
    rows = {field.name: [getattr(part, field.name) for part in parts] for field in fields(Survey)}
    size = np.max(rows.pop("size"), axis=0)
    return Survey(size=size, **{name: np.concatenate(several) for name, several in rows.items()})


def boxed(points: Float64[np.ndarray, "t 478 3"]) -> Float64[np.ndarray, "t 4"]:
    """x0 y0 x1 y1 around the landmarks of the surface."""
    surface = points[:, :MESH, :2]
    return np.concatenate([surface.min(axis=1), surface.max(axis=1)], axis=1)


def openings(points: Float64[np.ndarray, "t 478 3"]) -> Float64[np.ndarray, " t"]:
    """How far the inner lips are apart, in pixels."""
    upper, lower = (list(side) for side in zip(*GAPS, strict=True))
    return np.asarray(np.linalg.norm(points[:, upper, :2] - points[:, lower, :2], axis=-1).mean(axis=1))


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
