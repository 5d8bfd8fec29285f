"""Which faces stand for whom: the best of each person, on sheets and in the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.naming import SHEET, Placed
from pipelines.faces.tree.places import Kind
from pipelines.faces.tree.sheets import Portrait, Sheet, of_everybody, of_person
from pipelines.faces.tree.wording import counted, with_hidden

Gathered = Mapping[int, Sequence[int]]
"""Person -> rows of faces, the best first; those with most faces first."""


def gathered(holdings: Holdings, placed: Iterable[Placed], kind: Kind) -> Gathered:
    """The faces that stand in the people's folders of that kind."""
    found: dict[int, list[int]] = {}
    for one in placed:
        if one.spot.kind is kind:
            found.setdefault(one.spot.person, []).extend(one.spot.faces)
    best = {
        who: sorted(rows, key=lambda row: (-float(holdings.faces["quality"][row]), row)) for who, rows in found.items()
    }
    return dict(sorted(best.items(), key=lambda item: (-len(item[1]), item[0])))


def folders_of(placed: Iterable[Placed], kind: Kind) -> Mapping[int, str]:
    """Person -> the path of the folder."""
    return {one.spot.person: "/".join(one.path.split("/")[:2]) for one in placed if one.spot.kind is kind}


def person_sheets(
    holdings: Holdings, people: Gathered, folders: Mapping[int, str], hidden: Mapping[int, int]
) -> Iterator[Sheet]:
    """The sheet of each person that has faces. hidden: person -> how many of their faces are not shown."""
    for who, rows in people.items():
        if rows:
            faces = [(row, int(holdings.faces["id"][row])) for row in rows]
            pictures = len({int(holdings.faces["picture"][row]) for row in rows})
            name = holdings.census.people[who].folder
            yield of_person(f"{folders[who]}/{SHEET}", name, pictures, faces, hidden.get(who, 0))


def everybody(holdings: Holdings, title: str, people: Gathered, hidden: Mapping[int, int]) -> list[Sheet]:
    """The pages of all people, the most frequent first. hidden: person -> how many of their faces are not shown."""
    each = [(who, rows) for who, rows in people.items() if rows]
    portraits = [
        Portrait(
            face=rows[0],
            id=int(holdings.faces["id"][rows[0]]),
            name=holdings.census.people[who].folder,
            count=len(rows),
            hidden=hidden.get(who, 0),
        )
        for who, rows in each
    ]
    faces = sum(portrait.count for portrait in portraits)
    shown = with_hidden(counted(faces, "face"), sum(hidden.values()))
    about = f"{counted(len(each), 'person', 'people')}, {shown}"
    return of_everybody(title, about, portraits, lambda n: SHEET if n == 1 else f"contact-sheet-{n}.jpg")
