"""One round of sorting: the graph brought up to date, faces gathered, everybody counted."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float16, Int32, Int64

from pipelines.contract import cores
from pipelines.faces.cluster.graph import Graph, Search, built, extended, without
from pipelines.faces.cluster.newcomers import provisional
from pipelines.faces.gallery.drafting import read_graph
from pipelines.faces.gallery.reading import Gallery, moments
from pipelines.faces.people.pins import Crowd, pinned
from pipelines.faces.people.said import replayed
from pipelines.faces.people.standing import Numbers, counted
from pipelines.faces.people.sums import summed
from pipelines.faces.people.words import NOBODY, Census
from pipelines.faces.sorting.partition import Night, partitioned
from pipelines.faces.sorting.settings import Settings

PATIENCE = 60_000_000_000
"""Comparisons of new faces with all, two minutes of them on two cores, above which a drop leaves them to the night."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Round:
    """What is to be sorted. gallery: as it is now. before: as it was read, None: there was none.

    gone: rows of before that are no more. anew: nothing of before holds but who people are. patience: comparisons that
    the new faces may cost, or they join by their likeness to people alone; None: whatever it takes. told: hears which
    share of the comparisons is done.
    """

    gallery: Gallery
    settings: Settings
    revision: int
    before: Gallery | None = None
    gone: Int64[np.ndarray, " g"] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    anew: bool = False
    patience: int | None = None
    told: Callable[[float], None] = lambda _: None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What came of it. graph: None: the one that was read stays. late: faces that the night is to sort."""

    census: Census
    next_person: int
    graphed: int
    graph: Graph | None = None
    late: int = 0


def sorted_anew(given: Round) -> Outcome:
    """The census of the gallery as it is now."""
    gallery = given.gallery
    crowd = _crowd(gallery)
    pins = pinned(crowd, given.settings.limits.min_quality)
    old = _old_graph(given)
    graph = _graph(given, crowd.embeddings, old)
    known = len(graph)
    part = crowd if known == len(crowd) else _first(crowd, known)
    labels = partitioned(part, pins.first(known), graph, given.settings, _night(given, crowd, old))
    if known < len(crowd):
        labels = _joined(crowd, labels, given.settings)
    numbers = Numbers(gallery.about.next_person, given.revision)
    census, numbers = counted(crowd, labels, given.settings.limits, numbers)
    return Outcome(
        census=census,
        next_person=numbers.next,
        graphed=known,
        graph=None if graph is old and not len(given.gone) else graph,
        late=len(crowd) - known,
    )


def _crowd(gallery: Gallery) -> Crowd:
    return Crowd(
        ids=gallery.ids,
        moments=moments(gallery.faces),
        quality=gallery.faces["quality"],
        embeddings=gallery.embeddings(),
        before=gallery.census,
        said=replayed(gallery.decisions),
    )


def _first(crowd: Crowd, rows: int) -> Crowd:
    return replace(
        crowd,
        ids=crowd.ids[:rows],
        moments=crowd.moments[:rows],
        quality=crowd.quality[:rows],
        embeddings=crowd.embeddings[:rows],
    )


def _old_graph(given: Round) -> Graph | None:
    """The graph that was read, where it is of the same embeddings and reaches as far down."""
    if given.before is None or given.anew:
        return None
    last = given.before.about.sorted
    return read_graph(given.before.files, last.graphed) if last.floor == given.settings.floor else None


def _graph(given: Round, embeddings: Float16[np.ndarray, "n d"], old: Graph | None) -> Graph:
    search = Search(floor=given.settings.floor, threads=cores(), told=given.told)
    if old is None:
        return built(embeddings, search)
    if len(given.gone):
        gone = given.gone[given.gone < len(old)]
        old = without(old, gone, embeddings[: len(old) - len(gone)], search)
    new = len(embeddings) - len(old)
    late = given.patience is not None and new * len(embeddings) > given.patience
    if not new or (late and given.gallery.census.people):
        return old
    return extended(old, embeddings, search)


def _night(given: Round, crowd: Crowd, old: Graph | None) -> Night | None:
    """The last night, where its settings were these and nobody has gone since."""
    before, settings = given.before, given.settings
    if old is None or before is None or len(given.gone) or before.about.sorted != settings.record(len(old)):
        return None
    known = len(old)
    return Night(
        labels=before.census.cluster[:known],
        pins=pinned(replace(crowd, said=replayed(before.decisions)), before.about.sorted.quality).first(known),
        graph=old,
    )


def _joined(crowd: Crowd, labels: Int32[np.ndarray, " m"], settings: Settings) -> Int32[np.ndarray, " n"]:
    """The labels with those of late faces: that of the person to whom they are most alike, else one of their own."""
    known = len(labels)
    person = crowd.before.person[:known]
    sums = summed(crowd.embeddings[:known], person)
    best, alike = provisional(crowd.embeddings[known:], sums.totals.astype(np.float64), sums.counts)
    of_person = np.full(len(sums.numbers), NOBODY, dtype=np.int64)
    rows = np.flatnonzero(person != NOBODY)
    of_person[np.searchsorted(sums.numbers, person[rows])[::-1]] = labels[rows][::-1]
    own = np.arange(len(best)) + labels.max(initial=-1) + 1
    near = (best >= 0) & (alike >= settings.limits.same)
    late = np.where(near, of_person[best] if len(of_person) else own, own)
    return np.concatenate([labels, late]).astype(np.int32)
