"""Which frame of a video is on show at each tick of a constant rate: what makes a variable rate constant."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
from jaxtyping import Float64, Int64

from pipelines.talking_head import FPS

Frame = TypeVar("Frame")


def on_show(times: Float64[np.ndarray, " n"], until: float) -> Int64[np.ndarray, " t"]:
    """The row of the nearest frame at each tick, from 0 to before until seconds. times: ascending, of the frames.

    The nearest, not the last: so a frame is never more than half a gap from its sound, early as often as late.
    """
    ticks = np.arange(max(0, round(until * FPS))) / FPS
    if not len(times) or not len(ticks):
        return np.zeros(0, dtype=np.int64)
    after = np.clip(np.searchsorted(times, ticks), 1, max(1, len(times) - 1))
    before = after - 1
    after = np.minimum(after, len(times) - 1)
    nearer = np.abs(times[after] - ticks) < np.abs(ticks - times[before])
    return np.where(nearer, after, before).astype(np.int64)


def ticked(frames: Iterable[tuple[float, Frame]], tick: int = 0) -> Iterator[Frame]:
    """The same choice as ``on_show`` while the frames come in: each frame as often as it is nearest to a tick.

    frames: (seconds, frame), ascending. tick: the first that is asked for; frames before it may be left out, but for
    one. The last frame is on show for half a tick after its time.
    """
    last: tuple[float, Frame] | None = None
    for time, frame in frames:
        if last is not None:
            while tick / FPS <= (last[0] + time) / 2:
                yield last[1]
                tick += 1
        last = (time, frame)
    if last is not None:
        while tick / FPS < last[0] + 0.5 / FPS:
            yield last[1]
            tick += 1
