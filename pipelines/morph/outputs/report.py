"""The report: one page that a person reads in a browser and prints, pictures, figures and receipt on it.

All links are relative to the page's own folder, each part of them quoted, and all text is escaped: a name may hold
any bytes.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote

from pipelines.morph.outputs.statistics import Statistics
from pipelines.morph.outputs.style import CSS
from pipelines.morph.wording import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture on the page. path: below the page's folder. about: one line under it."""

    path: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the report of one pair or chain says.

    called: what its meshes are called, in the order of the film. film, poster: below the page's folder, where there
    is one. statistics: the tables of figures, by their headings. facts: rows of the receipt and what of it to tell, in
    order. files: what else lies in the folder: (path, what it is). faults: what of this pair failed.
    """

    called: tuple[str, ...]
    film: str | None = None
    poster: str | None = None
    pictures: tuple[Shown, ...] = ()
    statistics: Mapping[str, tuple[Statistics, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One pair in the index. page, picture: below the index's folder; none where the pair failed. about: one line."""

    called: tuple[str, ...]
    page: str | None = None
    picture: str | None = None
    about: str = ""


def report(page: Page) -> bytes:
    """The report of one pair or chain as a page of HTML, UTF-8."""
    parts = [
        f"<h1>{_names(page.called)}</h1>",
        _notes(page.faults, "fault", "What went wrong"),
        _notes(page.warnings, "warning", "Worth knowing"),
        _film(page),
        *map(_picture, page.pictures),
        *(_figures(title, rows) for title, rows in page.statistics.items()),
        _files(page.files),
        _facts(page.facts),
    ]
    return _document(" to ".join(page.called), "".join(parts))


def index(title: str, entries: Sequence[Entry], facts: Mapping[str, str]) -> bytes:
    """The page that leads to the reports of several pairs; what failed stands there too, with its reason."""
    cards = "".join(map(_card, entries))
    body = f'<h1>{_text(title)}</h1><div class="cards">{cards}</div>{_facts(facts)}'
    return _document(title, body)


def _document(title: str, body: str) -> bytes:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{_text(title)}</title>'
    page = f'<!DOCTYPE html>\n<html lang="en"><head>{head}<style>{CSS}</style></head><body>{body}</body></html>\n'
    return page.encode("utf-8")


def _names(called: Sequence[str]) -> str:
    return ' <span class="to">to</span> '.join(map(_text, called))


def _notes(sentences: Sequence[str], kind: str, title: str) -> str:
    if not sentences:
        return ""
    lines = "".join(f"<li>{_text(sentence)}</li>" for sentence in sentences)
    return f'<section class="{kind}"><h2>{title}</h2><ul>{lines}</ul></section>'


def _film(page: Page) -> str:
    if page.film is None:
        return ""
    poster = f' poster="{_link(page.poster)}"' if page.poster else ""
    source = f'<a href="{_link(page.film)}">{_text(page.film)}</a>'
    return (
        f'<figure class="film"><video src="{_link(page.film)}"{poster} controls loop muted playsinline></video>'
        f"<figcaption>{source}</figcaption></figure>"
    )


def _picture(one: Shown) -> str:
    link = _link(one.path)
    about = f"<figcaption>{_text(one.about)}</figcaption>" if one.about else ""
    return f'<figure><a href="{link}"><img src="{link}" alt="{_text(one.about or one.path)}"></a>{about}</figure>'


def _figures(title: str, rows: Sequence[Statistics]) -> str:
    if not rows:
        return ""
    names = ("", "mean", "std", "min", "max", "25 %", "50 %", "75 %", "95 %", "99 %")
    head = "".join(f"<th>{name}</th>" for name in names)
    lines = "".join(map(_row, rows))
    under = "Displacements are in the mesh's unit, differences of the textures in units of CIE Lab; % are percentiles."
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
    return f'<section class="figures"><h2>{_text(title)}</h2>{table}<p class="pale">{under}</p></section>'


def _row(row: Statistics) -> str:
    values = (row.mean, row.std, row.min, row.max, row.p25, row.p50, row.p75, row.p95, row.p99)
    cells = "".join(f"<td>{value:.4g}</td>" for value in values)
    return f"<tr><th>{_text(row.component.replace('_', ' '))}</th>{cells}</tr>"


def _files(files: Sequence[tuple[str, str]]) -> str:
    if not files:
        return ""
    lines = "".join(f'<li><a href="{_link(path)}">{_text(path)}</a> {_text(about)}</li>' for path, about in files)
    return f'<section class="files"><h2>Files</h2><ul>{lines}</ul></section>'


def _facts(facts: Mapping[str, str]) -> str:
    if not facts:
        return ""
    lines = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts.items())
    return f'<section class="facts"><h2>Receipt</h2><dl>{lines}</dl></section>'


def _card(entry: Entry) -> str:
    name = _names(entry.called)
    about = f'<p class="pale">{_text(entry.about)}</p>' if entry.about else ""
    if entry.page is None:
        return f'<div class="card fault"><h2>{name}</h2>{about}</div>'
    picture = f'<img src="{_link(entry.picture)}" alt="">' if entry.picture else ""
    return f'<a class="card" href="{_link(entry.page)}">{picture}<h2>{name}</h2>{about}</a>'


def _text(text: str) -> str:
    return html.escape(shown(text))


def _link(path: str | None) -> str:
    """The path as a link: a name of any bytes cannot leave its attribute or become another scheme."""
    parts = PurePosixPath(path or "").parts
    return "/".join(["."] + [quote(part.encode("utf-8", "surrogateescape")) for part in parts])
