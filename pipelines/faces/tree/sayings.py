"""Single things that the tree says, and the decisions that they come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.faces.people.words import Decision, Verb
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.names import meant, number_of

_ORDER = (Verb.HIDE, Verb.REJECT, Verb.NOT_PEOPLE, Verb.PLACE, Verb.SPLIT)
"""In which they are said, so that where a face was last put is what holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """Something said of faces (ids), or of pictures without any (SHA-256). new: the new folder of a split, as spelt."""

    verb: Verb
    person: int | None = None
    new: str = ""
    faces: tuple[int, ...] = ()
    pictures: tuple[str, ...] = ()


def saying(holdings: Holdings, verb: Verb, picture: int, faces: Sequence[int], person: int | None = None) -> Saying:
    """It, said of these faces (rows), or of the picture (its row) if there are none."""
    if len(faces):
        return Saying(verb=verb, person=person, faces=tuple(holdings.faces["id"][list(faces)].tolist()))
    return Saying(verb=verb, person=person, pictures=(holdings.pictures[picture].sha256,))


def decided(sayings: Iterable[Saying], at: float) -> tuple[Decision, ...]:
    """One decision for all of a kind, in the order in which they must be heard; not numbered yet."""
    grouped: dict[tuple[int, int, str], list[Saying]] = {}
    for one in sayings:
        key = (_ORDER.index(one.verb), -1 if one.person is None else one.person, one.new)
        grouped.setdefault(key, []).append(one)
    return tuple(_together(grouped[key], at) for key in sorted(grouped))


def said_by_tree(verb: Verb, at: float, **more: object) -> Decision:
    """A decision of the tree that has no number yet."""
    return Decision(number=0, batch=0, at=at, by="tree", verb=verb, **more)  # type: ignore[arg-type]


def _together(each: Sequence[Saying], at: float) -> Decision:
    name = meant(each[0].new)
    return said_by_tree(
        each[0].verb,
        at,
        person=each[0].person,
        faces=tuple(sorted({face for one in each for face in one.faces})),
        pictures=tuple(sorted({picture for one in each for picture in one.pictures})),
        name=name if name and number_of(name) is None else None,
    )
