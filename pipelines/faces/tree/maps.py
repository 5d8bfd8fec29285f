"""The small hidden map in each folder: which faces each file stands there for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pipelines.contract import Leaf
from pipelines.faces.people.words import NOBODY
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.naming import Placed
from pipelines.faces.tree.places import OURS, Kind

NAME = ".visaged-faces.json"


def maps(holdings: Holdings, placed: Iterable[Placed], into: Path) -> Iterator[Leaf]:
    """A leaf for the map of each folder, which lies below into afterwards."""
    folders: dict[str, list[Placed]] = {}
    for one in placed:
        depth = 2 if one.spot.kind in (Kind.PEOPLE, Kind.REVIEW) else 1
        folders.setdefault("/".join(one.path.split("/")[:depth]), []).append(one)
    (into / "maps").mkdir(parents=True, exist_ok=True)
    for number, (folder, each) in enumerate(sorted(folders.items())):
        file = f"maps/{number}.json"
        (into / file).write_text(json.dumps(_map(holdings, folder, each), separators=(",", ":")), "ascii")
        yield Leaf(path=f"{folder}/{NAME}", file=file, tag=OURS)


def _map(holdings: Holdings, folder: str, each: Iterable[Placed]) -> dict[str, Any]:
    files: dict[str, list[dict[str, Any]]] = {}
    person = NOBODY
    for one in each:
        person = one.spot.person
        files[one.path[len(folder) + 1 :]] = [_face(holdings, row) for row in one.spot.faces]
    known = holdings.census.people.get(person)
    return {"person": known and known.number, "name": known and known.name, "files": files}


def _face(holdings: Holdings, row: int) -> dict[str, Any]:
    face = holdings.faces[row]
    time = float(face["time"])
    box = [round(float(edge), 1) for edge in face["box"]]
    return {"face": int(face["id"]), "box": box} | ({} if time != time else {"time": round(time, 2)})  # noqa: PLR0124
