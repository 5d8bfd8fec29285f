"""One video as the rest of the pipeline takes it: a span with a face, a square around the head, and its sound."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from pipelines.contract import BadInput
from pipelines.talking_head import FPS, HOP
from pipelines.talking_head.ingest import crop, cuts, sound
from pipelines.talking_head.ingest.container import Streams, opened, streams
from pipelines.talking_head.ingest.crop import Crop
from pipelines.talking_head.ingest.frames import Picture, first_time, frames
from pipelines.talking_head.ingest.speech import Voice, seconds, speaking
from pipelines.talking_head.ingest.survey import Survey, surveyed
from pipelines.talking_head.ingest.verdict import SPOKEN, Facts, advice, refusal, span
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.landmarks.points import ALL, BLENDSHAPES

LONGEST = 30 * 60.0
"""Seconds of video, above which more teaches nothing that is worth the wait."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Footage:
    """A video that can be learned from; t frames from ``first`` on, counted at 25 a second.

    points: landmarks in pixels of the upright picture, z on their scale. there: whether the face is seen; where it is
    not, points and blendshapes lie between those before and after. speech: whether somebody speaks. sound: HOP samples
    a frame. notes: what the user should know.
    """

    path: Path
    first: int
    crop: Crop
    points: Float64[np.ndarray, "t 478 3"]
    blendshapes: Float64[np.ndarray, "t 52"]
    there: Bool[np.ndarray, " t"]
    speech: Bool[np.ndarray, " t"]
    sound: Float32[np.ndarray, " n"]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.points)

    def pictures(self, side: int) -> Iterator[UInt8[np.ndarray, "s s 3"]]:
        """The square of every frame, side by side pixels: decoded anew, one at a time."""
        for picture in islice(frames(self.path), self.first, self.first + len(self)):
            yield self.crop.of(picture, side)


@dataclass(frozen=True, slots=True)
class Models:
    """What looks and listens, open."""

    landmarker: Landmarker
    voice: Voice


def ingested(
    path: Path, models: Models, watched: Callable[[Iterable[Picture], float], Iterable[Picture]] | None = None
) -> Footage:
    """The video in path, ready to be learned from. watched: sees every frame go by, and knows how long it will be.

    The cheap checks come first: nobody waits for the frames of a silent film. Raises BadInput with the reason.
    """
    told = _promising(path)
    heard = sound.read(path, first_time(path), most=LONGEST)
    probability = models.voice(heard.samples)
    if (speech := seconds(speaking(probability, round(heard.seconds * FPS)))) < SPOKEN:
        raise BadInput(_silent(path, speech))
    shown = frames(path)
    survey = surveyed(watched(shown, told.seconds) if watched else shown, models.landmarker)
    facts = _facts(path, told, survey, (heard.seconds, speech))
    if why := refusal(facts):
        raise BadInput(why)
    footage = _made(path, survey, heard, speaking(probability, len(survey)))
    return replace(footage, notes=(*heard.notes, *advice(facts)))


def _promising(path: Path) -> Streams:
    with opened(path) as container:
        told = streams(container)
    if not told.video:
        raise BadInput(f"{path.name} has no picture, only sound. Drop a video of somebody talking.")
    if told.seconds > LONGEST:
        raise BadInput(f"{path.name} is {told.seconds / 60:.0f} minutes long. Cut it: one to five minutes are enough.")
    return told


def _silent(path: Path, speech: float) -> str:
    """The refusal of a video whose sound alone is reason enough, in the words of the verdict."""
    none = np.zeros(0, dtype=np.int64)
    facts = Facts(
        name=path.name,
        promised=0.0,
        sound=float("inf"),
        speech=speech,
        there=np.ones(60 * FPS, dtype=bool),
        rivals=(),
        flat=(),
        cuts=none,
        height=float("inf"),
    )
    return refusal(facts) or ""


def _facts(path: Path, told: Streams, survey: Survey, heard: tuple[float, float]) -> Facts:
    boxes = survey.boxes
    return Facts(
        name=path.name,
        promised=told.seconds,
        sound=heard[0],
        speech=heard[1],
        there=survey.there,
        rivals=survey.rivals,
        flat=survey.flat,
        cuts=cuts.cuts(survey.smalls),
        height=float(np.median(boxes[:, 3] - boxes[:, 1])) if len(boxes) else 0.0,
    )


def _made(path: Path, survey: Survey, heard: sound.Sound, speech: Bool[np.ndarray, " t"]) -> Footage:
    first, last = span(survey.there)
    kept = survey.seen[first:last]
    there = survey.there[first:last]
    points = np.array([np.full((ALL, 3), np.nan) if one is None else one.points for one in kept])
    shapes = np.array([np.full(BLENDSHAPES, np.nan) if one is None else one.blendshapes for one in kept])
    width, height = survey.size
    return Footage(
        path=path,
        first=first,
        crop=crop.around(survey.boxes, width, height),
        points=bridged(points, there),
        blendshapes=bridged(shapes.astype(np.float64), there),
        there=there,
        speech=speech[first:last],
        sound=cut(heard.samples, first, last),
        notes=(),
    )


def cut(samples: Float32[np.ndarray, " n"], first: int, last: int) -> Float32[np.ndarray, " m"]:
    """The sound of the frames from first to before last; silence where it is too short."""
    part = samples[first * HOP : last * HOP]
    return np.pad(part, (0, (last - first) * HOP - len(part)))


def bridged(values: Float64[np.ndarray, "t ..."], there: Bool[np.ndarray, " t"]) -> Float64[np.ndarray, "t ..."]:
    """The values with every row that is not there put on the line between those before and after it."""
    rows, known = np.arange(len(values)), np.flatnonzero(there)
    if len(known) == len(rows):
        return values
    flat = values.reshape(len(values), -1).copy()
    for column in range(flat.shape[1]):
        flat[:, column] = np.interp(rows, known, flat[known, column])
    return flat.reshape(values.shape)
