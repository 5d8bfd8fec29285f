"""Writes a revision: the files that are new, and which of the old ones stay."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.contract import Work
from pipelines.faces.cluster.graph import Graph
from pipelines.faces.gallery.about import About, about_bytes
from pipelines.faces.gallery.chunks import paths, read_chunks, write_chunks
from pipelines.faces.gallery.overlay import Overlay
from pipelines.faces.gallery.reading import ABOUT, STATE
from pipelines.faces.gallery.records import COLUMNS, write_census, write_decisions
from pipelines.faces.people.words import Census, Decision

_NEIGHBOURS, _SIMILARITY = "graph/neighbours", "graph/similarity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A revision that is being written. new: where; old: the revision that was read, which must not be touched."""

    new: Path
    old: Path | None

    @property
    def files(self) -> Overlay:
        """What is there so far."""
        return Overlay(new=self.new, old=self.old)

    def segment(self, name: str) -> Path:
        """Where a segment is written."""
        (self.new / "segments").mkdir(exist_ok=True)
        return self.new / "segments" / name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contents:
    """What a revision says besides its segments. graph: None: the one that was read stays, as far as about says."""

    about: About
    census: Census
    decisions: tuple[Decision, ...]
    graph: Graph | None = None


def begun(work: Work) -> Draft:
    """An empty draft in the stage's folder; what an earlier attempt left there is gone."""
    new = work.folder / STATE
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    return Draft(new=new, old=work.state)


def closed(draft: Draft, contents: Contents) -> tuple[str, ...]:
    """Afterwards the draft is whole, gallery.json last; the paths of the old files that stay, for ``Result.keep``."""
    if contents.graph is not None:
        write_chunks(draft.new, draft.old, _NEIGHBOURS, contents.graph.neighbours)
        write_chunks(draft.new, draft.old, _SIMILARITY, contents.graph.similarity)
    write_census(draft.new, draft.old, contents.census)
    write_decisions(draft.new, contents.decisions)
    (draft.new / ABOUT).write_bytes(about_bytes(contents.about))
    return tuple(sorted(_staying(draft, contents.about)))


def unchanged(draft: Draft) -> bool:
    """Whether the draft says nothing that the revision read does not say already."""
    old = draft.old
    return old is not None and all(
        (old / path).is_file() and (old / path).read_bytes() == (draft.new / path).read_bytes()
        for path in _files(draft.new)
    )


def read_graph(files: Overlay, rows: int) -> Graph | None:
    """The graph of the first so many faces, or None where there is none."""
    neighbours = read_chunks(files, _NEIGHBOURS, rows)
    similarity = read_chunks(files, _SIMILARITY, rows)
    return None if neighbours is None or similarity is None else Graph(neighbours, similarity)


def _staying(draft: Draft, about: About) -> Iterator[str]:
    if draft.old is None:
        return
    chunks = {path for name in COLUMNS for path in paths(name, about.faces)}
    chunks.update(path for name in (_NEIGHBOURS, _SIMILARITY) for path in paths(name, about.sorted.graphed))
    segments = {part.name for part in about.segments}
    for path in _files(draft.old):
        segment = path.split("/")[1] if path.startswith("segments/") else None
        if (path in chunks or segment in segments) and not (draft.new / path).exists():
            yield path


def _files(root: Path) -> Iterator[str]:
    for folder, _, names in os.walk(root):
        below = os.path.relpath(folder, root).replace(os.sep, "/")
        yield from (name if below == "." else f"{below}/{name}" for name in names)
