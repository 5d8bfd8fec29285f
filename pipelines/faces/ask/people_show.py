"""The question ``people show``: what is known of somebody."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pipelines.contract import Result, Work
from pipelines.faces.ask.likeness import to_faces, to_people
from pipelines.faces.ask.people_list import entries
from pipelines.faces.ask.tables import count, table
from pipelines.faces.gallery import Gallery
from pipelines.faces.people.heirs import SETTLED
from pipelines.faces.people.said import replayed
from pipelines.faces.people.words import Person, Standing
from pipelines.faces.sorting.people_asked import meant, present

_WORDS = {
    Standing.JOINED: "by similarity",
    Standing.PLACED: "placed by you",
    Standing.REVIEW: "in review",
}
_ALIKE = 3
"""People that are named as the most alike."""


def shown(work: Work, gallery: Gallery) -> Result:
    """What is known of the person that the command names. Raises BadInput where there is no such person."""
    said = replayed(gallery.decisions)
    person = meant(str(work.request.arguments.get("person", "")), present(gallery.census, said), said)
    entry = next(e for e in entries(gallery) if e.person.number == person.number)
    faces = _faces(gallery, person)
    alike = _alike(gallery, person)
    numbers = (
        f"{person.folder} (person-{person.number:04}): {count(entry.faces, 'face')} in "
        f"{count(entry.pictures, 'picture')}, {entry.placed:,} placed by you, {entry.review:,} in review"
        f"{f', {entry.hidden:,} hidden' if entry.hidden else ''}"
    )
    lines = [numbers]
    if alike:
        lines.append("most alike: " + ", ".join(f"{one['person']} ({one['similarity']:.2f})" for one in alike))
    rows = [(f["picture"], f["item"], f["standing"], f["similarity"], f["quality"]) for f in faces]
    lines.append(table(("picture", "dropped in", "here", "similarity", "quality"), rows))
    return Result(answer="\n".join(lines), data={**entry.data(), "alike": alike, "pictures_of": faces})


def _faces(gallery: Gallery, person: Person) -> list[dict[str, Any]]:
    """The person's faces, the most alike to the rest first."""
    census = gallery.census
    rows = np.flatnonzero(census.person == person.number)
    found = []
    for row in rows[np.argsort(-np.nan_to_num(census.similarity[rows], nan=-1.0), kind="stable")].tolist():
        face = gallery.faces[row]
        picture = gallery.pictures[int(face["picture"])]
        similarity, time = float(census.similarity[row]), float(face["time"])
        found.append(
            {
                "face": int(face["id"]),
                "picture": picture.path,
                "item": picture.item,
                "sha256": picture.sha256,
                "time": None if math.isnan(time) else round(time, 3),
                "standing": _WORDS.get(Standing(int(census.standing[row])), ""),
                "similarity": None if math.isnan(similarity) else round(similarity, 4),
                "quality": round(float(face["quality"]), 4),
            }
        )
    return found


def _alike(gallery: Gallery, person: Person) -> list[dict[str, Any]]:
    """Who is the most alike, by mean similarity: who may be the same person."""
    mine = np.flatnonzero((gallery.census.person == person.number) & np.isin(gallery.census.standing, SETTLED))
    if not len(mine):
        return []
    numbers, alike = to_people(gallery, to_faces(gallery, gallery.embeddings_of(mine).mean(axis=0, dtype=np.float32)))
    others = np.argsort(-alike, kind="stable")
    best = [at for at in others.tolist() if numbers[at] != person.number and alike[at] > 0][:_ALIKE]
    people = gallery.census.people
    return [{"person": people[int(numbers[at])].folder, "similarity": round(float(alike[at]), 4)} for at in best]
