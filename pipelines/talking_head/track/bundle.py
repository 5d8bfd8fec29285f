"""One head for the whole clip: its shape, how it deforms and its pose in every frame, fitted to all landmarks.

Bundle adjustment by turns: with the shape fixed, each pose is six unknowns; with the poses fixed, each vertex is a
small linear system of its own (its place and one offset for each base). The bases are driven by the blendshapes'
principal components, so what the mouth does explains no turn of the head; and the poses listen mostly to what moves
with the skull.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from pipelines.talking_head.landmarks.points import EYE_CORNERS, MESH, STEADY
from pipelines.talking_head.track.turning import FOCAL, Poses, crossing, joined, nearest, projected, rotation, slopes

BASES = 16
"""Principal components of the blendshapes that bases are driven by."""
ROUNDS = 6
AT_ONCE = 800
"""Frames at most from which shape and bases are learned; poses are fitted to all, so many at a time."""
NOISE = 0.002
"""What a landmark is off by, in sides of the crop: how much the priors below weigh."""
SHAPE_FREE, BASES_FREE = 1.0, 0.25
"""Centimetres by which shape differs from the canonical face, and moves with a base of one standard deviation."""
LOOSE = 0.15
"""Weight in the pose of what does not move with the skull."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Head:
    """Somebody's head.

    shape, bases: centimetres in the head's frame. Blendshapes b have the coefficients
    (b - mean) @ directions, of standard deviation 1 over the clip.
    """

    shape: Float64[np.ndarray, "v 3"]
    bases: Float64[np.ndarray, "k v 3"]
    mean: Float64[np.ndarray, " 52"]
    directions: Float64[np.ndarray, "52 k"]

    def coefficients(self, blendshapes: Float64[np.ndarray, "t 52"]) -> Float64[np.ndarray, "t k"]:
        """What drives the bases in each frame."""
        return np.asarray((blendshapes - self.mean) @ self.directions)

    def formed(self, coefficients: Float64[np.ndarray, "t k"]) -> Float64[np.ndarray, "t v 3"]:
        """The surface in each frame, in the head's frame."""
        return np.asarray(self.shape + np.tensordot(coefficients, self.bases, 1))

    @property
    def between_eyes(self) -> float:
        """The inter-ocular distance (outer corners) in centimetres."""
        left, right = (self.shape[index] for index in EYE_CORNERS)
        return float(np.linalg.norm(right - left))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observed:
    """What is fitted to.

    at: landmarks of the surface, from the middle of the crop in its sides. z: depth on the same
    scale, smaller is nearer. there: frames in which the face is seen.
    """

    at: Float64[np.ndarray, "t v 2"]
    z: Float64[np.ndarray, "t v"]
    blendshapes: Float64[np.ndarray, "t 52"]
    there: Bool[np.ndarray, " t"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """What was found.

    reprojection: mean distance of landmark and fitted vertex, a row a frame, as a share of the
    inter-ocular distance in the picture.
    """

    head: Head
    poses: Poses
    reprojection: Float64[np.ndarray, " t"]


def fitted(
    observed: Observed, canonical: Float32[np.ndarray, "v 3"], learned: Int64[np.ndarray, " n"], rounds: int = ROUNDS
) -> Fit:
    """The head and its poses that the landmarks are nearest to. learned: the frames that say how the head is."""
    face = canonical[:MESH].astype(np.float64)
    rows = learned[observed.there[learned]]
    head = driven(face, observed.blendshapes[rows])
    poses = placed(observed, face)
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), AT_ONCE)).astype(int)]
    for _ in range(rounds):
        formed = head.formed(head.coefficients(observed.blendshapes))
        poses = posed(observed.at, formed, poses)
        head = shaped(head, face, observed, (poses, rows))
    formed = head.formed(head.coefficients(observed.blendshapes))
    poses = posed(observed.at, formed, poses, steps=3)
    return Fit(head=head, poses=poses, reprojection=missed(observed.at, formed, poses))


def driven(face: Float64[np.ndarray, "v 3"], blendshapes: Float64[np.ndarray, "t 52"]) -> Head:
    """The canonical head, with bases still at rest, driven by what varies in these blendshapes."""
    mean = blendshapes.mean(axis=0)
    _, lengths, right = np.linalg.svd(blendshapes - mean, full_matrices=False)
    deviations = lengths / np.sqrt(max(1, len(blendshapes)))
    kept = int((deviations[:BASES] > 1e-3 * max(deviations[0], 1e-9)).sum())
    directions = right[:kept].T / deviations[:kept]
    return Head(shape=face, bases=np.zeros((kept, len(face), 3)), mean=mean, directions=directions)


