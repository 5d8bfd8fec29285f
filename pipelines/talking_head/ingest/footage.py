"""Videos as the rest of the pipeline takes them: spans with a face, a square around the head, and the sound."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, UInt8

from pipelines.contract import BadInput
from pipelines.talking_head import FPS, HOP
from pipelines.talking_head.ingest import crop, cuts, sound
from pipelines.talking_head.ingest.container import opened, streams
from pipelines.talking_head.ingest.crop import Crop
from pipelines.talking_head.ingest.frames import Picture, first_tick, first_time, frames
from pipelines.talking_head.ingest.part import WHOLE, Part, clock
from pipelines.talking_head.ingest.sound import Sound, Span
from pipelines.talking_head.ingest.speech import Voice, seconds, speaking
from pipelines.talking_head.ingest.stretches import STRETCH, looked
from pipelines.talking_head.ingest.survey import Survey, openings
from pipelines.talking_head.ingest.verdict import SPOKEN, Facts, advice, refusal, span
from pipelines.talking_head.landmarks.landmarker import Landmarker

LONGEST = 30 * 60.0
"""Seconds of video, above which more teaches nothing that is worth the wait."""
SLACK = 0.5
"""Seconds by which a part may reach beyond the end: players round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One video: so many frames from the first on, counted at 25 a second from the part's first."""

    path: Path
    first: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Footage:
    """What can be learned from: t frames of one take, or of several one after the other (``takes``).

    part: of each take. size: width and height of its region. usual: how that usually looks, small. points: landmarks in
    its pixels, z on their scale. there: whether the face is seen; where it is not, points and blendshapes lie between
    those before and after. speech: whether somebody speaks. sound: HOP samples a frame. notes: what the user should
    know.
    """

    takes: tuple[Take, ...]
    crop: Crop
    size: tuple[int, int]
    usual: UInt8[np.ndarray, "h h 3"]
    points: Float64[np.ndarray, "t 478 3"]
    blendshapes: Float64[np.ndarray, "t 52"]
    there: Bool[np.ndarray, " t"]
    speech: Bool[np.ndarray, " t"]
    sound: Float32[np.ndarray, " n"]
    notes: tuple[str, ...]
    part: Part = WHOLE

    def __len__(self) -> int:
        return len(self.points)

    @property
    def starts(self) -> Int64[np.ndarray, " k"]:
        """The frame with which each take begins."""
        return np.cumsum([0, *(take.count for take in self.takes[:-1])], dtype=np.int64)

    def pictures(self, side: int, skip: int = 0) -> Iterator[UInt8[np.ndarray, "s s 3"]]:
        """The square of every frame but the first skip, side by side pixels: decoded anew, one at a time."""
        for take, start in zip(self.takes, self.starts, strict=True):
            ahead = min(take.count, max(0, skip - int(start)))
            shown = frames(take.path, self.part, take.first + ahead)
            for _, picture in zip(range(take.count - ahead), shown, strict=False):
                yield self.crop.of(picture, side)


