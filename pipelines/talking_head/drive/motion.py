"""Sound becomes the codes of a mouth: a ridge regression over all clips at hand, in which the subject's own count most.

What is learned from is heard as what will be judged is: in short pieces that know nothing of each other, so that the
beginning of a sound, its end and its own mean are nothing new. Where nobody speaks, ``pausing`` has the last word.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from pipelines.talking_head import FPS, HOP
from pipelines.talking_head.drive.codes import Basis, Mouths, Seen, Subject, basis, seen, subject
from pipelines.talking_head.drive.pausing import READY, TAUGHT, heeded, narrowest, opened, share_believed
from pipelines.talking_head.judge.probe import ridged
from pipelines.talking_head.listen.front import NEIGHBOURS, Features, FrontEnd, apart, around
from pipelines.talking_head.listen.hearing import Heard
from pipelines.talking_head.track.lips import opening_of

PIECE = 2 * FPS
"""Frames of a piece. Each frame is heard twice, in pieces that begin at different places."""
AROUND, STRIDE = 2, 2
"""Frames before and after that a frame also hears, and from one to the next."""
CLIPPED = 2.5
"""Deviations beyond which a feature says no more: what no clip had is no mouth that none had."""
RIDGE = 2.0
"""In frames: how much must agree before a feature counts."""
OTHERS = 0.2
"""Weight of a frame of another subject, of the subject's own."""
LIVELY = 0.85
"""Spread of the opening that is aimed at, of the truth's. A regression alone mumbles where it is unsure."""
INNER = 3
"""Parts of a lesson, each told by the rest, by which the spread is known that unheard sound gives."""
AT_ONCE = 60 * FPS
"""Frames whose neighbours are laid beside them at a time: eight times the features."""
MOST = 2.5
"""The most that codes are made larger by for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A clip to learn from. sound: HOP samples a frame, its offset taken out. speech: where there is any."""

    sound: Float32[np.ndarray, " n"]
    mouths: Mouths
    speech: Bool[np.ndarray, " t"]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Frames to learn from, each heard twice. heard: one row a hearing. mouths, speech: one a frame."""

    heard: Float64[np.ndarray, "2 t d"]
    mouths: Mouths
    speech: Bool[np.ndarray, " t"]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """What was heard and the codes beside it, and how much a frame of it counts."""

    heard: Float64[np.ndarray, "2 t d"]
    codes: Float64[np.ndarray, "t k"]
    weight: float

    def without(self, rows: np.ndarray) -> Pairs:
        """All but those frames."""
        return Pairs(np.delete(self.heard, rows, axis=1), np.delete(self.codes, rows, axis=0), self.weight)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """A line through what is heard. mean, spread: what it is brought to 0 and 1 by."""

    mean: Float64[np.ndarray, " d"]
    spread: Float64[np.ndarray, " d"]
    weights: Float64[np.ndarray, "d k"]
    level: Float64[np.ndarray, " k"]

    def __call__(self, heard: Float64[np.ndarray, "t d"], gain: float = 1.0) -> Float64[np.ndarray, "t k"]:
        """The codes of each frame, so many times as far from their level."""
        return np.asarray(gain * (scaled(heard, self.mean, self.spread) @ self.weights) + self.level)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Motion:
    """A subject that has learned to move its mouth to sound.

    digest: of the front end it learned by. gain: what makes it as lively as the subject. usual, shut: the mean codes
    of speech, and those of silence. taught: whether the line knows what mouths do there.
    """

    digest: str
    line: Line
    gain: float
    basis: Basis
    subject: Subject
    usual: Float64[np.ndarray, " k"]
    shut: Float64[np.ndarray, " k"]
    taught: bool
    seen: Seen

    def freely(self, heard: Heard) -> Float64[np.ndarray, "t k"]:
        """The codes of each frame of a whole sound, also such as no mouth of the subject had."""
        frames = np.arange(len(heard))
        parts = np.split(frames, frames[AT_ONCE::AT_ONCE])
        said = np.concatenate([self.line(among(around(heard.features, rows)), self.gain) for rows in parts])
        return self._paused(self._levelled(said, heard.speech), heard.speech)

    def __call__(self, heard: Heard) -> Float64[np.ndarray, "t k"]:
        """The codes of each frame, within the mouths that were seen."""
        return self.seen.clamped(self.freely(heard))

    def lips(self, codes: Float64[np.ndarray, "t k"]) -> Float64[np.ndarray, "t 40 2"]:
        """The codes as the subject's lips."""
        return self.basis.lips(self.subject, codes)

    def _levelled(self, said: Float64[np.ndarray, "t k"], speech: Bool[np.ndarray, " t"]) -> np.ndarray:
        """The codes with their mean in speech at the usual one, as far as that is known.

        Another voice, microphone or room moves all of them to one side, by which nothing is said.
        """
        if not speech.any():
            return said
        aside = self.seen.clamped(said[speech]).mean(axis=0) - self.usual
        return np.asarray(said - share_believed(speech) * aside)

    def _paused(self, said: Float64[np.ndarray, "t k"], speech: Bool[np.ndarray, " t"]) -> np.ndarray:
        """The codes as they are in speech; in silence the shut mouth, and before a word one that is about to open."""
        open_ = opened(speech)[:, None]
        counts = open_ if self.taught else np.minimum(heeded(speech)[:, None], open_)
        ready = self.shut + READY * (self.usual - self.shut)
        return np.asarray(self.shut + open_ * (ready - self.shut) + counts * (said - ready))


