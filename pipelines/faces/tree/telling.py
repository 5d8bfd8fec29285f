"""What the report of a collection says: gathered from what is in it and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.faces.people.words import Standing
from pipelines.faces.tree.arranging import Arrangement
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.places import Kind
from pipelines.faces.tree.portraits import Gathered, folders_of, gathered
from pipelines.faces.tree.report import Card, Page
from pipelines.faces.tree.sheets import thumbnail
from pipelines.faces.tree.wording import counted, with_hidden

_PEOPLE, _QUESTIONS, _FACES = 120, 40, 4
_PROBLEMS, _STRANGERS = 200, 50
_SIDE = 84
"""Pixels of a small face."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the report is told besides. facts: how it was made."""

    title: str
    warnings: tuple[str, ...]
    facts: Mapping[str, str]


def told(holdings: Holdings, found: Arrangement, more: Told) -> Page:
    """The page about the collection."""
    people = gathered(holdings, found.placed, Kind.PEOPLE)
    review = gathered(holdings, found.placed, Kind.REVIEW)
    problems = unreadable(holdings)
    strangers = found.now.strangers
    return Page(
        title=more.title,
        about=_about(holdings),
        counts=_counts(holdings, found),
        warnings=more.warnings,
        people=_cards(holdings, _some(people, _PEOPLE), folders_of(found.placed, Kind.PEOPLE), found.hidden),
        more_people=max(0, len(people) - _PEOPLE),
        review=_cards(holdings, _some(review, _QUESTIONS), folders_of(found.placed, Kind.REVIEW), {}),
        more_review=max(0, len(review) - _QUESTIONS),
        problems=tuple(problems[:_PROBLEMS]),
        more_problems=max(0, len(problems) - _PROBLEMS),
        strangers=strangers[:_STRANGERS],
        more_strangers=max(0, len(strangers) - _STRANGERS),
        facts=more.facts,
    )


def unreadable(holdings: Holdings) -> Sequence[tuple[str, str]]:
    """Pictures that could not be looked at, and why; without those that could be at another time."""
    fine = {picture.sha256 for picture in holdings.pictures if picture.problem is None}
    return [(p.path, p.problem) for p in holdings.pictures if p.problem is not None and p.sha256 not in fine]


def _about(holdings: Holdings) -> str:
    pictures = sum(picture.kind != "video" for picture in holdings.pictures)
    videos = len(holdings.pictures) - pictures
    parts = [counted(pictures, "picture")] + ([counted(videos, "video")] if videos else [])
    named = sum(person.name is not None for person in holdings.census.people.values())
    people = counted(len(holdings.census.people), "person", "people")
    return f"{' and '.join(parts)}, {counted(len(holdings.faces), 'face')}, {people}, {named:,} with a name"


def _counts(holdings: Holdings, found: Arrangement) -> Mapping[str, int]:
    standing = np.bincount(holdings.census.standing, minlength=len(Standing))
    no_face = sum(one.spot.kind is Kind.NO_FACE for one in found.placed)
    return {
        "people": len(holdings.census.people),
        "faces with people": int(standing[Standing.JOINED] + standing[Standing.PLACED]),
        **({"of them hidden": sum(found.hidden.values())} if found.hidden else {}),
        "in review": int(standing[Standing.REVIEW]),
        "unsorted": int(standing[Standing.UNSORTED]),
        "not people": int(standing[Standing.NOT_PEOPLE]),
        "pictures without a face": no_face,
        "could not be looked at": len(unreadable(holdings)),
    }


def _some(who: Gathered, most: int) -> Gathered:
    return dict(list(who.items())[:most])


def _cards(
    holdings: Holdings, who: Gathered, folders: Mapping[int, str], hidden: Mapping[int, int]
) -> tuple[Card, ...]:
    return tuple(
        Card(
            name=holdings.census.people[person].folder,
            about=with_hidden(counted(len(rows), "face"), hidden.get(person, 0)),
            link=folders[person],
            faces=tuple(_thumbnails(holdings, rows[:_FACES])),
        )
        for person, rows in who.items()
    )


def _thumbnails(holdings: Holdings, rows: Iterable[int]) -> Iterable[bytes]:
    return (thumbnail(holdings.chip(row), _SIDE) for row in rows)
