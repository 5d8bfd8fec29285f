"""By how many frames the sound of a clip lags behind its mouth: found by scanning, never assumed."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from pipelines.talking_head import FPS, HOP
from pipelines.talking_head.judge.blocks import folds
from pipelines.talking_head.judge.probe import correlation, held_out
from pipelines.talking_head.listen import mel

REACH = 12
"""Frames of lag that are looked at on either side."""
BANDS, STEPS = 20, 4
"""What the scan hears: 80 ms around a frame, in few bands. The front ends hear more, and so could not tell when."""
APART = 4
"""Frames from the peak on which another lag is another answer, not the same one blurred."""
LEAST = 0.18
"""Correlation at the peak from which the lag is believed. Real clips have .20, other sound .15 at most."""
NEVER = 0.08
"""Correlation under which the mouth does not move with the sound. In between it may, and the lag is not known."""
ENOUGH = 10 * FPS
"""Frames from which a mouth is refused that does not move with its sound: of four real clips, cut into shorter parts, a
quarter stay under NEVER (4 of 25 at 4 s, 3 of 9 at 8 s, none of 6 at 10 s)."""
CLEAR = 0.1
"""By how much the correlation at the peak must exceed all that is APART from it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Offset:
    """What the scan found.

    frames: by which the sound comes late (negative: early). correlation: of what is heard with what the
    mouth does, held out. margin: by how much that exceeds every other answer. curve: at -REACH to REACH. length: frames
    of the clip.
    """

    frames: int
    length: int
    correlation: float
    margin: float
    curve: Float64[np.ndarray, " l"]

    @property
    def believed(self) -> int:
        """The frames that the sound is to be shifted by: none where the lag is not clear."""
        return self.frames if self.clear else 0

    @property
    def clear(self) -> bool:
        """Whether the mouth moves with the sound at that lag and at no other, well inside of what was looked at."""
        return self.correlation >= LEAST and self.margin >= CLEAR and abs(self.frames) < REACH - 1


def found(sound: Float32[np.ndarray, " n"], mouth: Float64[np.ndarray, "t k"], reach: int = REACH) -> Offset:
    """The lag at which the sound tells most of the mouth. mouth: a row a frame, columns of any scale.

    The same frames of the mouth are judged at every lag; only the sound is shifted beneath them. As what is heard of a
    frame reaches into its neighbours, they answer nearly as well: the curve is smoothed, and the middle of them counts.
    """
    heard = narrow(sound)[: len(mouth)]
    rows = np.arange(reach, len(mouth) - reach)
    parts = folds(len(rows))
    told = mouth[rows]
    lags = np.arange(-reach, reach + 1)
    raw = [_agreement(held_out(heard[rows + lag], told, parts), told) for lag in lags]
    curve = np.convolve(np.pad(raw, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    best = int(curve.argmax())
    others = curve[np.abs(lags - lags[best]) >= APART]
    return Offset(
        frames=int(lags[best]),
        length=len(mouth),
        correlation=float(curve[best]),
        margin=float(curve[best] - others.max(initial=-1.0)),
        curve=curve,
    )


def together(offsets: Sequence[Offset]) -> list[int]:
    """The frames to shift the sounds of several takes by: where it is not clear, as in the others of that camera."""
    known = [one.frames for one in offsets if one.clear]
    usual = sorted(known)[len(known) // 2] if known else 0
    return [one.frames if one.clear else usual for one in offsets]


def shifted(sound: Float32[np.ndarray, " n"], frames: int) -> Float32[np.ndarray, " n"]:
    """The sound that comes so many frames earlier (negative: later); silence where it has left."""
    moved = np.zeros_like(sound)
    by = frames * HOP
    kept = max(0, len(sound) - abs(by))
    moved[max(0, -by) : max(0, -by) + kept] = sound[max(0, by) : max(0, by) + kept]
    return moved


def refusal(name: str, offset: Offset) -> str | None:
    """Why a clip cannot be learned from by its offset; None: it can, once its sound is shifted."""
    if offset.correlation >= NEVER or offset.length < ENOUGH:
        return None
    return (
        f"{name}: its mouth does not move with its sound at any lag up to {REACH} frames. Is it dubbed, a "
        "voice-over, or out of step by more? Drop footage with the sound that was spoken in it."
    )


def advice(name: str, offset: Offset) -> tuple[str, ...]:
    """What the user should know of the offset of a clip that is taken."""
    if offset.correlation < NEVER:
        return (
            (
                f"{name}: its mouth hardly moves with its sound. Is it dubbed, or a voice-over? It is too short to be "
                "sure, so it was taken."
            ),
        )
    if not offset.clear:
        return (f"{name}: whether its sound is in step with its mouth could not be told, so it was taken as it is.",)
    if offset.frames:
        when = "late" if offset.frames > 0 else "early"
        return (f"{name}: its sound comes {abs(offset.frames) / FPS:.2f} s {when}; that was taken out.",)
    return ()


def narrow(sound: Float32[np.ndarray, " n"]) -> Float32[np.ndarray, "t s b"]:
    """What the scan hears of each frame."""
    wide = mel.Mel()(sound)
    first = (mel.STEPS - STEPS) // 2
    heard = wide[:, first : first + STEPS]
    return np.asarray(heard.reshape(len(heard), STEPS, BANDS, -1).mean(axis=-1))


def _agreement(said: Float64[np.ndarray, "t k"], told: Float64[np.ndarray, "t k"]) -> float:
    return float(np.mean([correlation(said[:, column], told[:, column]) for column in range(told.shape[1])]))
