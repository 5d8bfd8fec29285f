"""Several videos as one footage: takes of one person in one place, from a camera that stayed where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipelines.contract import BadInput
from pipelines.talking_head.ingest.footage import Footage, squared
from pipelines.talking_head.ingest.survey import boxed

ELSEWHERE = 0.1
"""Difference of how two takes usually look, of 1, from which they are of different places."""
LARGER = 1.3
"""By how many times the square around all heads may be larger than that around one, before somebody has moved."""
ADVICE = (
    "Several videos of one drop have to be takes of one person in one place, from a camera that stayed where it was. "
    "Drop the best one alone."
)


def joined(footages: Sequence[Footage]) -> Footage:
    """The takes one after the other, seen in one square, none nearer to the next than a cut.

    Raises BadInput where they do not go together. footages: of a take each, of the same part; at least one.
    """
    if len(footages) == 1:
        return footages[0]
    for other in footages[1:]:
        if why := apart(footages[0], other):
            raise BadInput(why)
    boxes = np.concatenate([boxed(one.points[one.there]) for one in footages])
    square = squared(boxes, footages[0].size, footages[0].part)
    for one in footages:
        if square.side > LARGER * one.crop.side:
            raise BadInput(f"{_name(one)} has the head elsewhere, or nearer or farther, than the others. {ADVICE}")
    return replace(
        footages[0],
        takes=tuple(take for one in footages for take in one.takes),
        crop=square,
        notes=tuple(note for one in footages for note in one.notes),
        points=np.concatenate([one.points for one in footages]),
        blendshapes=np.concatenate([one.blendshapes for one in footages]),
        there=np.concatenate([one.there for one in footages]),
        speech=np.concatenate([one.speech for one in footages]),
        sound=np.concatenate([one.sound for one in footages]),
    )


def apart(one: Footage, other: Footage) -> str | None:
    """Why two takes cannot be learned from together, or None."""
    if one.size != other.size:
        sizes = " and ".join(f"{width} x {height}" for width, height in (one.size, other.size))
        return f"{_name(one)} and {_name(other)} have pictures of different sizes ({sizes}). {ADVICE}"
    differ = float(np.abs(one.usual.astype(np.int16) - other.usual).mean()) / 255
    if differ > ELSEWHERE:
        return f"{_name(one)} and {_name(other)} were filmed in different places or light. {ADVICE}"
    return None


def _name(footage: Footage) -> str:
    return footage.takes[0].path.name
