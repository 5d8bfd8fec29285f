"""The question ``faces find``: all pictures of the person in a picture, the most alike first."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from pipelines.contract import BadInput, Result, Work
from pipelines.faces.ask.likeness import to_faces, to_people
from pipelines.faces.ask.tables import count, table
from pipelines.faces.embed.one import faces_of
from pipelines.faces.embed.packs import pack_of
from pipelines.faces.gallery import Gallery
from pipelines.faces.packs import Pack
from pipelines.faces.people.words import NOBODY, Person, Standing
from pipelines.faces.registry import PACKS

LISTED = 50
"""Pictures a face that are listed in words; the data has all."""
_HERE = {Standing.JOINED: "yes", Standing.PLACED: "yes, placed by you", Standing.REVIEW: "in review"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """Who a face is. person: None: nobody of the collection. similarity: mean, to the faces of that person.

    scores: of each picture in which it may be, falling: (row of the best face in it, similarity).
    """

    person: Person | None
    similarity: float
    scores: tuple[tuple[int, float], ...]


def found(work: Work, gallery: Gallery) -> Result:
    """For each face of the picture that was asked: who it is, and in which pictures that person is.

    Raises BadInput where there is no face in the picture.
    """
    entry = work.request.of("picture")[0]
    query = faces_of(work.path(entry), _pack(work, gallery), work.weights(""))
    if not len(query.faces):
        name = entry.path.rpartition("/")[2]
        raise BadInput(f"No face was found in {name}. `visaged faces diagnose` says why, picture by picture.")
    order = np.argsort(-query.faces["size"], kind="stable").tolist()
    answers = [answered(gallery, np.asarray(query.embeddings[row], dtype=np.float32)) for row in order]
    told = [in_words(gallery, answer, at, len(order)) for at, answer in enumerate(answers)]
    data = [
        {"box": [round(float(x), 1) for x in query.faces["box"][row]], **_data(gallery, answer)}
        for row, answer in zip(order, answers, strict=True)
    ]
    return Result(answer="\n\n".join(told), data={"faces": data})


def answered(gallery: Gallery, face: Float32[np.ndarray, " d"]) -> Answer:
    """Who a face is, by its mean similarity to everybody's faces, and the pictures in which it may be."""
    alike = to_faces(gallery, face)
    last = gallery.about.sorted
    numbers, means = to_people(gallery, alike)
    person, similarity = None, float("nan")
    if len(numbers):
        best = int(np.argmax(means))
        similarity = float(means[best])
        person = gallery.census.people.get(int(numbers[best])) if similarity >= last.review else None
    theirs = gallery.census.person == (person.number if person else NOBODY)
    theirs &= np.isin(gallery.census.standing, list(_HERE))
    rows = np.flatnonzero(theirs | (alike >= max(last.same, 1e-6)))
    return Answer(person=person, similarity=similarity, scores=tuple(_best(gallery, rows, alike)))


def _pack(work: Work, gallery: Gallery) -> Pack:
    """The pack of the collection: the picture must be looked at with the same eyes."""
    name = gallery.about.pack
    return PACKS[name] if name in PACKS else pack_of(name, work.weights(""))


def _best(gallery: Gallery, rows: np.ndarray, alike: Float32[np.ndarray, " n"]) -> Iterator[tuple[int, float]]:
    """Each picture once, by its most alike face."""
    seen = set()
    for row in rows[np.argsort(-alike[rows], kind="stable")].tolist():
        picture = int(gallery.faces["picture"][row])
        if picture not in seen:
            seen.add(picture)
            yield row, float(alike[row])


def in_words(gallery: Gallery, answer: Answer, at: int, faces: int) -> str:
    """What is told of a face: the one at that place among so many."""
    many = faces > 1
    which = f"Face {at + 1} of {faces}, by size: " if many else ""
    if answer.person is None:
        near = "" if np.isnan(answer.similarity) else f"; the most alike person is at {answer.similarity:.3f}"
        head = f"{which}{'nobody' if many else 'Nobody'} of this collection{near}"
    else:
        head = f"{which}{answer.person.folder}, mean similarity {answer.similarity:.3f}"
    if not answer.scores:
        return f"{head}."
    rows = [(score, *_where(gallery, row)) for row, score in answer.scores[:LISTED]]
    more = len(answer.scores) - LISTED
    tail = f"\nand {count(more, 'more picture', 'more pictures')}" if more > 0 else ""
    pictures = table(("score", "picture", "dropped in", "who"), rows)
    found = count(len(answer.scores), "picture")
    told = f"{head}, {found}" if answer.person else f"{head}. {found} may show the same"
    return f"{told}:\n{pictures}{tail}"


def _where(gallery: Gallery, row: int) -> tuple[str, str, str]:
    picture = gallery.pictures[int(gallery.faces["picture"][row])]
    standing = Standing(int(gallery.census.standing[row]))
    person = gallery.census.people.get(int(gallery.census.person[row]))
    who = person.folder if person else "nobody"
    doubt = " (in review)" if standing is Standing.REVIEW else ""
    return picture.path, picture.item, f"{who}{doubt}"


def _data(gallery: Gallery, answer: Answer) -> dict[str, Any]:
    return {
        "person": None if answer.person is None else answer.person.folder,
        "number": None if answer.person is None else answer.person.number,
        "similarity": None if np.isnan(answer.similarity) else round(answer.similarity, 4),
        "pictures": [
            {"score": round(score, 4), "face": int(gallery.ids[row]), "sha256": _sha(gallery, row), "path": path}
            | {"item": item, "who": who}
            for row, score in answer.scores
            for path, item, who in [_where(gallery, row)]
        ],
    }


def _sha(gallery: Gallery, row: int) -> str:
    return gallery.pictures[int(gallery.faces["picture"][row])].sha256
