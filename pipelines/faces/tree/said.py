"""What users said that concerns the tree alone: what is hidden, and where pictures without a face stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.faces.people.said import replayed
from pipelines.faces.people.words import NOBODY, Decision, Verb
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.places import Kind

_PLACES = {
    Verb.PLACE: Kind.PEOPLE,
    Verb.SPLIT: Kind.PEOPLE,
    Verb.NOT_PEOPLE: Kind.NOT_PEOPLE,
    Verb.REJECT: Kind.UNSORTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Where a picture without a face is to stand. person: NOBODY where it is no person's."""

    kind: Kind
    person: int = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What holds after all decisions.

    faces: ids whose pictures are not shown for their sake. folders: (person, picture's row) that are not shown there.
    loose: ids that the user took away from somebody, to be shown among the unsorted. pictures: SHA-256 of a picture
    without a face -> where it stands; None: nowhere.
    """

    faces: frozenset[int]
    folders: frozenset[tuple[int, int]]
    loose: frozenset[int]
    pictures: Mapping[str, Spoken | None]


def said(holdings: Holdings) -> Said:
    """What the decisions come to, the later over the earlier; those taken back do not count."""
    decisions = [d for d in holdings.decisions if not d.undone and d.verb not in (Verb.NAME, Verb.MERGE, Verb.FORGET)]
    now = replayed(holdings.decisions).now
    pictures_of = _pictures_of(holdings, decisions)
    faces: set[int] = set()
    folders: set[tuple[int, int]] = set()
    loose: set[int] = set()
    pictures: dict[str, Spoken | None] = {}
    for one in decisions:
        person = NOBODY if one.person is None else now(one.person)
        loose = loose | set(one.faces) if one.verb is Verb.REJECT else loose - set(one.faces)
        there = {(person, pictures_of[face]) for face in one.faces if face in pictures_of}
        if one.verb is Verb.HIDE:
            faces |= set(one.faces)
            folders |= there if one.person is not None else set()
            pictures.update(dict.fromkeys(one.pictures))
        else:
            faces -= set(one.faces)
            folders -= there
            pictures.update(dict.fromkeys(one.pictures, Spoken(kind=_PLACES[one.verb], person=person)))
    return Said(faces=frozenset(faces), folders=frozenset(folders), loose=frozenset(loose), pictures=pictures)


def _pictures_of(holdings: Holdings, decisions: Sequence[Decision]) -> Mapping[int, int]:
    ids = sorted({face for one in decisions for face in one.faces})
    rows = holdings.rows(ids)
    here = rows >= 0
    pictures = holdings.faces["picture"][rows[here]].tolist()
    return dict(zip(np.asarray(ids, dtype=np.int64)[here].tolist(), pictures, strict=True))
