"""The words about people: who there is, what was said about them, and where each face stands.

A face is known for ever by its id (``columns.FACE``), a person by a number that is never given twice; ``person-0012``
is the person 12 without a name. What a user says is kept as decisions, in order; all else follows from them and
from the embeddings.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from jaxtyping import Float, Int8, Int32


class Verb(StrEnum):
    """What a user may say."""

    NAME = "name"  # person is called name (None: has no name any more); this alone never merges
    PLACE = "place"  # faces are person's, and stay there
    REJECT = "reject"  # faces are not person's (None: are people again whom nobody has placed: out of not-people)
    NOT_PEOPLE = "not people"  # faces are no people, or nobody to be sorted; person: who has no others (None: several)
    MERGE = "merge"  # others are person; person keeps its name, or takes theirs where it has none
    SPLIT = "split"  # faces are person, who is new (None: not numbered yet), called name, and stay there
    HIDE = "hide"  # the pictures of faces are not shown in person's folder (None: nowhere) any more: they were deleted
    FORGET = "forget"  # person and all its faces are gone for good; faces are kept in no decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Something that a user said. Those of one moment (one look at the tree, one command) share ``batch``.

    at: wall clock, seconds. by: "tree" or "command". faces: ids. others: people. pictures: SHA-256 of pictures in which
    no face was found, of which the same is said. undone: taken back since.
    """

    number: int
    batch: int
    at: float
    by: str
    verb: Verb
    person: int | None = None
    faces: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    name: str | None = None
    pictures: tuple[str, ...] = ()
    undone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody. name: as the user gave it; None: nobody did. born: the revision in which this person first was."""

    number: int
    born: int
    name: str | None = None

    @property
    def folder(self) -> str:
        """What the person's folder is called (still to be made safe for file systems)."""
        return self.name or f"person-{self.number:04}"


class Standing(IntEnum):
    """Where a face stands."""

    UNSORTED = 0  # with nobody: alone, too few, or of too little quality
    JOINED = 1  # with its person, by similarity
    PLACED = 2  # with its person, because the user said so
    REVIEW = 3  # perhaps its person: the user is asked
    NOT_PEOPLE = 4  # the user said so


NOBODY = -1
"""Stands for no person."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Census:
    """Who everybody is. Rows are those of the gallery.

    person: number of each face's person (of REVIEW: who it perhaps is; NOBODY: of nobody). standing: a Standing.
    cluster: which faces were found to be one, from 0, whatever is shown of it. similarity: mean cosine similarity to
    the other faces of its person; NaN where there are none.
    """

    people: Mapping[int, Person]
    person: Int32[np.ndarray, " n"]
    standing: Int8[np.ndarray, " n"]
    cluster: Int32[np.ndarray, " n"]
    similarity: Float[np.ndarray, " n"]
