"""Faces that nobody has: embeddings drawn like those of real people, as many as wanted.

A person's centre is the mean, plus one of 30 broad groups (a variance of .04; of .06 in hard crowds), plus one of 1,000
narrow ones (.14: look-alikes), plus its own part; all with the covariance between real people, whose whole variance is
.61. One in 500 is kin of another. A face is its centre plus the covariance within real people, times a factor of the
person and one of the picture's quality; 3 % are bad pictures. Pictures a person follow a power law.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BROAD, NARROW = 30, 1000
ALL = 0.61
"""The variance between people."""
USUAL, HARD = 0.04, 0.06
"""That of the broad groups. With the usual one strangers are about half as often alike as real ones, with the hard one
as often (bench/results/clusters.md)."""
NARROW_VARIANCE = 0.14
KIN = 0.002
KIN_SHARE = 0.5
PERSON_SPREAD, QUALITY_SPREAD = 0.1, 0.25
BAD, BAD_LEAST, BAD_MOST = 0.03, 1.3, 2.2
MOST = 3000
BLOCK = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """How real faces lie: their mean, and what covariance between people and within them multiplies noise with."""

    mean: np.ndarray
    between: np.ndarray
    within: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Faces, and whose they are. embeddings: float16, unit length."""

    embeddings: np.ndarray
    person: np.ndarray


def nature(embeddings: np.ndarray, person: np.ndarray) -> Nature:
    """What real faces with labels show; faces unlike all others of their label are left out, as wrongly labelled."""
    x = embeddings.astype(np.float64)
    _, of = np.unique(person, return_inverse=True)
    sums, many = np.zeros((of.max() + 1, x.shape[1])), np.bincount(of)
    np.add.at(sums, of, x)
    others = np.maximum(many[of] - 1, 1)
    fits = ((sums[of] * x).sum(axis=1) - 1) / others
    kept = (many[of] == 1) | (fits > 0.3)
    x, of = x[kept], np.unique(of[kept], return_inverse=True)[1]
    many = np.bincount(of)
    sums = np.zeros((len(many), x.shape[1]))
    np.add.at(sums, of, x)
    means = sums / many[:, None]
    rest = x - means[of]
    several = many[of] > 1
    weight = 1 / np.maximum(many[of] - 1, 1) / (many > 1).sum()  # each person counts the same
    within = (rest * (weight * several)[:, None]).T @ rest
    mean = means.mean(axis=0)
    spread = (means - mean).T @ (means - mean) / (len(many) - 1)
    between = spread - within * (1 / many).mean()
    return Nature(mean=mean, between=_root(between), within=_root(within))


def _root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def sizes(faces: int, power: float, chance: np.random.Generator) -> np.ndarray:
    """Pictures a person, together so many: at least x with a share of x ** -power, at most 3,000."""
    drawn = np.minimum(np.floor(chance.random(faces) ** (-1 / power)), MOST).astype(np.int64)
    enough = int(np.searchsorted(np.cumsum(drawn), faces)) + 1
    drawn = drawn[:enough]
    drawn[-1] -= drawn.sum() - faces
    return drawn


def crowd(like: Nature, per_person: np.ndarray, chance: np.random.Generator, broad: float = USUAL) -> Crowd:
    """Faces of as many people as there are sizes, in random order. broad: the variance of the broad groups."""
    centres = _centres(like, len(per_person), chance, broad)
    person = np.repeat(np.arange(len(per_person), dtype=np.int32), per_person)
    chance.shuffle(person)
    factor = np.exp(PERSON_SPREAD * chance.standard_normal(len(per_person))).astype(np.float32)
    embeddings = np.empty((len(person), len(like.mean)), dtype=np.float16)
    within = like.within.T.astype(np.float32)
    for start in range(0, len(person), BLOCK):
        these = person[start : start + BLOCK]
        noise = chance.standard_normal((len(these), within.shape[0]), dtype=np.float32) @ within
        quality = np.exp(QUALITY_SPREAD * chance.standard_normal(len(these)))
        bad = chance.random(len(these)) < BAD
        quality[bad] *= chance.uniform(BAD_LEAST, BAD_MOST, bad.sum())
        faces = centres[these] + noise * (factor[these] * quality)[:, None].astype(np.float32)
        faces /= np.linalg.norm(faces, axis=1, keepdims=True)
        embeddings[start : start + BLOCK] = faces
    return Crowd(embeddings=embeddings, person=person)


def _centres(like: Nature, people: int, chance: np.random.Generator, broad: float) -> np.ndarray:
    """float32, one row a person; not of unit length."""

    def parts(count: int, share: float) -> np.ndarray:
        noise = chance.standard_normal((count, len(like.mean)), dtype=np.float32)
        return noise @ like.between.T.astype(np.float32) * np.float32(share**0.5)

    shares = ((np.arange(BROAD) + 0.5) / BROAD) ** (-1 / 1.1)  # the same in each crowd: they decide how alike it is
    wide = parts(BROAD, broad / ALL)[chance.choice(BROAD, people, p=shares / shares.sum())]
    narrow = parts(NARROW, NARROW_VARIANCE / ALL)[chance.integers(NARROW, size=people)]
    off = wide + narrow + parts(people, 1 - (broad + NARROW_VARIANCE) / ALL)
    kin = np.flatnonzero(chance.random(people) < KIN)
    kin = kin[kin > 0]
    off[kin] = np.float32(KIN_SHARE**0.5) * off[kin - 1] + np.float32((1 - KIN_SHARE) ** 0.5) * off[kin]
    return off + like.mean.astype(np.float32)
