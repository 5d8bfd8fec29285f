"""The files of a shard, one after the other, as views: pictures by their paths, videos frame by frame."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path

from pipelines.contract import Work
from pipelines.faces import Options
from pipelines.faces.columns import Picture
from pipelines.faces.embed.checkpoints import Cursor
from pipelines.faces.embed.pictures import Unreadable
from pipelines.faces.embed.trial import Marks, Trial
from pipelines.faces.embed.views import View

KILLER = "Reading it ends the program that does it, so it was left out. It is damaged, or made to do harm."
ABOVE = "in/"
"""Where what was dropped lies in a job's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file of a shard. place: in the shard's list."""

    place: int
    picture: Picture
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """How the files of a shard are read. marks, trial: against those that kill their reader."""

    options: Options
    marks: Marks
    trial: Trial


def listed(work: Work) -> tuple[Listed, ...]:
    """The files of the work's shard, as the survey listed them."""
    rows = json.loads((work.earlier("survey") / "shards" / f"{work.shard}.json").read_bytes())
    files = []
    for place, row in enumerate(rows):
        entry = work.request.inputs[row]
        picture = Picture(
            sha256=entry.sha256,
            path=entry.path.removeprefix(ABOVE),
            item=work.request.name,
            kind="video" if entry.role == "video" else "picture",
        )
        files.append(Listed(place=place, picture=picture, path=work.path(entry)))
    return tuple(files)


def tried(files: Sequence[Listed], reading: Reading) -> None:
    """Afterwards those files that were in hand when a process died have been tried, and the fatal ones condemned."""
    videos = frozenset(file.place for file in files if file.picture.kind == "video")
    for place in reading.marks.suspected(videos):
        if not reading.trial.survived(files[place].path, files[place].picture.kind):
            reading.marks.condemn(place)


def views(files: Sequence[Listed], cursor: Cursor, reading: Reading) -> Iterator[View]:
    """The views behind the cursor, in order; a file that must not be read comes with its problem."""
    careful = bool(reading.marks.fatal)
    for file in files[max(0, cursor.place) :]:
        resumed = file.place == cursor.place
        picture = file.picture.kind == "picture"
        if resumed and (picture or isnan(cursor.time)):
            continue
        untried = careful and picture and file.place not in reading.marks.fatal
        if untried and not reading.trial.survived(file.path, file.picture.kind):
            reading.marks.condemn(file.place)
        if file.place in reading.marks.fatal:
            yield _view(file, problem=KILLER)
        elif picture:
            _read_ahead(file.path)
            yield _view(file)
        else:
            yield from _filmed(file, cursor.time if resumed else -1.0, reading)


def _filmed(file: Listed, after: float, reading: Reading) -> Iterator[View]:
    from pipelines.faces.embed.video import Sampling, frames  # noqa: PLC0415  most drops hold no video

    options = reading.options
    wanted = Sampling(interval=options.video_interval, after=after, max_pixels=options.max_pixels)
    reading.marks.take([file.place])
    try:
        for frame in frames(file.path, wanted):
            yield replace(_view(file), time=frame.time, pixels=frame.pixels)
    except Unreadable as why:
        yield _view(file, problem=str(why))
    reading.marks.drop([file.place])


def _view(file: Listed, problem: str | None = None) -> View:
    return View(place=file.place, picture=file.picture, path=file.path, problem=problem)


def _read_ahead(path: Path) -> None:
    """Asks the system to have the file in memory when its turn comes."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(handle)
