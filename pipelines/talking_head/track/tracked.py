"""Everything that tracking says of a clip, in one value, and how it comes from footage."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float64, Int64

from pipelines.talking_head.ingest.footage import Footage
from pipelines.talking_head.landmarks.archive import Canonical
from pipelines.talking_head.landmarks.points import BLINK_LEFT, BLINK_RIGHT, LIPS, MESH
from pipelines.talking_head.track import bundle, lips
from pipelines.talking_head.track.bundle import Head, Observed
from pipelines.talking_head.track.smoothing import steadied
from pipelines.talking_head.track.turning import Poses, joined, projected


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """A row a frame.

    at: the landmarks from the middle of the crop, in its sides. lips: the outer, then the inner ring in the head's
    frame, free of its pose, in inter-ocular distances. mouth: in the columns of ``lips.mouths``. blink: of both eyes, 0
    open to 1 shut. reprojection: mean distance of landmark and fitted surface, share of the inter-ocular distance.
    learned: the frames that say how the head is formed, and what is behind it. starts: the frame with which each take
    begins: what is beside a join was not one after the other.
    """

    head: Head
    poses: Poses
    coefficients: Float64[np.ndarray, "t k"]
    at: Float64[np.ndarray, "t v 2"]
    lips: Float64[np.ndarray, "t 40 2"]
    mouth: Float64[np.ndarray, "t 4"]
    blink: Float64[np.ndarray, "t 2"]
    there: Bool[np.ndarray, " t"]
    reprojection: Float64[np.ndarray, " t"]
    learned: Int64[np.ndarray, " n"]
    starts: Int64[np.ndarray, " k"] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.at)

    @property
    def longest(self) -> slice:
        """The frames of the longest take, the first of those: what can be played without a join."""
        ends = [*self.starts[1:], len(self)]
        takes = [slice(int(start), int(end)) for start, end in zip(self.starts, ends, strict=True)]
        return max(takes, key=lambda rows: rows.stop - rows.start)

    @property
    def opening(self) -> Float64[np.ndarray, " t"]:
        """How far the mouth is open, as a share of the inter-ocular distance."""
        opening: Float64[np.ndarray, " t"] = self.mouth[:, lips.OPENING]
        return opening

    @property
    def surface(self) -> Float64[np.ndarray, "t v 2"]:
        """The fitted surface in the picture, from the middle of the crop in its sides: steadier than the landmarks."""
        return projected(self.poses.seen(self.head.formed(self.coefficients)))


def tracked(footage: Footage, face: Canonical, learned: Int64[np.ndarray, " n"] | None = None) -> Track:
    """Where the head of the footage is, and what its eyes and lips do.

    learned: the frames from which is learned how the head is formed, so that nothing is known of those by which it is
    judged; all without them. In every frame its pose and lips are found.
    """
    learned = np.arange(len(footage)) if learned is None else learned
    observed = framed(footage)
    fit = bundle.fitted(observed, face.points, learned)
    coefficients = fit.head.coefficients(observed.blendshapes)
    formed = fit.head.formed(coefficients)
    poses = joined([steadied(fit.poses.chosen(rows)) for rows in np.split(np.arange(len(footage)), footage.starts[1:])])
    flat = lips.flattened(observed.at, fit.poses, lips.deep(fit.head))
    return Track(
        head=fit.head,
        poses=poses,
        coefficients=coefficients,
        at=observed.at,
        lips=flat[:, list(LIPS)] / fit.head.between_eyes,
        mouth=lips.mouths(flat, fit.head.between_eyes, observed.blendshapes),
        blink=np.clip(observed.blendshapes[:, [BLINK_LEFT, BLINK_RIGHT]], 0.0, 1.0),
        there=observed.there,
        reprojection=bundle.missed(observed.at, formed, poses),
        learned=learned,
        starts=footage.starts,
    )


def framed(footage: Footage) -> Observed:
    """The landmarks of the surface as the bundle takes them: from the middle of the crop, in its sides."""
    surface = footage.points[:, :MESH]
    at = footage.crop.inside(surface[..., :2], 1) - 0.5
    return Observed(
        at=at,
        z=surface[..., 2] / footage.crop.side,
        blendshapes=footage.blendshapes,
        there=footage.there,
    )
