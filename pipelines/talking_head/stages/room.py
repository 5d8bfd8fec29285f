"""How long a clip may be: what of it is kept in memory while it is learned from, and what on the disk.

Pictures lie in files that are mapped. What grows in memory are features, landmarks and what is fitted to them.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from pipelines.contract import memory
from pipelines.talking_head import FPS, PIPELINE
from pipelines.talking_head.ingest.container import opened, streams
from pipelines.talking_head.ingest.part import WHOLE, Part
from pipelines.talking_head.playing import LONGEST

BASE, A_PIXEL = 700e6, 5000
"""Bytes that learning takes whatever is learned from, and for each pixel of a picture."""
A_FRAME, A_NUMBER = 30e3, 230
"""Bytes of each frame, and of each number that the front end hears in it. Measured: docs/talking_head.md, memory."""
STORED, KEPT = 5, 2 * 4
"""Bytes on the disk of each pixel of each frame, and of those that are played, in the job and in what is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What there is for a clip of pictures of that side. heard: numbers a frame. memory, disk: bytes."""

    side: int
    heard: int
    memory: float = inf
    disk: float = inf

    @property
    def seconds(self) -> float:
        """Of video that fit into the memory."""
        left = self.memory - BASE - A_PIXEL * self.side**2
        return max(0.0, left / (A_FRAME + A_NUMBER * self.heard) / FPS)

    def stored(self, seconds: float) -> float:
        """Bytes that so many seconds take of the disk."""
        frames = seconds * FPS
        return self.side**2 * (STORED * frames + KEPT * min(frames, LONGEST))


def granted() -> float:
    """Bytes of memory that learning will have, as far as the stage ingest can know.

    What config.toml gives, it gives to every stage; else each has what it asks for.
    """
    asked = {stage.name: stage.memory for stage in PIPELINE.stages}
    given = memory()
    return asked["train"] if given == asked["ingest"] else given or inf


def free(folder: Path) -> float:
    """Bytes that are free on the disk of the folder."""
    return float(shutil.disk_usage(folder).free)


def too_long(videos: Sequence[Path], room: Room, part: Part = WHOLE) -> str | None:
    """Why so long videos, or a part of one, cannot be learned from in that room, or None."""
    seconds = 0.0
    for path in videos:
        with opened(path) as container:
            seconds += part.seconds_of(streams(container).seconds)
    return crowded(videos, seconds, room)


def crowded(videos: Sequence[Path], seconds: float, room: Room) -> str | None:
    """Why so many seconds of those videos cannot be learned from in that room, or None."""
    what = f"{videos[0].name} is" if len(videos) == 1 else f"The {len(videos)} videos are"
    if seconds > room.seconds:
        return (
            f"{what} {_minutes(seconds)} long; at most {_minutes(room.seconds)} fit into the memory that learning has "
            f"({room.memory / 1024**3:.1f} GiB). Choose a part (begin and end in a manifest), or give more: memory "
            "under [pipelines.talking_head] in config.toml."
        )
    if (needed := room.stored(seconds)) > room.disk:
        return (
            f"{what} {_minutes(seconds)} long; at {room.side} pixels that takes {needed / 1e9:.1f} GB of the disk, and "
            f"{room.disk / 1e9:.1f} GB are free. Make room, choose a part (begin and end in a manifest), or a smaller "
            "resolution."
        )
    return None


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} minutes"  # noqa: PLR2004
