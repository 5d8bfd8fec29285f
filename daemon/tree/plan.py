"""The steps from what a tree holds to what is wanted, in the order in which they lose nothing at any point. Pure.

Folders are respelt; what stands in the way of others is set aside; what is wanted is moved or brought to its place;
what is wanted no more is removed; and folders that this has emptied go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from daemon.names import folded
from daemon.tree.disk import HELD, Disk
from daemon.tree.ground import Ground, Seen, ground
from daemon.tree.record import Put, Record
from daemon.tree.spelling import spell
from daemon.tree.steps import Bring, Drop, Hold, Plan
from daemon.tree.words import Entry, Found, Identity, Owner, Want, folder_of, name_of


def plan(wants: Sequence[Want], disk: Disk, record: Record, seen: Seen | None, others: Container[str]) -> Plan:
    """The steps.

    disk: what is there. record: how we left it, settled. seen: what the stages were told (None: all). others: contents
    that are not in the tree, but at hand.
    """
    now = ground(disk, record, seen)
    wants = _owned(wants, record)
    spelling = spell(wants, disk, now)
    given = {path: want for want, path in zip(wants, spelling.paths, strict=True) if path is not None}
    asked = {want.path for want, path in zip(wants, spelling.paths, strict=True) if path is None}
    changed = (entry for leaf, entry in now.changed.items() if leaf in asked)
    left = {entry.path: entry for entry in (*now.fresh.values(), *changed)}
    here = {found.sha256 for found in (*disk.files.values(), *disk.held.values())}
    unknown = {
        path: want
        for path, want in given.items()
        if want.made is None and want.sha256 not in here and want.sha256 not in others
    }
    given = {path: want for path, want in given.items() if path not in unknown}
    fates = _fates(given, spelling.disk, spelling.ground)
    leaving = {spelling.before.get(path, path) for path in fates.leaving} | set(spelling.before.values())
    return Plan(
        respell=spelling.respell,
        holds=tuple(Hold(path=p, aside=a, identity=fates.files[p].identity) for p, a in fates.aside.items()),
        brings=tuple(_bring(given[path], path, fates) for path in fates.needed),
        drops=tuple(_drops(fates, spelling.ground)),
        empty=_emptied((*fates.leaving, *now.gone), given, spelling.disk.folders),
        stay={**left, **fates.stay},
        known=_known(fates, spelling.ground),
        leaving=frozenset(leaving),
        respelt=tuple(_put(fates.stay[new], old) for new, old in spelling.before.items() if new in fates.stay),
        left=tuple(sorted(left)),
        unknown=tuple(sorted(unknown)),
    )


def _owned(wants: Sequence[Want], record: Record) -> Sequence[Want]:
    """The same; what a stage asks for by its hash, and made itself earlier, is not a user's."""
    made = {entry.sha256 for entry in record.entries.values() if entry.owner is Owner.STAGE}
    made -= {entry.sha256 for entry in record.entries.values() if entry.owner is Owner.USER}
    return [
        replace(want, owner=Owner.STAGE) if want.owner is Owner.USER and want.sha256 in made else want for want in wants
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fates:
    """What becomes of each file.

    stay: what stands where it is wanted, as it will be recorded. leaving: what is ours and does not. needed: paths that
    are still to be filled. origins: of these, from where. over: those that are filled by replacing what is there.
    aside: what has to be out of the way before -> where it is meanwhile.
    """

    files: Mapping[str, Found]
    stay: Mapping[str, Entry]
    leaving: tuple[str, ...]
    needed: tuple[str, ...]
    origins: Mapping[str, str]
    over: frozenset[str]
    aside: Mapping[str, str]


def _fates(given: Mapping[str, Want], disk: Disk, now: Ground) -> _Fates:
    files = {**disk.files, **disk.held}
    stay = {
        path: _entry(want, path, files[path].identity)
        for path, want in given.items()
        if path in files and files[path].sha256 == want.sha256
    }
    leaving = tuple(path for path in now.mine if path not in stay)
    needed = tuple(sorted(given.keys() - stay.keys()))
    origins = _origins(needed, given, leaving, files)
    ways = _in_the_way(needed, [path for path in files if path not in stay])
    moved = set(origins.values())
    over = {p for p, there in ways.items() if there == [p] and p not in moved and not _is_users(p, now)}
    out = sorted(path for target, there in ways.items() if target not in over for path in there)
    first = len(disk.held) + 1
    while any(path.startswith(f"{HELD}/{first}/") for path in disk.held):
        first += 1
    return _Fates(
        files=files,
        stay=stay,
        leaving=leaving,
        needed=needed,
        origins=origins,
        over=frozenset(over),
        aside={path: f"{HELD}/{first + i}/{name_of(path)}" for i, path in enumerate(out)},
    )


def _is_users(path: str, now: Ground) -> bool:
    return path in now.mine and now.mine[path].owner is Owner.USER


def _origins(
    needed: Iterable[str], given: Mapping[str, Want], leaving: Iterable[str], files: Mapping[str, Found]
) -> dict[str, str]:
    """From where each path can be filled by a move, each file once, rather one of the same name."""
    pool: dict[str, list[str]] = defaultdict(list)
    for path in sorted(leaving, reverse=True):
        pool[files[path].sha256].append(path)
    origins: dict[str, str] = {}
    for same_name in (True, False):
        for path in needed:
            left = pool.get(given[path].sha256, [])
            fits = [old for old in left if not same_name or name_of(old) == name_of(path)]
            if path not in origins and fits:
                origins[path] = fits[-1]
                left.remove(fits[-1])
    return origins


def _in_the_way(needed: Iterable[str], others: Iterable[str]) -> dict[str, list[str]]:
    """What is at each path that is needed, or under a name that some file system takes for it."""
    there: dict[str, list[str]] = defaultdict(list)
    for path in others:
        there[folded(path)].append(path)
    return {path: found for path in needed if (found := there.get(folded(path)))}


def _bring(want: Want, path: str, fates: _Fates) -> Bring:
    origin = fates.origins.get(path)
    return Bring(
        put=_put(_entry(want, path, Identity(0, 0, 0)), fates.aside.get(origin, origin) if origin else None),
        place=want.place,
        made=want.made,
        origin=fates.files[origin].identity if origin else None,
        over=fates.files[path].identity if path in fates.over else None,
    )


def _drops(fates: _Fates, now: Ground) -> Iterable[Drop]:
    """What is wanted nowhere: of ours, and of copies of ours that stand in the way."""
    gone = dict.fromkeys((*fates.leaving, *fates.aside))
    moved = set(fates.origins.values())
    for path in gone:
        if path not in moved and path not in fates.over:
            found = fates.files[path]
            yield Drop(
                path=fates.aside.get(path, path),
                name=name_of(path) if path.startswith(f"{HELD}/") else path,
                identity=found.identity,
                sha256=found.sha256,
                owner=now.mine[path].owner if path in now.mine else Owner.STAGE,
            )


def _emptied(left: Iterable[str], given: Iterable[str], folders: frozenset[str]) -> tuple[str, ...]:
    used = {folder for path in given for folder in _above(path)}
    emptied = {folder for path in left for folder in _above(path)} & folders
    return tuple(sorted(emptied - used, key=lambda folder: (-folder.count("/"), folder)))


def _above(path: str) -> Iterable[str]:
    while path := folder_of(path):
        yield path


def _known(fates: _Fates, now: Ground) -> dict[Identity, str]:
    return {
        found.identity: found.sha256
        for path, found in fates.files.items()
        if path not in fates.stay and path not in now.mine and path not in fates.aside and path not in fates.over
    }


def _entry(want: Want, path: str, identity: Identity) -> Entry:
    return Entry(path=path, identity=identity, sha256=want.sha256, leaf=want.path, tag=want.tag, owner=want.owner)


def _put(entry: Entry, origin: str | None) -> Put:
    return Put(path=entry.path, sha256=entry.sha256, leaf=entry.leaf, tag=entry.tag, owner=entry.owner, origin=origin)