@dataclass(frozen=True, slots=True)
class Models:
    """What looks and listens, open."""

    landmarker: Landmarker
    voice: Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a video is looked at.

    told: is told the number of each frame before it is looked at, and how many there will be. folder: keeps what was
    seen, in stretches of so many frames, for whoever is stopped and begins again.
    """

    part: Part = WHOLE
    told: Callable[[int, int], None] | None = None
    folder: Path | None = None
    stretch: int = STRETCH


AT_ALL = Look()


def ingested(path: Path, models: Models, look: Look = AT_ALL) -> Footage:
    """The video in path, ready to be learned from.

    The cheap checks come first: nobody waits for the frames of a silent film. Raises BadInput with the reason.
    """
    promised = _promising(path, look.part)
    heard = sound.read(path, _span(path, look.part))
    probability = models.voice(heard.samples)
    if (speech := seconds(speaking(probability, round(heard.seconds * FPS)))) < SPOKEN:
        raise BadInput(_silent(path, speech))

    def pictures(skip: int) -> Iterator[Picture]:
        for row, picture in enumerate(frames(path, look.part, skip), start=skip):
            if look.told:
                look.told(row, max(row, round(promised * FPS)))
            yield picture

    survey = looked(pictures, models.landmarker, look.folder, look.stretch)
    facts = _facts((path, look.part, promised), survey, (heard.seconds, speech))
    if why := refusal(facts):
        raise BadInput(why)
    footage = _made((path, look.part), survey, heard, speaking(probability, len(survey)))
    return replace(footage, notes=(*heard.notes, *advice(facts)))


def _promising(path: Path, part: Part) -> float:
    """The seconds of the part, 0 where the file does not say how long it is."""
    with opened(path) as container:
        told = streams(container)
    if not told.video:
        raise BadInput(f"{path.name} has no picture, only sound. Drop a video of somebody talking.")
    if told.seconds and (part.begin >= told.seconds or SLACK + told.seconds < part.end < inf):
        name, wanted = ("begin", part.begin) if part.begin >= told.seconds else ("end", part.end)
        raise BadInput(
            f'{path.name} is {clock(told.seconds)} long, so {name} = "{clock(wanted)}" is not in it. Change it in the '
            "manifest, or leave it out."
        )
    if part.seconds_of(told.seconds) > LONGEST:
        raise BadInput(
            f"{path.name} is {told.seconds / 60:.0f} minutes long; one to five are enough. Cut it, or say in a "
            'manifest which part is meant, as in begin = "10:00", end = "14:00".'
        )
    return part.seconds_of(told.seconds)


def _span(path: Path, part: Part) -> Span:
    """The part on the clock of the file, on which its sound is too."""
    begin = first_time(path) + first_tick(part) / FPS
    return Span(begin=begin, end=begin + part.end - part.begin, most=inf if part.end < inf else LONGEST)


def _silent(path: Path, speech: float) -> str:
    """The refusal of a video whose sound alone is reason enough, in the words of the verdict."""
    facts = Facts(
        name=path.name,
        promised=0.0,
        sound=inf,
        speech=speech,
        there=np.ones(60 * FPS, dtype=bool),
        others=np.zeros((0, 2)),
        flat=np.zeros(0),
        cuts=np.zeros(0, dtype=np.int64),
        height=inf,
        mouth=inf,
    )
    return refusal(facts) or ""


def _facts(video: tuple[Path, Part, float], survey: Survey, heard: tuple[float, float]) -> Facts:
    path, part, promised = video
    boxes = survey.boxes
    height = float(np.median(boxes[:, 3] - boxes[:, 1])) if len(boxes) else 0.0
    opening = openings(survey.points[survey.there])
    return Facts(
        name=path.name,
        promised=promised,
        sound=heard[0],
        speech=heard[1],
        there=survey.there,
        others=survey.others,
        flat=survey.flat,
        cuts=cuts.cuts(survey.smalls),
        height=height,
        mouth=float(opening.std()) / height if len(opening) else 0.0,
        part=part,
    )


def _made(video: tuple[Path, Part], survey: Survey, heard: Sound, speech: Bool[np.ndarray, " t"]) -> Footage:
    path, part = video
    first, last = span(survey.there)
    there = survey.there[first:last]
    width, height = (int(side) for side in survey.size)
    return Footage(
        takes=(Take(path=path, first=first, count=last - first),),
        part=part,
        crop=squared(survey.boxes, (width, height), part),
        size=(width, height),
        usual=np.median(survey.smalls[first:last], axis=0).astype(np.uint8),
        points=bridged(survey.points[first:last], there),
        blendshapes=bridged(survey.blendshapes[first:last], there),
        there=there,
        speech=speech[first:last],
        sound=cut(heard.samples, first, last),
        notes=(),
    )


def squared(boxes: Float64[np.ndarray, "n 4"], size: tuple[int, int], part: Part) -> Crop:
    """What is shown: a square region that the user chose as it is, else the square around the head."""
    if part.region is not None and size[0] == size[1]:
        return Crop(left=0, top=0, side=size[0])
    return crop.around(boxes, *size)


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
