"""What is said of a model beside its numbers, which can be read without them."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.contract import BadInput

ABOUT = "about.json"
OTHERS = (
    "What was learned of this person was written by another version of visaged, and cannot be read by this one. Drop "
    "the video again: it is learned anew, and then this can be said."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a model is. make: what its engine revives it by.

    loop: start and end of the frames that are played, and how far they are apart. iterations: that were asked for; 0:
    that was not kept yet.
    """

    engine: str
    drive: str
    front_end: str
    digest: str
    side: int
    make: dict[str, Any]
    loop: tuple[int, int, float]
    iterations: int = 0


def write_about(folder: Path, about: About) -> None:
    """Afterwards the folder of the model says what it is."""
    (folder / ABOUT).write_text(json.dumps(dataclasses.asdict(about)), "ascii")


def read_about(folder: Path) -> About:
    """What the model in the folder is. Raises BadInput where another version wrote it otherwise."""
    try:
        raw = json.loads((folder / ABOUT).read_text("ascii"))
        return About(**{**raw, "loop": tuple(raw["loop"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        raise BadInput(OTHERS) from None
