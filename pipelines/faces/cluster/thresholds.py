"""From which similarity faces are one person: by the pack's impostors and the number of faces.

The more faces there are, the more strangers look alike: of n faces, each has n x P(impostor >= t) false neighbours.
That number is held for some thousand faces. Beyond, false neighbours do less harm than it asks for, since clusters join
by their mean, so the share of impostors is held instead, until three faces in ten have a false neighbour. The threshold
never falls as faces come, and no constant serves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

UNMEASURED = ((0.30, 5.1e-5), (0.34, 6.9e-6), (0.36, 2.3e-6), (0.38, 8.0e-7), (0.40, 3.7e-7))
"""The impostors of a pack for which none were measured: those of w600k_mbf, the weakest of its kind."""
FEW, SHARE = 2.2e-5, 5.5e-6
"""The most and the least that is held of the share of impostors; with w600k_mbf that is .32 and .345. Found on the
development part of lfw_rest, on LFW with SFace, and on draws of 10,000 to 100,000 faces (bench/results/clusters.md)."""
HELD = 0.05
"""False neighbours a face in between: from 2,300 to 9,100 faces."""
MOST = 0.3
"""False neighbours that a face may have: from 55,000 faces on they decide. Found on draws of 100,000 and 500,000."""
STEP = 0.005
"""Thresholds are multiples of this, so that a night's few faces rarely move one: where none moved, old work stands."""
REVIEWED = 0.06
"""How far below the threshold a face may be to be shown in review."""
HIGHEST = 0.9
"""No threshold is above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Mean cosine similarities.

    same: from which clusters are one person. join: from which a new face joins a person with a name. review: from
    which the user is asked. floor: least of an edge of the graph; the same for every number of faces, so that a graph
    never has to be made anew because faces came or went.
    """

    same: float
    join: float
    review: float
    floor: float


def thresholds(impostors: Sequence[tuple[float, float]], faces: int) -> Thresholds:
    """What holds for so many faces of a pack; without measured impostors, what does for most."""
    known = impostors or UNMEASURED
    same = threshold(known, faces)
    return Thresholds(same=same, join=same, review=_stepped(same - REVIEWED), floor=known[0][0])


def threshold(impostors: Sequence[tuple[float, float]], faces: int) -> float:
    """The mean similarity from which clusters are one person, among so many faces: never falls as they become more.

    impostors: (similarity, share of pairs of different people that reach it), similarity rising, shares falling, two or
    more; between and beyond them the logarithm of the share is a straight line. At least the first similarity.
    Raises ValueError for a tail that is none.
    """
    _check(impostors)
    many = max(faces, 1)
    wanted = math.log(min(max(SHARE, min(FEW, HELD / many)), MOST / many))
    (low, _), *_ = impostors
    found = low
    for (a, share_a), (b, share_b) in pairwise(impostors):
        slope = (math.log(share_b) - math.log(share_a)) / (b - a)
        found = a + (wanted - math.log(share_a)) / slope
        if found <= b:
            break
    return _stepped(min(HIGHEST, max(low, found)))


def _check(impostors: Sequence[tuple[float, float]]) -> None:
    falling = all(a < b and p > q for (a, p), (b, q) in pairwise(impostors))
    if len(impostors) < 2 or not falling or not 0 < impostors[-1][1] <= impostors[0][1] <= 1:  # noqa: PLR2004
        raise ValueError(
            f"impostors = {[list(pair) for pair in impostors]}: it must be two or more pairs of a similarity and the "
            "share of pairs of different people that reach it, similarities rising and shares falling"
        )


def _stepped(similarity: float) -> float:
    return round(math.ceil(similarity / STEP - 1e-9) * STEP, 6)
