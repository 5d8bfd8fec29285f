"""What a shard has seen so far, in parts that are whole or not there; a kill costs what came after the last part."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32

from pipelines.contract import write_atomic
from pipelines.faces.columns import FACE, Chips, Harvest, Picture, packed
from pipelines.faces.embed.tracks import thinned
from pipelines.faces.embed.views import Seen

EVERY = 64
"""Views in a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a shard is: the place of the file that was seen last, and for a video the time; -1: nothing yet."""

    place: int = -1
    time: float = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Some views that were seen. places: of each view's file; faces: FACE, their picture is the place."""

    places: tuple[int, ...]
    pictures: tuple[Picture, ...]
    notes: tuple[str | None, ...]
    time: float
    faces: np.ndarray
    embeddings: Float32[np.ndarray, "n d"]
    chips: Chips
    crops: Chips


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gathered:
    """All parts together. notes: path -> what is to be told. crops: of each face, where they are wanted."""

    harvest: Harvest
    notes: tuple[tuple[str, str], ...]
    crops: Chips
    thinned: int


def part_of(seen: Sequence[Seen]) -> Part:
    """What was seen, as a part."""
    faces = np.concatenate([np.zeros(0, FACE), *(one.faces for one in seen)])
    faces["picture"] = np.repeat([one.place for one in seen], [len(one.faces) for one in seen])
    return Part(
        places=tuple(one.place for one in seen),
        pictures=tuple(one.picture for one in seen),
        notes=tuple(one.note for one in seen),
        time=seen[-1].time,
        faces=faces,
        embeddings=np.concatenate([one.embeddings for one in seen]),
        chips=packed(chip for one in seen for chip in one.chips),
        crops=packed(crop for one in seen for crop in one.crops),
    )


def write_part(folder: Path, part: Part) -> None:
    """Afterwards the part is in folder, behind those that are there, durably."""
    folder.mkdir(exist_ok=True)
    said = {
        "places": part.places,
        "pictures": [dataclasses.asdict(picture) for picture in part.pictures],
        "notes": part.notes,
        "time": part.time,
    }
    data = BytesIO()
    np.savez(
        data,
        said=np.frombuffer(json.dumps(said).encode("ascii"), dtype=np.uint8),
        faces=part.faces,
        embeddings=part.embeddings,
        chips=part.chips.data,
        chip_starts=part.chips.starts,
        crops=part.crops.data,
        crop_starts=part.crops.starts,
    )
    write_atomic(folder / f"{len(_files(folder)):06}.npz", data.getvalue())


def parts(folder: Path) -> Iterator[Part]:
    """The parts in folder, in order."""
    for path in _files(folder):
        with np.load(path) as held:
            said = json.loads(held["said"].tobytes())
            yield Part(
                places=tuple(said["places"]),
                pictures=tuple(Picture(**raw) for raw in said["pictures"]),
                notes=tuple(said["notes"]),
                time=said["time"],
                faces=held["faces"],
                embeddings=held["embeddings"],
                chips=Chips(starts=held["chip_starts"], data=held["chips"]),
                crops=Chips(starts=held["crop_starts"], data=held["crops"]),
            )


def reached(folder: Path) -> Cursor:
    """How far the parts in folder reach."""
    last = _files(folder)[-1:]
    if not last:
        return Cursor()
    with np.load(last[0]) as held:
        said = json.loads(held["said"].tobytes())
    return Cursor(place=said["places"][-1], time=said["time"])


def gathered(folder: Path, interval: float) -> Gathered:
    """All parts as one harvest: its pictures by place, its faces by picture and time.

    Of a face that stays in view of a video the best is kept. interval: seconds between two frames of a video.
    """
    each = list(parts(folder))
    pictures: dict[int, Picture] = {}
    for part in each:
        for place, picture in zip(part.places, part.pictures, strict=True):
            # A video that could be seen at first and not later on was looked at.
            known = pictures.get(place)
            pictures[place] = picture if known is None else replace(known, problem=known.problem and picture.problem)
    order = {place: row for row, place in enumerate(sorted(pictures))}
    faces = np.concatenate([part.faces for part in each])
    embeddings = np.concatenate([part.embeddings for part in each])
    kept = _kept(faces, embeddings, interval)
    faces["picture"] = [order[place] for place in faces["picture"].tolist()]
    listed = tuple(pictures[place] for place in order)
    notes = {(p.path, note) for part in each for p, note in zip(part.pictures, part.notes, strict=True) if note}
    return Gathered(
        harvest=Harvest(
            pictures=listed,
            faces=faces[kept],
            embeddings=embeddings[kept],
            chips=_chosen([part.chips for part in each], kept),
        ),
        notes=tuple(sorted(notes)),
        crops=_chosen([part.crops for part in each], kept),
        thinned=int((~kept).sum()),
    )


def _kept(faces: np.ndarray, embeddings: Float32[np.ndarray, "n d"], interval: float) -> Bool[np.ndarray, " n"]:
    kept = np.ones(len(faces), dtype=bool)
    filmed = ~np.isnan(faces["time"])
    for place in np.unique(faces["picture"][filmed]):
        rows = np.flatnonzero(faces["picture"] == place)
        kept[rows] = thinned(faces[rows], embeddings[rows], interval)
    return kept


def _chosen(each: Sequence[Chips], kept: Bool[np.ndarray, " n"]) -> Chips:
    images = [one[row] for one in each for row in range(len(one))]
    return packed(image for image, keep in zip(images, kept.tolist(), strict=False) if keep)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.npz"))
