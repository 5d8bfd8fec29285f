"""The question ``people list``: who there is in a collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.contract import Result
from pipelines.faces.ask.tables import count, table
from pipelines.faces.gallery import Gallery
from pipelines.faces.people.heirs import SETTLED
from pipelines.faces.people.words import NOBODY, Person, Standing
from pipelines.faces.sorting.listening import holdings
from pipelines.faces.tree.said import said
from pipelines.faces.tree.wanted import deleted, hidden_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody in numbers. placed: faces that the user put there. review: that perhaps are theirs.

    hidden: of faces, those that the user deleted from the folder. first, last: what their first and their latest faces
    were dropped as.
    """

    person: Person
    faces: int
    pictures: int
    placed: int
    review: int
    hidden: int
    similarity: float
    first: str
    last: str

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "number": self.person.number,
            "id": f"person-{self.person.number:04}",
            "name": self.person.name,
            "born": self.person.born,
            "faces": self.faces,
            "pictures": self.pictures,
            "placed": self.placed,
            "review": self.review,
            "hidden": self.hidden,
            "similarity": None if np.isnan(self.similarity) else round(self.similarity, 4),
            "first": self.first,
            "last": self.last,
        }


def listed(gallery: Gallery) -> Result:
    """Everybody, those with names first, then by how many faces they have."""
    everybody = sorted(entries(gallery), key=lambda e: (e.person.name is None, -e.faces, e.person.number))
    rows = [
        (e.person.folder, f"person-{e.person.number:04}", e.faces, e.pictures, e.hidden, e.review, e.first, e.last)
        for e in everybody
    ]
    head = ("person", "id", "faces", "pictures", "hidden", "in review", "first in", "last in")
    census = gallery.census
    nobody = int((census.standing == Standing.UNSORTED).sum())
    people = count(len(everybody), "person", "people")
    hidden = sum(e.hidden for e in everybody)
    below = f"{people}, {count(len(gallery), 'face')}, {nobody:,} of them unsorted" + (
        f", {hidden:,} hidden: deleted from the tree." if hidden else "."
    )
    return Result(
        answer=f"{table(head, rows)}\n{below}" if rows else below,
        data={"people": [e.data() for e in everybody], "faces": len(gallery), "unsorted": nobody},
    )


def entries(gallery: Gallery) -> list[Entry]:
    """Everybody in the census, in the order of their numbers."""
    census = gallery.census
    order = np.argsort(census.person, kind="stable")
    order = order[census.person[order] != NOBODY]
    starts = np.flatnonzero(np.diff(census.person[order], prepend=NOBODY))
    rows = {int(census.person[part[0]]): part for part in np.split(order, starts[1:]) if len(part)}
    none = np.zeros(0, dtype=np.int64)
    held = holdings(gallery)
    hidden = hidden_of(held, deleted(held, said(held)))
    people = sorted(census.people.items())
    return [_entry(gallery, person, rows.get(number, none), hidden.get(number, 0)) for number, person in people]


def _entry(gallery: Gallery, person: Person, rows: np.ndarray, hidden: int) -> Entry:
    standing = gallery.census.standing[rows]
    mine = rows[np.isin(standing, SETTLED)]
    pictures = np.unique(gallery.faces["picture"][mine])
    alike = gallery.census.similarity[mine]
    items = [gallery.pictures[int(at)].item or gallery.pictures[int(at)].path for at in (*pictures[:1], *pictures[-1:])]
    return Entry(
        person=person,
        faces=len(mine),
        pictures=len(pictures),
        placed=int((standing == Standing.PLACED).sum()),
        review=int((standing == Standing.REVIEW).sum()),
        hidden=hidden,
        similarity=float(np.nanmean(alike)) if np.isfinite(alike).any() else float("nan"),
        first=items[0] if items else "",
        last=items[-1] if items else "",
    )
