"""The stage ``survey``: what of a drop is new, cut into shards that take about as long as each other."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from pipelines.contract import Input, Result, Work, write_atomic
from pipelines.faces.gallery.reading import known

FIXED = 0.012
"""Seconds of one core that a picture takes at least; a face takes about as long, so it is said for both."""
A_MEGABYTE = 0.025
"""Seconds for each megabyte of a picture: decoding, and more looks where it is large."""
A_MEGABYTE_OF_VIDEO = 1.0
SHORTEST, LONGEST = 10.0, 120.0
"""Seconds of a shard: shorter ones would mostly start, longer ones leave cores without work at the end."""
AT_ONCE = 16
"""Shards between these two: as many as a large machine runs side by side."""
_MEGABYTE = 1e6


def survey(work: Work) -> Result:
    """Afterwards ``shards.json``, ``shards/<name>.json`` and ``known.json`` are in the stage's folder.

    A shard is a list of rows of the request's inputs. Known are the rows whose content the gallery holds and could
    look at; they and what comes twice in the drop are in no shard.
    """
    looked_at = [(row, one) for row, one in enumerate(work.request.inputs) if one.role in {"picture", "video"}]
    there = known(work.state)
    again = [row for row, one in looked_at if one.sha256 in there]
    first = {one.sha256: row for row, one in reversed(looked_at)}
    new = [(row, one) for row, one in looked_at if one.sha256 not in there and first[one.sha256] == row]
    shards = cut([cost(one) for _, one in new])
    folder = work.folder / "shards"
    folder.mkdir(exist_ok=True)
    names = [f"{number:04}" for number in range(1, len(shards) + 1)]
    for name, shard in zip(names, shards, strict=True):
        _write(folder / f"{name}.json", [new[at][0] for at in shard])
    _write(work.folder / "known.json", again)
    _write(work.folder / "shards.json", names)  # last: the daemon reads it
    twice = len(looked_at) - len(again) - len(new)
    work.progress(len(looked_at), len(looked_at), "pictures")
    return Result(figures={"pictures": len(looked_at), "new": len(new), "known": len(again), "twice": twice})


def cost(one: Input) -> float:
    """About how many seconds of one core it takes to look at a file."""
    each = A_MEGABYTE_OF_VIDEO if one.role == "video" else A_MEGABYTE
    return FIXED + each * one.size / _MEGABYTE


def cut(costs: Sequence[float]) -> tuple[range, ...]:
    """The files in stretches of about the same cost, a power of two of them, so that they fill any machine evenly.

    Neighbours stay together, for they lie together on the disk.
    """
    if not costs:
        return ()
    whole = sum(costs)
    wanted = min(max(whole / AT_ONCE, SHORTEST), LONGEST)
    number = 1
    while whole / number > wanted:
        number *= 2
    ends = [min(number - 1, int(before / whole * number)) for before in _middles(costs)]
    starts = [ends.index(shard) for shard in sorted(set(ends))]
    return tuple(range(start, end) for start, end in zip(starts, [*starts[1:], len(costs)], strict=True))


def _middles(costs: Sequence[float]) -> list[float]:
    """Of each file what lies before its middle."""
    return [end - cost / 2 for end, cost in zip(accumulate(costs), costs, strict=True)]


def _write(path: Path, rows: object) -> None:
    write_atomic(path, json.dumps(rows).encode("ascii") + os.linesep.encode("ascii"))
