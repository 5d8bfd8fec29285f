"""Long sound, heard in windows by a network that hears all of a window at once: memory has an end."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from pipelines.talking_head import FPS, HOP
from pipelines.talking_head.listen.front import Features, Sound, frames_of

KEPT, BESIDE = 8 * FPS, 3 * FPS
"""Frames of a window that are kept, and those before and after that are heard with them and kept of its neighbours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Frames, half open: begin to end is heard, first to last is kept."""

    begin: int
    first: int
    last: int
    end: int


def windows(count: int, kept: int = KEPT, beside: int = BESIDE) -> Iterator[Window]:
    """The windows of so many frames: each frame is kept once, with beside of its neighbours, where there are so many.

    What fits into one window is heard as one.
    """
    if count <= kept + 2 * beside:
        kept = max(count, 1)
    for first in range(0, count, kept):
        last = min(first + kept, count)
        yield Window(begin=max(0, first - beside), first=first, last=last, end=min(count, last + beside))


def listened(sound: Sound, channels: int, network: Callable[[Sound], Float32[np.ndarray, "t c"]]) -> Features:
    """1 step of those channels a frame, each row about 0 and of deviation 1, whatever the network's own measure is.

    network: the rows of the frames of a window's sound, which is whole frames.
    """
    count = frames_of(len(sound))
    found = np.zeros((count, 1, channels), dtype=np.float32)
    for window in windows(count):
        rows = network(sound[window.begin * HOP : window.end * HOP])
        rows = rows[window.first - window.begin : window.last - window.begin]
        about = rows - rows.mean(axis=1, keepdims=True)
        found[window.first : window.last, 0] = about / (about.std(axis=1, keepdims=True) + 1e-6)
    return found
