"""Whom the user means: a name in any case, or an id like person-0012, becomes a person."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pipelines.contract import BadInput
from pipelines.faces.people.said import Said
from pipelines.faces.people.words import Census, Person

_ID = re.compile(r"(?:person-|#)0*([0-9]+)", re.IGNORECASE)
_MANY = 5
"""People that are named in a message."""


def folded(name: str) -> str:
    """The name without what people do not mean by it: case, blanks at its ends, ways to write an accent."""
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def person_number(text: str) -> int | None:
    """The number in "person-0012", or None where it is no such id."""
    found = _ID.fullmatch(text.strip())
    return int(found[1]) if found else None


def present(census: Census, said: Said) -> dict[int, Person]:
    """The people of the census, as they are called after all that was said since."""
    there = {number: person for number, person in census.people.items() if number not in said.merged}
    return {number: replace(person, name=said.names.get(number)) for number, person in there.items()}


def meant(text: str, people: Mapping[int, Person], said: Said) -> Person:
    """The person of that name or id. Raises BadInput where there is none, or more than one."""
    number = person_number(text)
    if number is not None and said.now(number) in people:
        return people[said.now(number)]
    called = [person for person in people.values() if person.name and folded(person.name) == folded(text)]
    exact = [person for person in called if person.name == text.strip()]
    match exact or called:
        case [person]:
            return person
        case []:
            raise BadInput(f'There is nobody called "{text}" in this collection.{_near(text, people.values())}')
        case several:
            ids = ", ".join(f"person-{person.number:04}" for person in several)
            raise BadInput(f'Several people are called "{text}". Say which one by its id: {ids}.')


def called(name: str, people: Mapping[int, Person]) -> Person | None:
    """Who has that name already, however it is written; the oldest of several."""
    found = (p for p in people.values() if p.name and folded(p.name) == folded(name))
    return min(found, key=lambda person: person.number, default=None)


def _near(text: str, people: Iterable[Person]) -> str:
    by_name = {folded(person.folder): person.folder for person in people}
    near = difflib.get_close_matches(folded(text), by_name, n=_MANY, cutoff=0.6)
    named = [by_name[name] for name in near]
    hint = f" Did you mean {' or '.join(named)}?" if named else ""
    return f"{hint} `visaged people list` shows all."
