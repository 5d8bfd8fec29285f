"""The lines of ``tree.jsonl`` for pictures and crops."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pipelines.contract import Leaf, Place
from pipelines.faces.people.words import NOBODY
from pipelines.faces.tree.arranging import Arrangement
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.naming import Placed
from pipelines.faces.tree.places import YOURS, Kind, Tag


def tag_of(holdings: Holdings, one: Placed) -> Tag:
    """What we are to remember of it."""
    person = None if one.spot.person == NOBODY else one.spot.person
    return Tag(faces=tuple(holdings.faces["id"][list(one.spot.faces)].tolist()), person=person, crop=one.crop)


def leaves(
    holdings: Holdings, each: Iterable[Placed], place: Place, crop: Callable[[int], tuple[str | None, str | None]]
) -> Iterator[Leaf]:
    """A leaf for each. crop: row of a face -> SHA-256 of its crop where the tree has it, else the file of it."""
    for one in each:
        tag = str(tag_of(holdings, one))
        if one.crop:
            sha256, file = crop(one.spot.faces[0])
            yield Leaf(path=one.path, sha256=sha256, file=file, place=place, tag=tag)
        else:
            yield Leaf(path=one.path, sha256=holdings.pictures[one.spot.picture].sha256, place=place, tag=tag)


def elsewhere(found: Arrangement) -> Iterator[Leaf]:
    """Pictures that the user took to places of their own stay there, and so do copies of people's folders."""
    for path, sha256 in sorted(found.yours.items()):
        yield Leaf(path=path, sha256=sha256, tag=YOURS)
    for sight in found.now.known:
        mine = sight.was is not None and sight.picture >= 0
        if mine and sight.now is not None and sight.now.kind is Kind.ELSEWHERE:
            yield Leaf(path=sight.path, sha256=sight.line.sha256, tag=sight.line.tag)
