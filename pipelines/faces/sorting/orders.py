"""Commands about people become decisions, as if the user had moved folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from pipelines.contract import BadInput, Shown
from pipelines.faces.gallery import Gallery
from pipelines.faces.people.heirs import SETTLED
from pipelines.faces.people.said import Said, replayed
from pipelines.faces.people.words import Decision, Person, Verb
from pipelines.faces.sorting.people_asked import called, meant, person_number, present
from pipelines.faces.tree.places import Kind, read_tag, where

_FORBIDDEN = frozenset('/\\:*?"<>|')
_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command. at: wall clock, seconds. shown: the tree as the user sees it."""

    command: str
    arguments: Mapping[str, Any]
    at: float
    shown: tuple[Shown, ...] = ()

    def text(self, name: str) -> str:
        """An argument, without blanks around it; empty where it was not given."""
        return str(self.arguments.get(name) or "").strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """An argument of several."""
        return tuple(str(one) for one in self.arguments.get(name) or ())

    def said(self, verb: Verb, **what: Any) -> Decision:
        """The decision; its numbers are given when it is heard."""
        return Decision(number=0, batch=0, at=self.at, by="command", verb=verb, **what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The people whom a command can be about."""

    people: Mapping[int, Person]
    said: Said

    def meant(self, text: str) -> Person:
        """The person of that name or id. Raises BadInput."""
        return meant(text, self.people, self.said)


def decided(order: Order, gallery: Gallery) -> tuple[tuple[Decision, ...], str]:
    """What was said by a command that names, merges or splits, and the answer to it. Raises BadInput."""
    said = replayed(gallery.decisions)
    there = Present(people=present(gallery.census, said), said=said)
    match order.command:
        case "people rename":
            return _renamed(order, there)
        case "people merge":
            return _merged(order, there)
        case _:
            return _split(order, there, gallery)


def _renamed(order: Order, there: Present) -> tuple[tuple[Decision, ...], str]:
    person = there.meant(order.text("person"))
    name = checked_name(order.text("name"), person)
    if name is None:
        unnamed = Person(number=person.number, born=person.born).folder
        return (order.said(Verb.NAME, person=person.number),), f"{person.folder} has no name any more: {unnamed}."
    other = called(name, there.people)
    if other is not None and other.number != person.number:
        raise BadInput(
            f"There is already somebody called {other.folder}. If they are one person, type: visaged people merge "
            f'"{other.folder}" "{person.folder}"'
        )
    if name == person.name:
        return (), f"{person.folder} is called so already."
    return (order.said(Verb.NAME, person=person.number, name=name),), f"{person.folder} is now called {name}."


def _merged(order: Order, there: Present) -> tuple[tuple[Decision, ...], str]:
    people = list(dict.fromkeys(there.meant(text).number for text in order.texts("people")))
    if len(people) < 2:  # noqa: PLR2004  it takes two
        raise BadInput("To merge takes at least two different people. `visaged people list` shows all.")
    first, *others = (there.people[number] for number in people)
    name = first.name or next((p.name for p in others if p.name), first.folder)
    decision = order.said(Verb.MERGE, person=first.number, others=tuple(p.number for p in others))
    return (decision,), f"{', '.join(p.folder for p in others)} and {first.folder} are now one person: {name}."


def _split(order: Order, there: Present, gallery: Gallery) -> tuple[tuple[Decision, ...], str]:
    person = there.meant(order.text("person"))
    name = checked_name(order.text("name"), None) if order.text("name") else None
    other = called(name, there.people) if name else None
    if other is not None:
        raise BadInput(
            f"There is already somebody called {other.folder}. Move the files into the folder of {other.folder}, or "
            "give the new person another name."
        )
    mine = gallery.census.person == person.number
    mine &= np.isin(gallery.census.standing, SETTLED)
    faces = _faces_of(order, gallery, person, frozenset(gallery.ids[mine].tolist()))
    if len(faces) == mine.sum():
        raise BadInput(f"These are all files of {person.folder}. To give them a name, use `visaged people rename`.")
    decision = order.said(Verb.SPLIT, faces=faces, name=name)
    files = "1 face" if len(faces) == 1 else f"{len(faces)} faces"
    return (decision,), f"{files} of {person.folder} are now somebody new{f': {name}' if name else ''}."


def _faces_of(order: Order, gallery: Gallery, person: Person, mine: frozenset[int]) -> tuple[int, ...]:
    """The person's faces in the files that are named."""
    by_file = _by_file(order.shown, mine) or _by_picture(gallery, mine)
    found: set[int] = set()
    for text in order.texts("files"):
        wanted = PurePosixPath(text).name
        faces = by_file.get(wanted) or by_file.get(wanted.casefold())
        if not faces:
            some = ", ".join(sorted(name for name in by_file if name != name.casefold() or name.islower())[:5])
            raise BadInput(f'{person.folder} has no file "{text}". Files are called as in the folder, such as: {some}.')
        found |= faces
    return tuple(sorted(found))


def _by_file(shown: Iterable[Shown], mine: frozenset[int]) -> dict[str, set[int]]:
    """Name of a file in a person's folder -> faces for which it stands there, also by its name in small letters."""
    found: dict[str, set[int]] = {}
    for file in shown:
        tag = read_tag(file.tag)
        path = PurePosixPath(file.path)
        if tag is not None and file.path and where(file.path).kind is Kind.PEOPLE:
            faces = mine.intersection(tag.faces)
            for name in {path.name, path.name.casefold()} if faces else ():
                found.setdefault(name, set()).update(faces)
    return found


def _by_picture(gallery: Gallery, mine: frozenset[int]) -> dict[str, set[int]]:
    """The same by the names with which pictures were dropped, for a tree that is not there."""
    found: dict[str, set[int]] = {}
    for row in np.flatnonzero(np.isin(gallery.ids, list(mine))).tolist():
        name = PurePosixPath(gallery.pictures[int(gallery.faces["picture"][row])].path).name
        for one in (name, name.casefold()):
            found.setdefault(one, set()).add(int(gallery.ids[row]))
    return found


def checked_name(name: str, person: Person | None) -> str | None:
    """The name that a folder can have; None: it is the person's id, so it has none. Raises BadInput."""
    number = person_number(name)
    if number is not None and person is not None and number == person.number:
        return None
    if number is not None:
        raise BadInput(f'"{name}" is an id and cannot be a name. Take another one.')
    bad = sorted({c for c in name if c in _FORBIDDEN or ord(c) < ord(" ")})
    if not name or bad or name.strip(". ") != name or len(name) > _LONGEST:
        raise BadInput(
            f'"{name}" cannot be the name of a folder on every computer. Leave out / \\ : * ? " < > | and dots at its '
            f"ends, and write 1 to {_LONGEST} letters."
        )
    return name