def lesson(clip: Clip, front: FrontEnd, rows: Int64[np.ndarray, " l"] | None = None) -> Lesson:
    """What those frames of the clip teach, all without rows. No frame is heard with sound of others than these."""
    rows = np.arange(len(clip.mouths)) if rows is None else rows
    sounds = [clip.sound[run[0] * HOP : (run[-1] + 1) * HOP] for run in runs(rows)]
    heard = [np.concatenate([_pieces(sound, front, first) for sound in sounds]) for first in (PIECE, PIECE // 2)]
    return Lesson(np.stack(heard), clip.mouths.chosen(rows), clip.speech[rows])


def runs(rows: Int64[np.ndarray, " l"]) -> list[Int64[np.ndarray, " r"]]:
    """The rows in runs without gaps."""
    return np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)


def surroundings(features: Features) -> Float64[np.ndarray, "t d"]:
    """What a frame hears: its own features, and those of some before and after."""
    return among(around(features))


def among(beside: Float32[np.ndarray, "t n w c"]) -> Float64[np.ndarray, "t d"]:
    """What a frame hears of the features of itself and its neighbours."""
    first = NEIGHBOURS[0] - AROUND
    kept = beside[:, first : first + 2 * AROUND + 1 : STRIDE]
    return np.asarray(kept.reshape(len(kept), -1), dtype=np.float64)


def learned(own: Lesson, others: Sequence[Lesson], digest: str) -> Motion:
    """The subject of the first lesson, taught by all; as lively as it was, by frames that it had not learned from."""
    everybody = [(one, subject(one.mouths)) for one in (own, *others)]
    shared = basis([whose.normalised(one.mouths) for one, whose in everybody])
    told = [shared.codes(whose, one.mouths) for one, whose in everybody]
    rest = [Pairs(one.heard, codes, OTHERS) for one, codes in zip(others, told[1:], strict=True)]
    mine = Pairs(own.heard, told[0], 1.0)
    said = np.zeros_like(told[0])
    for held in np.array_split(np.arange(len(said)), INNER):
        said[held] = fitted([mine.without(held), *rest])(own.heard[0, held])
    wanted, had = (opening_of(lips).std() for lips in (own.mouths.lips, shared.lips(everybody[0][1], said)))
    return Motion(
        digest=digest,
        line=fitted([mine, *rest]),
        gain=float(np.clip(LIVELY * wanted / max(had, 1e-9), 1.0, MOST)),
        basis=shared,
        subject=everybody[0][1],
        usual=told[0][own.speech if own.speech.any() else slice(None)].mean(axis=0),
        shut=told[0][narrowest(opening_of(own.mouths.lips))].mean(axis=0),
        taught=int((~own.speech).sum()) >= TAUGHT,
        seen=seen(told[0]),
    )


def fitted(lessons: Sequence[Pairs]) -> Line:
    """The line of least squares with a ridge; lessons count by their weights."""
    heard = np.concatenate([one.heard.reshape(-1, one.heard.shape[-1]) for one in lessons])
    codes = np.concatenate([np.tile(one.codes, (len(one.heard), 1)) for one in lessons])
    weight = np.concatenate([np.full(one.heard.shape[0] * one.heard.shape[1], one.weight) for one in lessons])
    weight = weight / len(lessons[0].heard)
    mean, level = np.average(heard, axis=0, weights=weight), np.average(codes, axis=0, weights=weight)
    spread = np.sqrt(np.average((heard - mean) ** 2, axis=0, weights=weight)) + 1e-4
    counted = np.sqrt(weight)[:, None]
    weights = ridged(counted * scaled(heard, mean, spread), counted * (codes - level), RIDGE)
    return Line(mean=mean, spread=spread, weights=weights, level=level)


def scaled(
    heard: Float64[np.ndarray, "t d"], mean: Float64[np.ndarray, " d"], spread: Float64[np.ndarray, " d"]
) -> Float64[np.ndarray, "t d"]:
    """Features about 0, of deviation 1 and none far out; all together of length about 1."""
    return np.asarray(np.clip((heard - mean) / spread, -CLIPPED, CLIPPED) / np.sqrt(len(mean)))


def _pieces(sound: Float32[np.ndarray, " n"], front: FrontEnd, first: int) -> Float64[np.ndarray, "t d"]:
    """What each frame hears where the sound is cut after so many frames, and from there on every PIECE."""
    count = len(sound) // HOP
    ends = [*range(first, count - PIECE // 4, PIECE), count]
    features = apart(front, sound, ends)
    return np.concatenate([surroundings(part) for part in np.split(features, ends[:-1])])
