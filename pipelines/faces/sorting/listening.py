"""What users said since the last revision, by the tree and by a command, enters the journal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipelines.contract import BadInput, Shown, Work, read_shown
from pipelines.faces.gallery.reading import Gallery
from pipelines.faces.people.hearing import Journal, Scene, heard, taken_back
from pipelines.faces.people.heirs import SETTLED
from pipelines.faces.people.said import replayed
from pipelines.faces.people.words import Decision, Verb
from pipelines.faces.sorting.orders import Order, decided
from pipelines.faces.sorting.people_asked import meant, present
from pipelines.faces.sorting.told import in_words
from pipelines.faces.tree.edits import read
from pipelines.faces.tree.holdings import Holdings

_NAMED = 5
"""Files, or drops, that a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """A gallery with all that was said in its journal. forget: who is to leave for good."""

    gallery: Gallery
    answer: str = ""
    forget: int | None = None
    warnings: tuple[str, ...] = ()


def listened(work: Work, gallery: Gallery) -> Heard:
    """The gallery after what the tree says, then what the command says. Raises BadInput."""
    now, shown = time.time(), _shown(work)
    reading = read(holdings(gallery), shown, now)
    after = _noted(gallery, reading.decisions)
    order = Order(command=work.request.command or "", arguments=work.request.arguments, at=now, shown=shown)
    found = _obeyed(order, after)
    files = _some(reading.strangers)
    warnings = (f"Files that are not visaged's lie in the tree and were left alone: {files}.",) if files else ()
    return replace(found, warnings=warnings)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _items_of(gallery: Gallery, person: int) -> tuple[str, ...]:
    """What the pictures of a person were dropped as."""
    census = gallery.census
    rows = np.flatnonzero((census.person == person) & np.isin(census.standing, SETTLED))
    pictures = (gallery.pictures[at] for at in np.unique(gallery.faces["picture"][rows]).tolist())
    return tuple(sorted({picture.item or picture.path for picture in pictures}))


def holdings(gallery: Gallery) -> Holdings:
    """The gallery as the tree sees it."""
    return Holdings(
        pictures=gallery.pictures,
        faces=gallery.faces,
        census=gallery.census,
        decisions=gallery.decisions,
        embeddings=gallery.embeddings_of,
        chip=gallery.chip,
    )


def _shown(work: Work) -> tuple[Shown, ...]:
    published = work.request.published
    return tuple(read_shown(work.job / published)) if published else ()


def _journal(gallery: Gallery) -> Journal:
    return Journal(decisions=gallery.decisions, next_person=gallery.about.next_person)


def _kept(gallery: Gallery, journal: Journal) -> Gallery:
    about = replace(gallery.about, next_person=journal.next_person)
    return replace(gallery, about=about, decisions=journal.decisions)


def _noted(gallery: Gallery, decisions: tuple[Decision, ...]) -> Gallery:
    scene = Scene(ids=gallery.ids, census=gallery.census, embeddings=gallery.embeddings_of)
    return _kept(gallery, heard(_journal(gallery), decisions, scene))


def _obeyed(order: Order, gallery: Gallery) -> Heard:
    match order.command:
        case "people rename" | "people merge" | "people split":
            decisions, answer = decided(order, gallery)
            return Heard(gallery=_noted(gallery, decisions), answer=answer)
        case "people undo":
            return _undone(gallery)
        case "people forget":
            return _forgetting(order, gallery)
        case _:
            return Heard(gallery=gallery)


def _undone(gallery: Gallery) -> Heard:
    journal, batch = taken_back(_journal(gallery))
    if not batch:
        raise BadInput("Nothing was said about people that could be taken back.")
    if any(decision.verb is Verb.FORGET for decision in batch):
        raise BadInput(
            "What was said last is that somebody is forgotten, and a forgetting cannot be taken back. What was said "
            "before it stays as it is: to change that, say the opposite."
        )
    folders = {number: person.folder for number, person in gallery.census.people.items()}
    what = in_words(batch, {**folders, **replayed(journal.decisions).names})
    return Heard(gallery=_kept(gallery, journal), answer=f"Taken back: {what}.")


def _forgetting(order: Order, gallery: Gallery) -> Heard:
    said = replayed(gallery.decisions)
    person = meant(order.text("person"), present(gallery.census, said), said)
    gallery = _noted(gallery, (order.said(Verb.FORGET, person=person.number),))
    answer = f"{person.folder} is forgotten: faces, embeddings and all that was said of them are gone for good."
    if items := _items_of(gallery, person.number):
        answer += f" The archive keeps the originals, dropped as: {_some(items)}."
    return Heard(gallery=gallery, forget=person.number, answer=answer)
