"""The stage ``ingest``: all that was dropped is looked at, and what cannot be used is refused before any work."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from pipelines.contract import BadInput, Result, Work
from pipelines.talking_head import FPS, Options
from pipelines.talking_head.about import read_about
from pipelines.talking_head.ingest.footage import Footage, Look, Models, ingested
from pipelines.talking_head.ingest.speech import Voice
from pipelines.talking_head.ingest.spoken import listened
from pipelines.talking_head.ingest.takes import joined
from pipelines.talking_head.ingest.verdict import scarce
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.signing import signature
from pipelines.talking_head.stages.asked import drawable, unused
from pipelines.talking_head.stages.files import save_footage, video
from pipelines.talking_head.stages.fronts import numbers_of, ready
from pipelines.talking_head.stages.room import Room, crowded, free, granted, too_long
from pipelines.talking_head.weights import LANDMARKER, VOICE, digests

STRETCHES = "stretches"
"""The folder of what was seen so far."""
EVERY = 25
"""Frames between two lines of progress."""


def ingest(work: Work) -> Result:
    """Afterwards the footage of the videos is in the stage's folder, where there are any.

    Raises BadInput for a video that nothing can be learned from, a sound that nobody can say, a sound whose subject
    has no model; Unready where films are to be signed or drawn as they cannot be.
    """
    videos = [work.path(seen) for seen in work.request.of("video")]
    if not videos and work.state is None:
        raise BadInput(_nobody(work))
    options = Options(**work.request.options)
    signature(options.credentials if options.synthetic_mark else "")
    about = None if videos or work.state is None else read_about(work.state)
    drawable(options, about)
    _listener(work)
    notes = list(unused(options, about))
    for audio in work.request.of("audio"):
        notes += listened(work.path(audio)).notes
    if not videos:
        return Result(warnings=tuple(notes))
    footage = _looked(work, videos)
    save_footage(work.folder, footage)
    shutil.rmtree(work.folder / STRETCHES, ignore_errors=True)
    return Result(
        figures={"frames": len(footage), "seconds_of_video": len(footage) / FPS, "crop_pixels": footage.crop.side},
        warnings=(*footage.notes, *scarce(len(footage)), *notes),
        weights=digests(LANDMARKER, VOICE),
    )


def _looked(work: Work, videos: Sequence[Path]) -> Footage:
    """The footage of all videos. What was seen of them before the stage was killed is not looked at again."""
    options = Options(**work.request.options)
    heard = numbers_of(work, options.front)
    room = Room(side=options.resolution, heard=heard, memory=granted(), disk=free(work.folder))
    if why := too_long(videos, room, options.part):
        raise BadInput(why)
    models = Models(Landmarker(work.weights(LANDMARKER)), Voice(work.weights(VOICE)))
    footages = []
    for number, path in enumerate(videos):

        def told(row: int, total: int, name: str = path.name) -> None:
            if row % EVERY == 0:
                work.progress(row, total, "frames", name if len(videos) > 1 else "")

        kept = work.folder / STRETCHES / str(number)
        kept.mkdir(parents=True, exist_ok=True)
        footages.append(ingested(path, models, Look(part=options.part, told=told, folder=kept)))
    footage = joined(footages)
    if why := crowded(videos, len(footage) / FPS, room):  # what says not how long it is, as a browser's
        raise BadInput(why)
    return footage


def _nobody(work: Work) -> str:
    who = work.request.key or work.request.name
    return (
        f"Nobody has learned {who} yet, so {who} cannot say {work.request.name}. Drop a video of them talking into "
        f"inbox/talking_head/{who} first, then this again."
    )


def _listener(work: Work) -> None:
    """Afterwards the front end is at hand: that of the model which a sound is for, else the one that is asked for."""
    if video(work) or work.state is None:
        ready(work, Options(**work.request.options).front)
        return
    name = read_about(work.state).front_end
    try:
        ready(work, name)
    except BadInput as error:
        raise BadInput(
            f"{work.request.key} was learned with the front end {name}, and only that may drive it. {error}"
        ) from error
