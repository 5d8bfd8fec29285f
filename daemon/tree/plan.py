"""The steps from what a tree holds to what is wanted, in the order in which they lose nothing at any point. Pure.

Folders are respelt; what stands in the way of others is set aside; what is wanted is moved or brought to its place;
what is wanted no more is removed; and folders that this has emptied go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from daemon.names import folded
from daemon.tree.disk import HELD, Disk
from daemon.tree.ground import Ground, Seen, ground
from daemon.tree.record import Put, Record
from daemon.tree.spelling import above, spell
from daemon.tree.steps import Bring, Drop, Hold, Plan
from daemon.tree.words import Entry, Found, Identity, Owner, Want, name_of


def plan(wants: Sequence[Want], disk: Disk, record: Record, seen: Seen | None, others: Container[str]) -> Plan:
    """The steps.

    disk: what is there. record: how we left it, settled. seen: what the stages were told (None: all). others: contents
    that are not in the tree, but at hand.
    """
    now = ground(disk, record, seen)
    here = {found.sha256 for found in (*disk.files.values(), *disk.held.values())}
    wants, asked, unknown = _sorted_out(_owned(wants, record), now, lambda digest: digest in here or digest in others)
    spelling = spell(wants, disk, now)
    given = dict(zip(spelling.paths, wants, strict=True))
    changed = (entry for entry in now.changed if (entry.leaf, entry.sha256) in asked)
    left = {entry.path: entry for entry in (*now.fresh.values(), *changed) if entry.path not in given}
    fates = _fates(given, spelling.disk, spelling.ground)
    leaving = {spelling.ground.mine[p].path: spelling.before.get(p, p) for p in (*fates.leaving, *spelling.before)}
    return Plan(
        respell=spelling.respell,
        holds=tuple(Hold(path=p, aside=a, identity=fates.files[p].identity) for p, a in fates.aside.items()),
        brings=tuple(_bring(given[path], path, fates) for path in fates.needed),
        drops=tuple(_drops(fates, spelling.ground)),
        empty=_emptied((*fates.leaving, *now.gone), given, spelling.disk.folders),
        stay={**left, **fates.stay},
        known=_known(fates, spelling.ground),
        leaving=leaving,
        respelt=tuple(_put(fates.stay[new], old) for new, old in spelling.before.items() if new in fates.stay),
        left=tuple(sorted(left)),
        unknown=tuple(sorted(unknown)),
        files={fates.aside.get(path, path): found for path, found in fates.files.items()},
    )


def _sorted_out(
    wants: Iterable[Want], now: Ground, is_at_hand: Callable[[str], bool]
) -> tuple[list[Want], set[tuple[str, str]], list[str]]:
    """What can be shown; what the user has taken into hand, by leaf and content; paths whose content nobody has."""
    can: list[Want] = []
    asked: set[tuple[str, str]] = set()
    unknown: list[str] = []
    left = now.left
    for want in wants:
        if (want.path, want.sha256) in left:
            asked.add((want.path, want.sha256))
        elif want.made is None and not is_at_hand(want.sha256):
            unknown.append(want.path)
        else:
            can.append(want)
    return can, asked, unknown


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
    ways = _in_the_way(needed, {path: found for path, found in files.items() if path not in stay}, now)
    made = {p for p, there in ways.items() if there == [p] and given[p].made is not None and not _is_users(p, now)}
    origins = _origins([path for path in needed if path not in made], given, leaving, files)
    out = sorted(path for target, there in ways.items() if target not in made for path in there)
    first = len(disk.held) + 1
    while any(path.startswith(f"{HELD}/{first}/") for path in disk.held):
        first += 1
    return _Fates(
        files=files,
        stay=stay,
        leaving=leaving,
        needed=needed,
        origins=origins,
        over=frozenset(made),
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


def _in_the_way(needed: Iterable[str], others: Mapping[str, Found], now: Ground) -> dict[str, list[str]]:
    """What has to go from each path that is needed: ours, under any spelling of it, and copies of ours just there."""
    mine: dict[str, list[str]] = defaultdict(list)
    for path in others:
        if path in now.mine:
            mine[folded(path)].append(path)
    ways: dict[str, list[str]] = {}
    for path in needed:
        is_copy = path in others and path not in now.mine and now.may_go(path, others[path])
        if there := [*mine[folded(path)], *([path] if is_copy else [])]:
            ways[path] = there
    return ways


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
    used = {folder for path in given for folder in above(path)}
    emptied = {folder for path in left for folder in above(path)} & folders
    return tuple(sorted(emptied - used, key=lambda folder: (-folder.count("/"), folder)))


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
