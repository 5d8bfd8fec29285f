"""What was dropped enters the gallery: the harvests of all shards become one segment."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipelines.contract import BadInput, Fault, Work
from pipelines.faces.columns import Picture, read_harvest
from pipelines.faces.gallery.about import About, Part
from pipelines.faces.gallery.drafting import Draft
from pipelines.faces.gallery.reading import Gallery, assembled
from pipelines.faces.gallery.records import padded
from pipelines.faces.gallery.segments import ATTRIBUTES, Selection, selected, write_segment

_REASONS = 3
"""Unreadable pictures that a refusal names."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arrival:
    """A gallery after a drop. pictures, faces: how many are new. again: pictures that it knew already."""

    gallery: Gallery
    pictures: int = 0
    faces: int = 0
    again: int = 0
    faults: tuple[Fault, ...] = ()


def arrived(work: Work, draft: Draft, gallery: Gallery) -> Arrival:
    """The gallery with all that is new in the harvests of this job, as one segment of the draft.

    Raises BadInput where not one picture of the drop could be looked at.
    """
    seen = _seen(gallery.pictures)
    harvests = [(read_harvest(folder), _attributes(work, folder.name)) for folder in _shards(work)]
    pictures = [picture for harvest, _ in harvests for picture in harvest.pictures]
    again = _again(work)
    _refuse(pictures, again)
    selections = [selected(harvest, seen, table) for harvest, table in harvests]
    selections = [selection for selection in selections if len(selection.pictures)]
    new = sum(len(selection.pictures) for selection in selections)
    faults = tuple(Fault(what=p.path, why=p.problem) for p in pictures if p.problem is not None)
    arrival = Arrival(gallery=gallery, again=again + len(pictures) - new, faults=faults)
    return _grown(work, draft, arrival, selections) if selections else arrival


def estimated_since(work: Work, draft: Draft, gallery: Gallery) -> None:
    """Afterwards the draft holds what this job estimated of faces that were in the gallery before it."""
    for part in gallery.about.segments:
        table = work.earlier("attributes") / "segments" / f"{part.name}.parquet"
        if table.is_file():
            folder = draft.segment(part.name)
            folder.mkdir(exist_ok=True)
            shutil.copyfile(table, folder / ATTRIBUTES)


def _grown(work: Work, draft: Draft, arrival: Arrival, selections: list[Selection]) -> Arrival:
    gallery = arrival.gallery
    faces = sum(selection.count for selection in selections)
    ids = np.arange(faces, dtype=np.int64) + gallery.about.next_face
    part = write_segment(draft.segment(f"{work.request.revision + 1:06}"), selections, ids)
    about = _with(gallery.about, part)
    census = padded(gallery.census, about.faces)
    grown = assembled(draft.files, about, census, gallery.decisions)
    return replace(arrival, gallery=grown, pictures=part.pictures, faces=part.faces)


def _shards(work: Work) -> Iterator[Path]:
    listed = work.earlier("survey") / "shards.json"
    for name in json.loads(listed.read_bytes()) if listed.is_file() else ():
        if (work.earlier("embed") / name / "faces.npy").is_file():
            yield work.earlier("embed") / name


def _again(work: Work) -> int:
    """How many pictures of the drop the survey found to be known."""
    known = work.earlier("survey") / "known.json"
    return len(json.loads(known.read_bytes())) if known.is_file() else 0


def _attributes(work: Work, shard: str) -> Path | None:
    path = work.earlier("attributes") / f"{shard}.parquet"
    return path if path.is_file() else None


def _refuse(pictures: list[Picture], again: int) -> None:
    problems = [f"{picture.path}: {picture.problem}" for picture in pictures if picture.problem is not None]
    if pictures and len(problems) == len(pictures) and not again:
        more = f"\nand {len(problems) - _REASONS} more" if len(problems) > _REASONS else ""
        raise BadInput("None of the pictures could be looked at.\n" + "\n".join(problems[:_REASONS]) + more)


def _with(about: About, part: Part) -> About:
    return replace(about, next_face=about.next_face + part.faces, segments=(*about.segments, part))


def _seen(pictures: tuple[Picture, ...]) -> dict[str, bool]:
    """SHA-256 -> whether it could be looked at."""
    seen: dict[str, bool] = {}
    for picture in pictures:
        seen[picture.sha256] = seen.get(picture.sha256, False) or picture.problem is None
    return seen