def placed(observed: Observed, face: Float64[np.ndarray, "v 3"]) -> Poses:
    """First poses: the similarity that takes the canonical face to the landmarks with their depth (Umeyama 1991)."""
    seen = np.concatenate([observed.at, observed.z[..., None]], axis=-1)
    steady = list(STEADY)
    middle, to = face[steady].mean(axis=0), seen[:, steady].mean(axis=1)
    centred, there = face[steady] - middle, seen[:, steady] - to[:, None]
    turns = nearest(np.einsum("tvi,vj->tij", there, centred))
    # Without the depth, which the landmarker guesses: the size in the picture alone says how far the head is.
    flat = np.einsum("tij,vj->tvi", turns[:, :2], centred)
    scale = np.einsum("tvi,tvi->t", flat, there[..., :2]) / np.einsum("tvi,tvi->t", flat, flat)
    depth = FOCAL / scale
    moves = np.column_stack([to[:, :2] * depth[:, None] / FOCAL, depth]) - np.einsum("tij,j->ti", turns, middle)
    return Poses(turns=turns, moves=moves)


def posed(
    at: Float64[np.ndarray, "t v 2"], formed: Float64[np.ndarray, "t v 3"], poses: Poses, steps: int = 2
) -> Poses:
    """The poses, so many Gauss-Newton steps nearer to where each frame's surface covers its landmarks."""
    starts = range(0, len(poses), AT_ONCE)
    parts = [slice(start, start + AT_ONCE) for start in starts]
    found = [_posed(at[part], formed[part], poses.chosen(np.arange(len(poses))[part]), steps) for part in parts]
    return joined(found)


def _posed(at: Float64[np.ndarray, "t v 2"], formed: Float64[np.ndarray, "t v 3"], poses: Poses, steps: int) -> Poses:
    weights = np.full(at.shape[1], LOOSE)
    weights[list(STEADY)] = 1.0
    for _ in range(steps):
        turned = formed @ poses.turns.transpose(0, 2, 1)
        seen = turned + poses.moves[:, None]
        slope = slopes(seen)
        change = np.concatenate([-slope @ crossing(turned), slope], axis=-1)
        missing = at - projected(seen)
        square = np.einsum("tvpi,tvpj,v->tij", change, change, weights, optimize=True)
        right = np.einsum("tvpi,tvp,v->ti", change, missing, weights, optimize=True)
        step = np.linalg.solve(square, right[..., None])[..., 0]
        turns = nearest(rotation(step[:, :3]) @ poses.turns)
        poses = Poses(turns=turns, moves=poses.moves + step[:, 3:])
    return poses


def shaped(head: Head, face: Float64[np.ndarray, "v 3"], observed: Observed, where: tuple[Poses, np.ndarray]) -> Head:
    """The head whose shape and bases, with the poses as they are, cover the landmarks best under their priors."""
    poses, rows = where
    some = poses.chosen(rows)
    with_one = np.column_stack([np.ones(len(rows)), head.coefficients(observed.blendshapes[rows])])
    formed = np.tensordot(with_one, np.concatenate([head.shape[None], head.bases]), 1)
    seen = some.seen(formed)
    slope = slopes(seen) @ some.turns[:, None]
    wanted = observed.at[rows] - projected(seen) + np.einsum("tvpi,tvi->tvp", slope, formed)
    unknowns, vertices = with_one.shape[1], len(face)
    pairs = np.einsum("ta,tb->tab", with_one, with_one).reshape(len(rows), -1)
    squares = np.einsum("tvpi,tvpj->tvij", slope, slope).reshape(len(rows), -1)
    normal = (pairs.T @ squares).reshape(unknowns, unknowns, vertices, 3, 3).transpose(2, 0, 3, 1, 4)
    pull = np.einsum("tvpi,tvp->tvi", slope, wanted).reshape(len(rows), -1)
    right = (with_one.T @ pull).reshape(unknowns, vertices, 3).transpose(1, 0, 2)
    prior = np.full(unknowns, (NOISE / BASES_FREE) ** 2)
    prior[0] = (NOISE / SHAPE_FREE) ** 2
    system = normal.reshape(vertices, unknowns * 3, -1) + np.diag(np.repeat(prior, 3))
    right = right.copy()
    right[:, 0] += prior[0] * face
    found = np.linalg.solve(system, right.reshape(vertices, -1, 1)).reshape(vertices, unknowns, 3).transpose(1, 0, 2)
    return Head(shape=found[0], bases=found[1:], mean=head.mean, directions=head.directions)


def missed(
    at: Float64[np.ndarray, "t v 2"], formed: Float64[np.ndarray, "t v 3"], poses: Poses
) -> Float64[np.ndarray, " t"]:
    """How far landmarks and fitted vertices are apart on the mean, as a share of the inter-ocular distance."""
    off = np.linalg.norm(at - projected(poses.seen(formed)), axis=-1).mean(axis=1)
    left, right = EYE_CORNERS
    return np.asarray(off / np.linalg.norm(at[:, right] - at[:, left], axis=-1))
