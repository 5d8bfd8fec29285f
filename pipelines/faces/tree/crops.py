"""Where the crop of a face comes from: the tree has it, this job's embedding made it, or its chip must do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipelines.faces.columns import read_pictures
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.sights import Sights


@dataclass(frozen=True, slots=True, kw_only=True)
class Crops:
    """held: row of a face -> SHA-256 of its crop in the tree. fresh: row -> crop just made. into: what is published."""

    holdings: Holdings
    held: Mapping[int, str]
    fresh: Mapping[int, Path]
    into: Path
    made: set[str] = field(default_factory=set)

    def of(self, row: int) -> tuple[str | None, str | None]:
        """The SHA-256 of the face's crop, or the file of it, which is in the published folder afterwards."""
        if row in self.held:
            return self.held[row], None
        name = f"crops/{int(self.holdings.faces['id'][row])}.jpg"
        if name not in self.made:
            self._make(row, self.into / name)
            self.made.add(name)
        return None, name

    def _make(self, row: int, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if row not in self.fresh:
            path.write_bytes(self.holdings.chip(row))
            return
        try:
            os.link(self.fresh[row], path)
        except OSError:  # another file system, or one without links
            shutil.copyfile(self.fresh[row], path)


def held(now: Sights) -> Mapping[int, str]:
    """The crops that stand in the tree, by the rows of their faces."""
    here = (sight for sight in now.known if sight.crop and sight.now is not None and sight.faces and not sight.missing)
    return {sight.faces[0]: sight.line.sha256 for sight in here}


def fresh(holdings: Holdings, shards: Iterable[Path]) -> Mapping[int, Path]:
    """The crops that lie in the shards of ``embed``, by the rows that their faces have now."""
    rows = {_mark(holdings.pictures[int(f["picture"])].sha256, f): row for row, f in enumerate(holdings.faces)}
    found: dict[int, Path] = {}
    for shard in shards:
        folder = shard / "crops"
        if not folder.is_dir():
            continue
        pictures = read_pictures(shard / "pictures.jsonl")
        for number, face in enumerate(np.load(shard / "faces.npy")):
            row = rows.get(_mark(pictures[int(face["picture"])].sha256, face))
            if row is not None:
                found[row] = folder / f"{number}.jpg"
    return found


def _mark(sha256: str, face: np.void) -> tuple[str, bytes]:
    """By which a face is the same in a shard and in the gallery."""
    return sha256, face["box"].tobytes() + face["time"].tobytes()
