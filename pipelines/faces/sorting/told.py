"""What the stage answers: figures, and sentences about what was done and what was taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipelines.faces.gallery.reading import Gallery
from pipelines.faces.people.words import Census, Decision, Standing, Verb
from pipelines.faces.sorting.settings import Settings


def figured(gallery: Gallery, settings: Settings) -> dict[str, Any]:
    """Numbers about a collection, for the receipt."""
    census, limits = gallery.census, settings.limits
    there = {standing.name.lower(): int((census.standing == standing).sum()) for standing in Standing}
    return {
        "pictures": len(gallery.pictures),
        "faces": len(gallery),
        "people": len(census.people),
        "named": sum(person.name is not None for person in census.people.values()),
        **there,
        "method": settings.method,
        "thresholds": {"same": limits.same, "join": limits.join, "review": limits.review},
    }


def summary(census: Census) -> str:
    """A collection in a sentence."""
    people = len(census.people)
    review, unsorted = (int((census.standing == s).sum()) for s in (Standing.REVIEW, Standing.UNSORTED))
    parts = [f"{_count(len(census.person), 'face', 'faces')} of {_count(people, 'person', 'people')}"]
    parts += [f"{review:,} in review"] if review else []
    parts += [f"{unsorted:,} unsorted"] if unsorted else []
    return ", ".join(parts) + "."


def in_words(decisions: Sequence[Decision], names: Mapping[int, str]) -> str:
    """What was said, in a few words a decision; names: of people as they are called."""
    put = {face for d in decisions if d.verb in (Verb.PLACE, Verb.SPLIT) for face in d.faces}
    implied = [d for d in decisions if d.verb is Verb.REJECT and set(d.faces) <= put]
    plain = [d for d in decisions if d not in implied and (d.verb is not Verb.NAME or d.name)]
    said = (_words(decision, names) for decision in plain)
    return "; ".join(dict.fromkeys(said))


def changes(before: Census | None, now: Census) -> dict[str, int]:
    """How many people are new, and how many faces joined somebody, since the census before."""
    known = set(before.people) if before else set()
    joined = int((now.standing == Standing.JOINED).sum())
    was = int((before.standing == Standing.JOINED).sum()) if before else 0
    return {"new_people": len(set(now.people) - known), "newly_joined": int(np.maximum(joined - was, 0))}


def _words(decision: Decision, names: Mapping[int, str]) -> str:
    who = names.get(decision.person, f"person-{decision.person:04}") if decision.person is not None else "nobody"
    many = len(decision.faces) + len(decision.pictures)
    faces, are = _count(many, "face", "faces"), "is" if many == 1 else "are"
    others = ", ".join(names.get(other, f"person-{other:04}") for other in decision.others)
    named = f", {decision.name}" if decision.name else ""
    words = {
        Verb.NAME: f"that person-{decision.person or 0:04} is called {decision.name}",
        Verb.PLACE: f"that {faces} {are} {who}",
        Verb.REJECT: f"that {faces} {are} not {who}",
        Verb.NOT_PEOPLE: f"that {faces}{'' if decision.person is None else f' of {who}'} {are} no people",
        Verb.MERGE: f"that {others} and {who} are one person",
        Verb.SPLIT: f"that {faces} {are} somebody else{named}",
        Verb.HIDE: f"that the pictures of {faces} are not shown",
        Verb.FORGET: f"that {who} is forgotten",
    }
    return words[decision.verb]


def _count(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{number:,} {many}"
