"""The report: one page about a collection that a person reads in a browser and prints. It needs no other file.

Links are relative to the page's own folder, each part quoted, and all text is escaped: a name may hold any bytes.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pipelines.faces.tree.style import CSS
from pipelines.faces.tree.wording import shown

_HOW = (
    ("Rename a folder in <code>people</code>", "and the person has that name, for good."),
    ("Move a file to another person's folder", "and that face stays there."),
    ("Move files into a new folder", "and they are somebody new."),
    ("Move all files over, or rename to a name that exists", "and the two are one person."),
    ("Move a file from <code>review</code> to its person", "to say yes; anywhere else, or delete it, to say no."),
    ("Move what is nobody into <code>not-people</code>", "and it stays so."),
    ("Delete a picture", "and it stays deleted; it says nothing about the person."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Somebody on the page. link: the folder, below the page's. faces: small JPEGs."""

    name: str
    about: str
    link: str
    faces: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the report says. counts: what there is and how many. more: people and questions that are not on the page.

    problems: what could not be looked at, and why. unshown: how many more of these. facts: how it was made.
    """

    title: str
    about: str
    counts: Mapping[str, int]
    warnings: tuple[str, ...] = ()
    people: tuple[Card, ...] = ()
    more_people: int = 0
    review: tuple[Card, ...] = ()
    more_review: int = 0
    problems: tuple[tuple[str, str], ...] = ()
    more_problems: int = 0
    strangers: tuple[str, ...] = ()
    more_strangers: int = 0
    facts: Mapping[str, str]


def report(page: Page) -> bytes:
    """The page as HTML, UTF-8."""
    parts = [
        f'<h1>{_text(page.title)}</h1><p class="pale">{_text(page.about)}</p>',
        _counts(page.counts),
        _notes(page.warnings),
        _cards(
            "Is this …?", "Faces that may be somebody you named. Tell by moving them.", page.review, page.more_review
        ),
        _cards("People", "", page.people, page.more_people),
        _how(),
        _problems(page),
        _strangers(page),
        _facts(page.facts),
    ]
    return _document(page.title, "".join(parts))


def _document(title: str, body: str) -> bytes:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{_text(title)}</title>'
    page = f'<!DOCTYPE html>\n<html lang="en"><head>{head}<style>{CSS}</style></head><body>{body}</body></html>\n'
    return page.encode("utf-8")


def _counts(counts: Mapping[str, int]) -> str:
    lines = "".join(f"<li><b>{number:,}</b><span>{_text(name)}</span></li>" for name, number in counts.items())
    return f'<ul class="counts">{lines}</ul>'


def _notes(sentences: Sequence[str]) -> str:
    lines = "".join(f"<li>{_text(sentence)}</li>" for sentence in sentences)
    return f'<section class="warning"><h2>Worth knowing</h2><ul>{lines}</ul></section>' if lines else ""


def _cards(title: str, about: str, cards: Sequence[Card], more: int) -> str:
    if not cards:
        return ""
    under = f'<p class="pale">{about}</p>' if about else ""
    rest = f'<p class="pale more">{more:,} more are not on this page.</p>' if more else ""
    each = "".join(map(_card, cards))
    return f'<section><h2>{title}</h2>{under}<div class="cards">{each}</div>{rest}</section>'


def _card(card: Card) -> str:
    faces = "".join(f'<img src="data:image/jpeg;base64,{base64.b64encode(f).decode()}" alt="">' for f in card.faces)
    return (
        f'<a class="card" href="{_link(card.link)}"><h3>{_text(card.name)}</h3><p class="pale">{_text(card.about)}</p>'
        f'<div class="faces">{faces}</div></a>'
    )


def _how() -> str:
    lines = "".join(f"<li>{what} {then}</li>" for what, then in _HOW)
    undo = '<p class="more">What you said last is taken back by <code>visaged people undo</code>.</p>'
    return f'<section class="how"><h2>Tell who is who with folders</h2><ul>{lines}</ul>{undo}</section>'


def _problems(page: Page) -> str:
    if not page.problems:
        return ""
    lines = "".join(f"<tr><td>{_text(path)}</td><td>{_text(why)}</td></tr>" for path, why in page.problems)
    rest = f'<p class="pale more">{page.more_problems:,} more stand in pictures.csv.</p>' if page.more_problems else ""
    table = f"<table><thead><tr><th>Picture</th><th>Why</th></tr></thead><tbody>{lines}</tbody></table>"
    return f"<section><h2>Could not be looked at</h2>{table}{rest}</section>"


def _strangers(page: Page) -> str:
    if not page.strangers:
        return ""
    lines = "".join(f"<li>{_text(path)}</li>" for path in page.strangers)
    rest = f'<p class="pale more">And {page.more_strangers:,} more.</p>' if page.more_strangers else ""
    under = '<p class="pale">They lie in the tree, are not of this collection, and are left alone.</p>'
    return f"<section><h2>Files of yours</h2>{under}<ul>{lines}</ul>{rest}</section>"


def _facts(facts: Mapping[str, str]) -> str:
    lines = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts.items())
    return f'<section class="facts"><h2>How it was made</h2><dl>{lines}</dl></section>'


def _text(text: str) -> str:
    return html.escape(shown(text))


def _link(path: str) -> str:
    """The path as a link: a name of any bytes cannot leave its attribute or become another scheme."""
    return "/".join(["."] + [quote(part.encode("utf-8", "surrogateescape")) for part in path.split("/")]) + "/"
