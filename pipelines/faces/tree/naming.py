"""Under which name each picture stands: the one it has in the tree already, else its own, or one beside it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipelines.faces.people.words import NOBODY
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.names import fold, folders, free, parted, safe
from pipelines.faces.tree.places import Kind
from pipelines.faces.tree.sights import Sights
from pipelines.faces.tree.wanted import Spot

SHEET = "contact-sheet.jpg"
"""Stands in every person's folder, so that no picture is called so."""
_COUNTED = re.compile(r" \([0-9]+\)$")
_EITHER = {Kind.NOT_PEOPLE: Kind.NO_FACE, Kind.NO_FACE: Kind.NOT_PEOPLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A spot with its path in the tree. crop: it is the crop of its one face, not the picture."""

    path: str
    spot: Spot
    crop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """The names that things have now. users: folder -> name -> content (None: unknown) of files that are not ours."""

    there: Mapping[tuple[str, int], str]
    person: Mapping[tuple[Kind, int, int], str]
    content: Mapping[int, str]
    users: Mapping[str, Mapping[str, int | None]]


def placed(holdings: Holdings, spots: Iterable[Spot], now: Sights, *, crops: bool) -> list[Placed]:
    """Every spot with its path, folder by folder.

    A file keeps the name and the folder within the person's that it has now, whoever gave them; a new one is called as
    it was dropped, made safe. Where two want one name, that which has it keeps it, then the elder gets it.
    crops: faces stand there as their crops, one each.
    """
    called = folders(holdings.census.people.values())
    held = _held(now)
    by_folder: dict[str, list[Spot]] = {}
    for spot in spots:
        for one in _each(spot) if crops else (spot,):
            kind = _by_hand(one, held, crops=crops)
            folder = f"{kind}/{called[one.person]}" if one.person != NOBODY else str(kind)
            by_folder.setdefault(folder, []).append(one if kind is one.kind else replace(one, kind=kind))
    return [one for folder, each in by_folder.items() for one in _named(holdings, folder, each, held, crops)]


def _each(spot: Spot) -> Iterator[Spot]:
    yield from (replace(spot, faces=(face,)) for face in spot.faces) if spot.faces else (spot,)


def _content(spot: Spot, *, crops: bool) -> int:
    """As of a Sight."""
    return ~spot.faces[0] if crops and spot.faces else spot.picture


def _by_hand(spot: Spot, held: _Held, *, crops: bool) -> Kind:
    """The kind, but of not-people and no-face the one where the user keeps it."""
    other = _EITHER.get(spot.kind)
    what = _content(spot, crops=crops)
    return other if other and (other, what) in held.there and (spot.kind, what) not in held.there else spot.kind


def _held(now: Sights) -> _Held:
    there: dict[tuple[str, int], str] = {}
    person: dict[tuple[Kind, int, int], str] = {}
    content: dict[int, str] = {}
    for sight in sorted(now.known, key=lambda s: s.moved):
        where = sight.now
        if where is None or where.kind in (Kind.VIEW, Kind.ELSEWHERE):
            continue
        folder = f"{where.kind}/{where.folder}" if where.folder else str(where.kind)
        there.setdefault((fold(folder), sight.content), where.rest)
        if sight.person is not None:
            person.setdefault((where.kind, sight.person, sight.content), where.rest)
        content.setdefault(sight.content, where.rest.rpartition("/")[2])
    return _Held(there=there, person=person, content=content, users=_users(now))


def _users(now: Sights) -> Mapping[str, Mapping[str, int | None]]:
    put: dict[str, int | None] = dict.fromkeys(now.strangers)
    put.update((sight.path, sight.content) for sight in now.known if sight.was is None)
    found: dict[str, dict[str, int | None]] = {}
    for path, content in put.items():
        parts = path.split("/")
        for depth in (1, 2):
            found.setdefault(fold("/".join(parts[:depth])), {})[fold("/".join(parts[depth:]))] = content
    return found


def _named(holdings: Holdings, folder: str, spots: list[Spot], held: _Held, crops: bool) -> Iterator[Placed]:
    ranked = []
    folder_key = fold(folder)
    for spot in spots:
        rank, rest = _kept(spot, folder_key, held, _content(spot, crops=crops))
        own = "" if rest else _own(holdings, spot, crops=crops)
        rest = rest or _given(own, held.content.get(_content(spot, crops=crops)))
        ranked.append((rank, spot.picture, spot.faces, rest, spot))
    users = held.users.get(folder_key, {})
    taken = {SHEET, *users}
    for _, _, _, rest, spot in sorted(ranked, key=lambda r: r[:3]):
        mine = users.get(fold(rest)) == _content(spot, crops=crops)
        name = rest if mine else free(rest, taken)
        taken.add(fold(name))
        yield Placed(path=f"{folder}/{name}", spot=spot, crop=crops and bool(spot.faces))


def _kept(spot: Spot, folder_key: str, held: _Held, what: int) -> tuple[int, str]:
    """The name under which it stands with this person, and how strong its claim is (0: the strongest); none if not."""
    if rest := held.there.get((folder_key, what)):
        return 0, rest
    return (1, rest) if (rest := held.person.get((spot.kind, spot.person, what), "")) else (2, "")


def _given(own: str, elsewhere: str | None) -> str:
    """The name that the user gave it where it stands elsewhere, else its own."""
    if elsewhere is None:
        return own
    stem, suffix = parted(elsewhere)
    return own if (_COUNTED.sub("", stem), suffix) == parted(own) else safe(elsewhere)


def _own(holdings: Holdings, spot: Spot, *, crops: bool) -> str:
    """The name under which the picture was dropped; of a crop from a video with its time."""
    name = safe(holdings.pictures[spot.picture].path.rpartition("/")[2])
    if not (crops and spot.faces):
        return name
    time = float(holdings.faces["time"][spot.faces[0]])
    stem = parted(name)[0]
    return f"{stem}.jpg" if time != time else f"{stem} {_clock(time)}.jpg"  # noqa: PLR0124  only NaN differs from itself


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 10), 600)
    return f"{minutes // 60:02}-{minutes % 60:02}-{rest // 10:02}.{rest % 10}"
