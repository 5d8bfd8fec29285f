"""Somebody leaves for good: faces, embeddings, chips, what was said of them, and pictures that show nobody else."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int64

from pipelines.faces.columns import read_harvest
from pipelines.faces.gallery.about import Part
from pipelines.faces.gallery.drafting import Draft
from pipelines.faces.gallery.reading import Gallery, assembled
from pipelines.faces.gallery.records import of_rows
from pipelines.faces.gallery.segments import ATTRIBUTES, left, write_segment
from pipelines.faces.people.heirs import SETTLED
from pipelines.faces.people.said import MISSING, Said, replayed
from pipelines.faces.people.words import Decision, Verb


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forgotten:
    """A gallery without somebody. gone: rows of the faces that it had before. pictures: SHA-256 of those that went."""

    gallery: Gallery
    gone: Int64[np.ndarray, " g"]
    pictures: tuple[str, ...]


def forgotten(draft: Draft, gallery: Gallery, person: int) -> Forgotten:
    """The gallery without a person: the segments that held them are written anew, without their faces.

    Faces that are only perhaps theirs stay, as nobody's.
    """
    said = replayed(gallery.decisions)
    gone = _theirs(gallery, said, person)
    people = frozenset(number for number in (person, *said.merged) if said.now(number) == person)
    about = replace(gallery.about, segments=tuple(_parts(draft, gallery, gone)))
    census = of_rows(gallery.census, ~gone)
    left_over = {number: other for number, other in census.people.items() if number not in people}
    less = assembled(
        draft.files,
        about,
        replace(census, people=left_over),
        tuple(without(gallery.decisions, people, frozenset(gallery.ids[gone].tolist()))),
    )
    stay = {picture.sha256 for picture in less.pictures}
    went = {picture.sha256 for picture in gallery.pictures} - stay
    return Forgotten(gallery=less, gone=np.flatnonzero(gone), pictures=tuple(sorted(went)))


def without(decisions: tuple[Decision, ...], people: frozenset[int], faces: frozenset[int]) -> Iterator[Decision]:
    """The decisions without these people and faces, but for that they are forgotten; those that say nothing go too."""
    for decision in decisions:
        kept = tuple(face for face in decision.faces if face not in faces)
        match decision.verb:
            case Verb.FORGET:
                yield decision
            case _ if decision.person in people:
                pass
            case Verb.NAME:
                yield replace(decision, faces=kept)
            case Verb.MERGE:
                yield from _without_parties(decision, people, faces)
            case _ if kept or decision.pictures:
                yield replace(decision, faces=kept)
            case _:
                pass


def _without_parties(decision: Decision, people: frozenset[int], faces: frozenset[int]) -> Iterator[Decision]:
    parties = (decision.person, *decision.others)
    known = dict(zip(parties, decision.faces, strict=False))
    others = tuple(other for other in decision.others if other not in people)
    if others:
        stand = (known.get(party, MISSING) for party in (decision.person, *others))
        yield replace(decision, others=others, faces=tuple(MISSING if f in faces else f for f in stand))


def _theirs(gallery: Gallery, said: Said, person: int) -> Bool[np.ndarray, " n"]:
    """The faces of a person, as they were sorted and with what was said since."""
    census = gallery.census
    numbers = [number for number in (person, *said.merged) if said.now(number) == person]
    sorted_there = np.isin(census.person, numbers) & np.isin(census.standing, SETTLED)
    elsewhere = [face for face, other in said.placed.items() if other != person]
    elsewhere += [face for face, others in said.rejected.items() if person in others]
    placed = [face for face, other in said.placed.items() if other == person]
    found: Bool[np.ndarray, " n"] = sorted_there & ~np.isin(gallery.ids, elsewhere) | np.isin(gallery.ids, placed)
    return found


def _parts(draft: Draft, gallery: Gallery, gone: Bool[np.ndarray, " n"]) -> Iterator[Part]:
    before = 0
    for part in gallery.about.segments:
        theirs = gone[before : before + part.faces]
        before += part.faces
        if not theirs.any():
            yield part
            continue
        folder = gallery.files.at(f"segments/{part.name}/faces.npy").parent
        selection = left(read_harvest(folder), theirs, gallery.files.find(f"segments/{part.name}/{ATTRIBUTES}"))
        written = write_segment(draft.segment(_next(part.name)), [selection], selection.harvest.faces["id"][~theirs])
        if written.faces or written.pictures:
            yield written


def _next(name: str) -> str:
    """Another name for what a segment has become: its files must not be taken for those of the old one."""
    base, _, times = name.partition("-")
    return f"{base}-{int(times or 0) + 1}"
