"""Who stands where: the places of pictures in the tree, decided from people and decisions alone. Pure."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from pipelines.faces.people.heirs import SETTLED
from pipelines.faces.people.words import NOBODY, Standing
from pipelines.faces.tree.holdings import Holdings, Rows
from pipelines.faces.tree.places import Kind
from pipelines.faces.tree.said import Said

Mask = Bool[np.ndarray, " n"]
_WITH_SOMEBODY = (Standing.JOINED, Standing.PLACED, Standing.REVIEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A picture (its row) at one place of the tree, for the sake of faces (their rows).

    person: whose folder it is; NOBODY where it is nobody's.
    """

    kind: Kind
    picture: int
    faces: tuple[int, ...] = ()
    person: int = NOBODY


def spots(holdings: Holdings, said: Said, chosen: Mask | None = None, *, crops: bool = False) -> Iterator[Spot]:
    """Every picture at every place where it is to stand, in a fixed order.

    A picture stands with each of its people; in review for each question; in not-people where a face is none; in
    unsorted only if none of its faces is anybody's (a crop: if its face is not); in no-face if it has none. chosen: the
    faces that may show, where not all may; then pictures without faces do not.
    """
    census, faces = holdings.census, holdings.faces
    may = np.ones(len(faces), dtype=bool) if chosen is None else chosen
    standing, person, picture = census.standing, census.person, faces["picture"].astype(np.int64)
    known = np.isin(person, list(census.people))
    joined = with_people(holdings)
    asked = (standing == Standing.REVIEW) & known
    hidden = deleted(holdings, said, crops=crops)
    shown = may & ~hidden
    yield from _grouped(Kind.PEOPLE, np.flatnonzero(joined & shown), person, picture)
    yield from _grouped(Kind.REVIEW, np.flatnonzero(asked & shown), person, picture)
    nobody = np.full(len(faces), NOBODY)
    yield from _grouped(Kind.NOT_PEOPLE, np.flatnonzero((standing == Standing.NOT_PEOPLE) & shown), nobody, picture)
    alone = _alone(holdings, said, (joined | asked) & (not crops), hidden)
    yield from _grouped(Kind.UNSORTED, np.flatnonzero(alone & shown), nobody, picture)
    if chosen is None:
        yield from _faceless(holdings, said)


def deleted(holdings: Holdings, said: Said, *, crops: bool = False) -> Mask:
    """The faces whose pictures (crops) the user deleted from where they are to stand."""
    hidden = _marked(holdings, said.faces)
    if not crops:  # which stand each for their own face
        hidden |= with_people(holdings) & _put_away(holdings, said)
    return hidden


def hidden_of(holdings: Holdings, hidden: Mask) -> Mapping[int, int]:
    """Person -> how many of their faces are hidden; people of whom all is shown are left out."""
    return Counter(holdings.census.person[hidden & with_people(holdings)].tolist())


def with_people(holdings: Holdings) -> Mask:
    """The faces that are somebody's."""
    census = holdings.census
    found: Mask = np.isin(census.standing, SETTLED) & np.isin(census.person, list(census.people))
    return found


def _alone(holdings: Holdings, said: Said, somebodys: Mask, hidden: Mask) -> Mask:
    """Unsorted faces in whose pictures nobody else is somebody; with a deleted one, those that the user put there."""
    picture = holdings.faces["picture"]
    taken, deleted = np.zeros((2, len(holdings.pictures)), dtype=bool)
    taken[picture[somebodys & ~hidden]] = True
    deleted[picture[somebodys & hidden]] = True
    free = ~taken[picture] & (_marked(holdings, said.loose) | ~deleted[picture])
    found: Mask = free & (holdings.census.standing == Standing.UNSORTED)
    return found


def _put_away(holdings: Holdings, said: Said) -> Mask:
    """The faces whose pictures were deleted from the folders of their people."""
    hidden = np.zeros(len(holdings.faces), dtype=bool)
    by_picture: dict[int, list[int]] = {}
    for person, picture in said.folders:
        by_picture.setdefault(picture, []).append(person)
    concerned = np.flatnonzero(np.isin(holdings.faces["picture"], list(by_picture)))
    for row in concerned.tolist():
        hidden[row] |= holdings.census.person[row] in by_picture[int(holdings.faces["picture"][row])]
    return hidden


def _marked(holdings: Holdings, ids: Collection[int]) -> Mask:
    marked = np.zeros(len(holdings.faces), dtype=bool)
    rows = holdings.rows(sorted(ids))
    marked[rows[rows >= 0]] = True
    return marked


def _grouped(
    kind: Kind, rows: Rows, person: Int64[np.ndarray, " n"], picture: Int64[np.ndarray, " n"]
) -> Iterator[Spot]:
    """One spot for each (person, picture) among rows."""
    if not len(rows):
        return
    rows = rows[np.lexsort((rows, picture[rows], person[rows]))]
    who, what = person[rows], picture[rows]
    begins = np.flatnonzero(np.r_[True, (who[1:] != who[:-1]) | (what[1:] != what[:-1])])
    ends = [*begins[1:].tolist(), len(rows)]
    each = rows.tolist()
    for begin, end in zip(begins.tolist(), ends, strict=True):
        yield Spot(kind=kind, picture=int(what[begin]), faces=tuple(each[begin:end]), person=int(who[begin]))


def _faceless(holdings: Holdings, said: Said) -> Iterator[Spot]:
    """Pictures that could be looked at and have no face: where the user put them, else in no-face."""
    has = np.zeros(len(holdings.pictures), dtype=bool)
    has[holdings.faces["picture"]] = True
    for row in np.flatnonzero(~has).tolist():
        picture = holdings.pictures[row]
        spoken = said.pictures.get(picture.sha256)
        if picture.problem or (spoken is None and picture.sha256 in said.pictures):
            continue
        if spoken is None or (spoken.kind is Kind.PEOPLE and spoken.person not in holdings.census.people):
            yield Spot(kind=Kind.NO_FACE, picture=row)
        else:
            yield Spot(kind=spoken.kind, picture=row, person=spoken.person if spoken.kind is Kind.PEOPLE else NOBODY)
