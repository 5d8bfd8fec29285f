"""Which files belong together: what a scan saw, taken apart into candidates for items. Pure.

Every file that a scan saw is in exactly one candidate.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from daemon.manifest import beside, is_manifest
from daemon.model import Manifest, Seen
from daemon.watch.claims import Claims, final_stem, name_of
from daemon.watch.homes import Household, homes
from daemon.watch.members import archive_stem
from pipelines.contract import Loose, Pipeline

DEFAULT_KEY = "default"

NOTES = ("WHY.txt",)
"""What the daemon leaves in a folder that failed."""

Lanes = Mapping[str, Pipeline]
ReadManifest = Callable[[Seen], Manifest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What may become an Arrival, with its fields. files: in the order of their paths.

    ident: stays the same while files come and go. sidecars: its manifests (there should be one at most).
    """

    ident: str
    lane: str | None
    key: str | None
    name: str
    tops: tuple[str, ...]
    files: tuple[Seen, ...]
    folder: bool = False
    archive: bool = False
    sidecars: tuple[Seen, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Place:
    """A folder that items are dropped into. prefix: its path with a slash, or empty."""

    lane: str | None
    key: str | None
    prefix: str
    pipelines: tuple[Pipeline, ...]
    folders: dict[str, list[Seen]] = field(default_factory=dict)
    loose: list[Seen] = field(default_factory=list)

    def key_for(self, name: str) -> str | None:
        """The key of something loose here of that name."""
        if self.lane is None or self.key is not None or not self.pipelines[0].keyed:
            return self.key
        return DEFAULT_KEY if self.pipelines[0].loose is Loose.TOGETHER else name


def group(
    files: Iterable[Seen], lanes: Lanes, read: ReadManifest, apart: frozenset[str] = frozenset()
) -> tuple[Candidate, ...]:
    """Every file in exactly one candidate, in the order of their places and paths.

    lanes: the pipeline of each lane. read: gives a loose manifest's content. apart: paths of loose files that are left
    out of groups (stale temporary files), each a candidate of its own.
    """
    found: list[Candidate] = []
    for place in _places(files, lanes):
        found += (_folder(place, name, inside) for name, inside in place.folders.items())
        found += _loose(place, read, apart)
    return tuple(found)


def _places(files: Iterable[Seen], lanes: Lanes) -> Iterable[_Place]:
    places: dict[str, _Place] = {}
    for seen in sorted(files, key=lambda each: each.path):
        parts = seen.path.split("/", 3)
        depth = _depth(parts, lanes)
        prefix = seen.path[: sum(len(part) + 1 for part in parts[:depth])]
        place = places.get(prefix)
        if place is None:
            lane, key = (parts[0] if depth else None), (parts[1] if depth > 1 else None)
            pipelines = (lanes[lane],) if lane else tuple({p.name: p for p in lanes.values()}.values())
            place = places[prefix] = _Place(lane=lane, key=key, prefix=prefix, pipelines=pipelines)
        if len(parts) == depth + 1:
            place.loose.append(seen)
        else:
            place.folders.setdefault(parts[depth], []).append(seen)
    return places.values()


def _depth(parts: list[str], lanes: Lanes) -> int:
    """How many folders lie above what was dropped: none in the root, the lane, and the key in keyed lanes."""
    if len(parts) == 1 or parts[0] not in lanes:
        return 0
    return 2 if lanes[parts[0]].keyed and len(parts) > 2 else 1  # noqa: PLR2004 - lane, key, and something in it


def _folder(place: _Place, name: str, inside: list[Seen]) -> Candidate:
    top = place.prefix + name
    start = len(top) + 1
    sidecars = tuple(seen for seen in inside if seen.kind == "file" and is_manifest(seen.path[start:]))
    return Candidate(
        ident=top,
        lane=place.lane,
        key=place.key_for(name),
        name=name,
        tops=(top,),
        files=tuple(inside),
        folder=True,
        archive=_is_packed([seen for seen in inside if seen not in sidecars and seen.path[start:] not in NOTES], start),
        sidecars=sidecars,
    )


def _is_packed(files: list[Seen], start: int) -> bool:
    """Whether a folder's one file is an archive: so an archive looks that comes back from the failed folder."""
    return len(files) == 1 and files[0].kind == "file" and archive_stem(files[0].path[start:]) is not None


def _loose(place: _Place, read: ReadManifest, apart: frozenset[str]) -> Iterator[Candidate]:
    start = len(place.prefix)
    alone = [seen for seen in place.loose if seen.kind != "file" or seen.path in apart]
    files = [seen for seen in place.loose if seen.kind == "file" and seen.path not in apart]
    sidecars = [seen for seen in files if beside(seen.path[start:]) is not None]
    claims = Claims(files, {seen: read(seen) for seen in sidecars})
    rest: list[Seen] = []
    for seen in claims.rest:
        (rest if archive_stem(seen.path[start:]) is None else alone).append(seen)
    households, unknown = homes(rest, place.pipelines)
    for household in households:
        if not household.principal and len(claims.owned) == 1 and household.pipeline.loose is Loose.PAIR:
            next(iter(claims.owned.values())).extend(household.companions)
        else:
            yield from _grouped(place, household)
    for sidecar, owned in claims.owned.items():
        yield _with_manifest(place, sidecar, owned)
    for seen in alone + unknown:
        yield _single(place, seen)


def _grouped(place: _Place, household: Household) -> Iterator[Candidate]:
    ident = f"{place.prefix}\0{household.pipeline.name}"
    if household.pipeline.loose is not Loose.BY_STEM:
        yield _together(place, ident, household.principal, household.companions)
        return
    stems: dict[str, tuple[list[Seen], list[Seen]]] = {}
    for which, files in enumerate((household.principal, household.companions)):
        for seen in files:
            stem = unicodedata.normalize("NFC", final_stem(seen.path))  # macOS writes names decomposed
            stems.setdefault(stem, ([], []))[which].append(seen)
    for stem, (chief, others) in stems.items():
        yield _together(place, f"{ident}\0{stem}", chief, others)


def _together(place: _Place, ident: str, principal: list[Seen], companions: list[Seen]) -> Candidate:
    files = sorted([*principal, *companions], key=lambda seen: seen.path)
    name = name_of(principal or files[:1])
    return Candidate(
        ident=ident,
        lane=place.lane,
        key=place.key_for(name),
        name=name,
        tops=tuple(seen.path for seen in files),
        files=tuple(files),
    )


def _with_manifest(place: _Place, sidecar: Seen, owned: list[Seen]) -> Candidate:
    known = {suffix for p in place.pipelines for suffix, kind in p.kinds.items() if kind in p.principal}
    principal = [seen for seen in owned if "." + seen.path.rpartition(".")[2].lower() in known]
    packed = archive_stem(owned[0].path[len(place.prefix) :]) if len(owned) == 1 else None
    name = packed or name_of(principal or owned) or beside(sidecar.path[len(place.prefix) :]) or "manifest"
    files = sorted([*owned, sidecar], key=lambda seen: seen.path)
    return Candidate(
        ident=sidecar.path,
        lane=place.lane,
        key=place.key_for(name),
        name=name,
        tops=tuple(seen.path for seen in files),
        files=tuple(files),
        folder=packed is not None,
        archive=packed is not None,
        sidecars=(sidecar,),
    )


def _single(place: _Place, seen: Seen) -> Candidate:
    packed = archive_stem(seen.path[len(place.prefix) :]) if seen.kind == "file" else None
    name = packed or name_of([seen])
    return Candidate(
        ident=seen.path,
        lane=place.lane,
        key=place.key_for(name),
        name=name,
        tops=(seen.path,),
        files=(seen,),
        folder=packed is not None,
        archive=packed is not None,
    )
