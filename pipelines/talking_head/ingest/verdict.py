"""Whether footage can be learned from: each reason why not, in a sentence that says what to do."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor

import numpy as np
from jaxtyping import Bool, Float64, Int64

from pipelines.talking_head import FPS
from pipelines.talking_head.ingest.part import WHOLE, Part, clock
from pipelines.talking_head.ingest.rivals import HEIGHT, MOVED

LEAST = 4.0
"""Seconds of a face, below which no mouth can be learned."""
WISHED = 20.0
"""Seconds below which the user is told that more would be better."""
SPOKEN = 1.5
"""Seconds of speech, below which nothing is learned of it."""
RIVAL = 0.5
"""Height of a second face, as a share of the first, from which nobody can know who is meant."""
STILL = 0.01
"""How much a second face changes from one second to the next, of 1, below which it is a picture (they have .001)."""
STIFF = 0.003
"""By how much the opening of a mouth varies, in heights of the face, below which it never speaks. People: .015 on."""
OFTEN = 0.35
"""Share of the looks that must agree before a second face or a drawing is believed."""
HOLE = FPS // 2
"""Frames without a face that are bridged: a hand, a blink of the landmarker."""
TINY = 48
"""Pixels of a face's height, below which the lips are a smear."""
DRAWN = 0.45
"""Share of a face without texture from which it is a drawing. Filmed faces have .1, and .3 at the worst compression."""
CUT_OFF = 0.97
"""Share of the frames that a file promises, below which its end is missing."""
APART = 1.0
"""Seconds by which the lengths of sound and picture may differ; what is longer is cut."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """What is known of a part of a video. promised, decoded, sound, speech: its seconds (promised 0: nobody says).

    there: whether the face is seen, a row a frame. others, flat: ``Survey``'s. height: of the usual face, in pixels.
    mouth: by how much its opening varies, in those heights.
    """

    name: str
    promised: float
    sound: float
    speech: float
    there: Bool[np.ndarray, " t"]
    others: Float64[np.ndarray, "n 2"]
    flat: Float64[np.ndarray, " n"]
    cuts: Int64[np.ndarray, " k"]
    height: float
    mouth: float
    part: Part = WHOLE

    @property
    def decoded(self) -> float:
        """Seconds of picture that there are."""
        return len(self.there) / FPS

    def at(self, row: int) -> str:
        """When the frame of that row is shown, as a player of the whole video says."""
        return clock(row / FPS + self.part.begin)


def refusal(facts: Facts) -> str | None:
    """Why the video cannot be learned from, the first reason that holds; None: it can."""
    reasons = (_cut_off, _faceless, _drawn, _crowd, _cut, _lost, _short, _tiny, _stiff, _apart, _silent)
    return next((f"{facts.name} {why}" for reason in reasons if (why := reason(facts))), None)


def advice(facts: Facts) -> tuple[str, ...]:
    """What the user should know although the video is good enough."""
    first, last = span(facts.there)
    notes = []
    for frames, where in ((first, "beginning"), (len(facts.there) - last, "end")):
        if frames:
            notes.append(f"{facts.name}: {_seconds(frames)} at its {where} show no face and were left out.")
    holes = int((~facts.there[first:last]).sum())
    if holes:
        notes.append(f"{facts.name}: in {holes} frames the face is covered; they are not learned from.")
    if _crowded(facts) and still(facts.others):
        notes.append(f"{facts.name}: a second face in it never moves, so it was taken for a picture on the wall.")
    return tuple(notes)


def scarce(frames: int) -> tuple[str, ...]:
    """What the user should know of so little footage."""
    if frames / FPS >= WISHED:
        return ()
    return (
        f"{_seconds(frames)} of talking is little. It works, but a mouth is learned well from one to five minutes.",
    )


def still(others: Float64[np.ndarray, "n 2"]) -> bool:
    """Whether the second face is always the same to the pixel: a poster, a photograph, a mask."""
    known = others[~np.isnan(others[:, MOVED]), MOVED]
    return len(known) > 0 and float(np.median(known)) < STILL


def span(there: Bool[np.ndarray, " t"]) -> tuple[int, int]:
    """The first frame with a face, and the one after the last."""
    rows = np.flatnonzero(there)
    return (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 0)


def longest(facts: Facts) -> tuple[int, int]:
    """The longest run of frames without a cut in which the face is never lost: the first, and the one after the last.

    A face that is covered for a moment is not lost.
    """
    rows = np.flatnonzero(facts.there)
    if not len(rows):
        return 0, 0
    holes = [(int(a) + 1, int(b)) for a, b in pairwise(rows) if b - a - 1 > HOLE]
    gone = [(0, int(rows[0])), *holes, (int(rows[-1]) + 1, len(facts.there))]
    cuts = [(int(row), int(row)) for row in facts.cuts if not any(a <= row <= b for a, b in gone)]
    breaks = sorted([*gone, *cuts])
    runs = [(before[1], after[0]) for before, after in pairwise(breaks)]
    return max(runs, key=lambda run: run[1] - run[0])


def _cut_off(facts: Facts) -> str | None:
    if not facts.promised or facts.decoded >= facts.promised * CUT_OFF - 0.5:
        return None
    return (
        f"breaks off after {facts.decoded:.1f} of {facts.promised:.1f} s: the copy or the recording stopped before its "
        "end. Copy it again."
    )


def _faceless(facts: Facts) -> str | None:
    if facts.there.any():
        return None
    if facts.part.region is not None:
        return (
            f'shows no face in crop = "{facts.part.region}" (left, top, width, height in pixels). Give a region with '
            "one person's head and shoulders in it, or leave it out."
        )
    return "shows no face. Film one person from the front, head and shoulders in the picture, in good light."


def _crowd(facts: Facts) -> str | None:
    if not _crowded(facts) or still(facts.others):
        return None
    return (
        "shows several faces, so it is not clear who is meant. Cut the picture to one person, or say in a manifest "
        'where they are: crop = "left,top,width,height", in pixels.'
    )


def _drawn(facts: Facts) -> str | None:
    if _share(facts.flat, DRAWN) < 1 - OFTEN:
        return None
    return "shows a drawn face. Only filmed faces can be learned."


def _cut(facts: Facts) -> str | None:
    first, last = span(facts.there)
    inside = [int(row) for row in facts.cuts if first < row < last]
    if not inside:
        return None
    where = ", ".join(facts.at(row) for row in inside[:5]) + (" and later" if len(inside) > 5 else "")  # noqa: PLR2004
    return f"is cut at {where}. One take without cuts is needed. {_instead(facts)}"


def _lost(facts: Facts) -> str | None:
    first, last = span(facts.there)
    edges = np.flatnonzero(np.diff(np.concatenate([[True], facts.there[first:last], [True]])))
    for start, end in edges.reshape(-1, 2):
        if end - start > HOLE:
            return (
                f"loses the face from {facts.at(first + int(start))} to {facts.at(first + int(end))}. It has to be in "
                f"the picture all the time. {_instead(facts)}"
            )
    return None


def _instead(facts: Facts) -> str:
    """What the user can do about a cut, or a face that is lost: the longest part without either."""
    begin, end = longest(facts)
    at = facts.part.begin
    if (end - begin) / FPS < LEAST + 1:
        return "Film again, in one go."
    first, last = clock(ceil(10 * begin / FPS) / 10 + at), clock(floor(10 * end / FPS) / 10 + at)
    return f'The longest part of it is used by these options in a manifest: begin = "{first}", end = "{last}".'


def _short(facts: Facts) -> str | None:
    first, last = span(facts.there)
    if (last - first) / FPS >= LEAST:
        return None
    return f"shows a face for {_seconds(last - first)}; at least {LEAST:g} s are needed, one to five minutes are good."


def _tiny(facts: Facts) -> str | None:
    if facts.height >= TINY:
        return None
    return f"shows a face of {facts.height:.0f} pixels; at least {TINY} are needed. Film closer, or in full size."


def _stiff(facts: Facts) -> str | None:
    if facts.mouth >= STIFF:
        return None
    return (
        "shows a face whose mouth never moves: a photograph, a painting, or somebody who listens? Film the person who "
        "speaks."
    )


def _apart(facts: Facts) -> str | None:
    missing = facts.decoded - facts.sound
    if missing <= APART:
        return None
    return (
        f"has {facts.sound:.1f} s of sound for {facts.decoded:.1f} s of picture. Cut the picture where the sound ends, "
        "or save the recording anew."
    )


def _silent(facts: Facts) -> str | None:
    if facts.speech >= SPOKEN:
        return None
    return (
        f"has {facts.speech:.1f} s of speech in its sound; at least {SPOKEN:g} s are needed. Is the microphone off, or "
        "is it music alone?"
    )


def _crowded(facts: Facts) -> bool:
    return _share(facts.others[:, HEIGHT], RIVAL) >= OFTEN


def _share(values: Float64[np.ndarray, " n"], least: float) -> float:
    return float((values >= least).mean()) if len(values) else 0.0


def _seconds(frames: int) -> str:
    return f"{frames / FPS:.1f} s"
