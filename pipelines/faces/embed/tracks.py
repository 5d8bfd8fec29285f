"""Faces that stay in view of a video: of those that look alike one after the other, the best is kept."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

ALIKE = 0.85
"""Cosine similarity from which two faces of one track show nothing new."""
NEAR = 0.2
"""Intersection over union of their boxes from which two faces of neighbouring frames may be one track."""
PATIENCE = 3.5
"""Intervals for which a track may be out of sight."""


def thinned(faces: np.ndarray, embeddings: Float[np.ndarray, "n d"], interval: float) -> Bool[np.ndarray, " n"]:
    """Which faces of one video are kept. faces: FACE, by time. interval: seconds between two frames.

    A face that lies where one of the frames before lay and looks like the best of that track adds nothing: the
    better of the two stays. A track whose look changes keeps a face of each look.
    """
    kept = np.ones(len(faces), dtype=bool)
    tracks: list[list[int]] = []  # the best row and the last row of each
    for row in range(len(faces)):
        tracks = [track for track in tracks if faces["time"][row] - faces["time"][track[1]] <= PATIENCE * interval]
        match = _track(row, tracks, faces, embeddings)
        if match is None:
            tracks.append([row, row])
            continue
        best = match[0]
        better = faces["quality"][row] > faces["quality"][best]
        kept[best if better else row] = False
        match[:] = [row if better else best, row]
    return kept


def _track(
    row: int, tracks: list[list[int]], faces: np.ndarray, embeddings: Float[np.ndarray, "n d"]
) -> list[int] | None:
    """The track that the face goes on with, if any: the most alike of those that were there a moment ago."""
    fitting = [
        (float(embeddings[row] @ embeddings[track[0]]), track)
        for track in tracks
        if faces["time"][track[1]] < faces["time"][row] and _overlap(faces["box"][row], faces["box"][track[1]]) >= NEAR
    ]
    alike, track = max(fitting, key=lambda one: one[0], default=(0.0, None))
    return track if alike >= ALIKE else None


def _overlap(one: Float[np.ndarray, " 4"], two: Float[np.ndarray, " 4"]) -> float:
    low, high = np.maximum(one[:2], two[:2]), np.minimum(one[2:], two[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    whole = sum(float(np.prod(box[2:] - box[:2])) for box in (one, two))
    return shared / max(whole - shared, 1e-9)
