"""Which part of a video is meant: from when to when, and what of the picture. Standard library."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf, isfinite

AUTO = "auto"
NARROW = 64
"""Pixels of a region's side, below which no face in it is large enough."""
_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)", re.ASCII)
_REGION = re.compile(r"(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A rectangle of the upright picture, in whole pixels from its upper left corner."""

    left: int
    top: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.left},{self.top},{self.width},{self.height}"

    def lies_in(self, width: int, height: int) -> bool:
        """Whether a picture of that size has all of it."""
        return self.left + self.width <= width and self.top + self.height <= height


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Seconds after the first frame, and a region of the picture (None: all of it)."""

    begin: float = 0.0
    end: float = inf
    region: Region | None = None

    @property
    def whole(self) -> bool:
        """Whether no time is left out."""
        return not self.begin and self.end == inf

    def seconds_of(self, length: float) -> float:
        """How much it is of a video of so many seconds; 0 where that is not known."""
        return max(0.0, min(self.end, length) - self.begin) if length else 0.0


WHOLE = Part()


def part_of(begin: float | str, end: float | str, crop: str) -> Part:
    """The part that the options of those names ask for. Raises ValueError with a plain sentence.

    begin, end: seconds, or as a player shows them ("1:20.5"); an empty end is the video's own.
    """
    part = Part(
        begin=moment("begin", begin),
        end=inf if end == "" else moment("end", end),
        region=None if crop.strip() == AUTO else _region(crop),
    )
    if part.begin >= part.end:
        raise ValueError(f"end = {_quoted(end)}: it must be later than begin, which is {_quoted(begin)}")
    return part


def moment(name: str, value: float | str) -> float:
    """A moment in seconds. Raises ValueError with a plain sentence that begins with the option's name."""
    if isinstance(value, str):
        found = _CLOCK.fullmatch(value.strip())
        if found is None:
            raise ValueError(f'{name} = {_quoted(value)}: it must be seconds, or a time as in "1:20.5"')
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        value = 3600 * hours + 60 * minutes + seconds
    if not isfinite(value) or value < 0:
        raise ValueError(f"{name} = {_quoted(value)}: it must be at least 0")
    return float(value)


def clock(seconds: float) -> str:
    """The moment as a player shows it, with tenths."""
    tenths = round(10 * seconds)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes // 60}:{minutes % 60:02}:{rest / 10:04.1f}" if minutes >= 60 else f"{minutes}:{rest / 10:04.1f}"  # noqa: PLR2004


def _region(crop: str) -> Region:
    found = _REGION.fullmatch(crop.strip())
    if found is None:
        raise ValueError(
            f'crop = {_quoted(crop)}: it must be "{AUTO}" or "left,top,width,height" in pixels, as in "400,0,720,720"'
        )
    left, top, width, height = (int(number) for number in found.groups())
    if min(width, height) < NARROW:
        raise ValueError(f"crop = {_quoted(crop)}: it must be at least {NARROW} pixels wide and high")
    return Region(left=left, top=top, width=width, height=height)


def _quoted(value: float | str) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"
