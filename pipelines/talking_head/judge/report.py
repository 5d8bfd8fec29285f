"""What was measured of an engine on one clip, as figures for the receipt and as a yes or no a claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from pipelines.talking_head.judge import mouths
from pipelines.talking_head.judge.blocks import Fold
from pipelines.talking_head.judge.drive import slid
from pipelines.talking_head.judge.following import Following, followed
from pipelines.talking_head.judge.mouths import Distances
from pipelines.talking_head.judge.probe import correlation
from pipelines.talking_head.track.lips import opening_of

Lips = Float64[np.ndarray, "t 40 2"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spoken:
    """The lips in every held-out frame: the true ones, and those that each audio gave."""

    truth: Lips
    right: Lips
    wrong: Lips
    silent: Lips


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgement:
    """One engine, one clip, one seed.

    gains: by how much the right audio correlates better in opening than wrong audio and than silence.
    """

    following: Following
    distances: Distances
    spread: float
    gains: tuple[float, float]

    @property
    def claims(self) -> dict[str, bool]:
        """What may be said of it."""
        return {
            "driven by the audio": self.following.holds,
            "lips nearer with the right audio": self.distances.holds,
            "lively": self.spread >= mouths.LIVELY,
        }

    @property
    def figures(self) -> dict[str, Any]:
        """For the receipt."""
        return {
            "lag": lag(self.following),
            "lmd_percent": {
                "right": round(100 * self.distances.right, 3),
                "wrong": round(100 * self.distances.wrong, 3),
                "silent": round(100 * self.distances.silent, 3),
            },
            "spread": round(self.spread, 3),
            "gain_over": {"wrong": round(self.gains[0], 3), "silent": round(self.gains[1], 3)},
        }


def lag(following: Following) -> dict[str, Any]:
    """How a mouth follows, as figures."""
    return {
        "peak_frames": following.peak,
        "correlation": round(float(following.curve.max()), 4),
        "margin": round(following.margin, 4),
        "chance": round(following.chance, 5),
    }


def judged(spoken: Spoken, parts: Sequence[Fold]) -> Judgement:
    """What the lips say of the engine."""
    truth, right, wrong, silent = (
        opening_of(lips) for lips in (spoken.truth, spoken.right, spoken.wrong, spoken.silent)
    )
    agreement = correlation(right, truth)
    return Judgement(
        following=followed(slid(right, parts), truth),
        distances=Distances(
            right=mouths.distance(spoken.right, spoken.truth),
            wrong=mouths.distance(spoken.wrong, spoken.truth),
            silent=mouths.distance(spoken.silent, spoken.truth),
        ),
        spread=mouths.spread(right, truth),
        gains=(agreement - correlation(wrong, truth), agreement - correlation(silent, truth)),
    )


def median(judgements: Sequence[Judgement]) -> Judgement:
    """The one of the middle, of several seeds, by margin; of an even number the lower, so nobody gains by a draw."""
    return sorted(judgements, key=lambda one: one.following.margin)[(len(judgements) - 1) // 2]
