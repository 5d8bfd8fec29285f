"""What the frames of a clip show, at one size: pictures, the background alone, and what is head and what is torso."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, UInt8

from pipelines.talking_head.ingest.footage import Footage
from pipelines.talking_head.track.person import Person
from pipelines.talking_head.track.plate import LOOKS, plated
from pipelines.talking_head.track.split import divided
from pipelines.talking_head.track.sway import swayed
from pipelines.talking_head.track.tracked import Track


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sights:
    """Pictures of s by s pixels.

    ground: the background alone. head, torso: shares of pixels, in 255ths. sway: of the torso, as ``moved`` has it.
    """

    pictures: UInt8[np.ndarray, "t s s 3"]
    ground: UInt8[np.ndarray, "s s 3"]
    head: UInt8[np.ndarray, "t s s"]
    torso: UInt8[np.ndarray, "t s s"]
    sway: Float64[np.ndarray, "t 4"]


def sighted(footage: Footage, track: Track, person: Person, side: int) -> Sights:
    """What the frames of the footage show at that size."""
    pictures = np.stack(list(footage.pictures(side)))
    people = [person(picture) for picture in pictures]
    splits = [divided(one, surface) for one, surface in zip(people, track.surface, strict=True)]
    looks = np.linspace(0, len(pictures) - 1, min(LOOKS, len(pictures))).astype(int)
    torso = _shares([split.torso for split in splits])
    return Sights(
        pictures=pictures,
        ground=plated((pictures[row], people[row]) for row in looks).picture,
        head=_shares([split.head for split in splits]),
        torso=torso,
        sway=swayed(pictures, torso),
    )


def _shares(shares: list[np.ndarray]) -> UInt8[np.ndarray, "t s s"]:
    return np.asarray(np.rint(np.stack(shares) * 255), dtype=np.uint8)
