"""What a gallery says of itself: ``gallery.json``."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

FORMAT = 1
"""Of the files of a gallery; a gallery of a later one is not touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A segment: a folder of ``columns``, its pictures and faces counted."""

    name: str
    pictures: int
    faces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """How the faces were sorted the last time, so that the next time does only what has changed.

    method: with the number of clusters where it needs one. same, join, review: cosine similarities that held.
    quality: under which faces took no part. floor: of the graph. graphed: the first so many rows are in the graph; the
    rest joined until the next night only.
    """

    method: str = ""
    same: float = 0.0
    join: float = 0.0
    review: float = 0.0
    quality: float = 0.0
    floor: float = 0.0
    graphed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A gallery in a few words. pack, recogniser (the SHA-256 of its file), dimension: of its embeddings.

    next_face, next_person: numbers not given yet.
    """

    pack: str
    recogniser: str
    dimension: int
    next_face: int = 0
    next_person: int = 1
    segments: tuple[Part, ...] = ()
    sorted: Sorted = Sorted()

    @property
    def faces(self) -> int:
        """How many faces there are."""
        return sum(part.faces for part in self.segments)

    @property
    def pictures(self) -> int:
        """How many pictures there are."""
        return sum(part.pictures for part in self.segments)


def read_about(path: Path) -> About:
    """The gallery.json. Raises ValueError for one of a later version of visaged."""
    raw = json.loads(path.read_bytes())
    version = raw.pop("format", FORMAT)
    if version > FORMAT:
        raise ValueError(
            f"This collection was written by a later version of visaged (format {version}, known is {FORMAT}). "
            "Install that version again."
        )
    segments = tuple(Part(**part) for part in raw.pop("segments"))
    return About(**{**raw, "segments": segments, "sorted": Sorted(**raw["sorted"])})


def about_bytes(about: About) -> bytes:
    """The gallery.json of it."""
    return json.dumps({"format": FORMAT, **dataclasses.asdict(about)}, indent=1).encode("ascii")
