"""The report, as a browser would take it apart."""

from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import unquote_to_bytes, urlsplit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.morph.outputs.report import Entry, Page, Shown, index, report
from pipelines.morph.outputs.statistics import statistics

HOSTILE = [
    "<script>alert(1)</script>",
    '" onerror="alert(1)',
    "'><img src=x>",
    "a & b < c",
    "line\nbreak\x00",
    "\udcff\udcfe",
    "\u202eevil",
    "javascript:alert(1)",
    "名前 \U0001f600",
]
ROW = statistics("shape", "normal_displacement", np.array([-1.5, 0.5, 2.25]))
VOID = {"meta", "img", "br", "link"}


class Seen(HTMLParser):
    """What a page shows and links to; it fails where tags do not nest."""

    def __init__(self, page: bytes):
        super().__init__()
        self.open, self.tags, self.texts, self.links = [], [], [], []
        self.feed(page.decode("utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.links += [value for name, value in attrs if name in {"src", "href", "poster"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return "".join(self.texts)

    def names(self):
        return [tag for tag, _ in self.tags]


def page(**more):
    whole = {
        "called": ("anna", "ben"),
        "film": "animation.mp4",
        "poster": "frames/0000.png",
        "pictures": (Shown(path="contact-sheet.png", about="From A to B"), Shown(path="shape-maps.png")),
        "statistics": {"Figures": (ROW,)},
        "facts": {"Took": "1.2 s"},
    }
    return Page(**{**whole, **more})


def test_the_report_holds_film_pictures_figures_and_receipt():
    seen = Seen(report(page(files=(("statistics.csv", "the figures"),))))
    assert seen.names().count("video") == 1
    assert seen.names().count("img") == 2
    assert {"./animation.mp4", "./contact-sheet.png", "./shape-maps.png", "./statistics.csv"} <= set(seen.links)
    for told in ("anna to ben", "normal displacement", "-1.5", "2.25", "Took", "1.2 s", "From A to B"):
        assert told in seen.text


def test_a_chain_is_told_in_the_order_of_its_film():
    seen = Seen(report(page(called=("a", "b", "c", "a"))))
    assert seen.text.count("a to b to c to a") == 2  # the title and the heading


def test_each_leg_of_a_chain_has_a_table_under_its_own_heading():
    seen = Seen(report(page(statistics={"Figures: a to b": (ROW,), "Figures: b to c": (ROW, ROW)})))
    assert seen.names().count("table") == 2
    assert seen.text.index("Figures: a to b") < seen.text.index("Figures: b to c")


def test_warnings_and_faults_stand_before_the_pictures():
    seen = Seen(report(page(warnings=("it lies apart",), faults=("no texture could be read",))))
    before = seen.text.index("From A to B")
    assert seen.text.index("no texture could be read") < seen.text.index("it lies apart") < before


def test_what_there_is_nothing_of_is_left_out():
    seen = Seen(report(Page(called=("a", "b"), facts={})))
    assert not {"video", "img", "table", "ul", "dl", "section"} & set(seen.names())


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_becomes_a_tag_or_an_attribute(name):
    plain = Seen(report(page(warnings=("w",), faults=("f",), facts={"k": "v"}, files=(("p", "q"),))))
    told = Seen(
        report(page(called=(name, name), warnings=(name,), faults=(name,), facts={name: name}, files=((name, name),)))
    )
    assert told.names() == plain.names()
    assert [sorted(attrs) for _, attrs in told.tags] == [sorted(attrs) for _, attrs in plain.tags]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_link_stays_below_the_page_and_names_the_file_to_the_last_byte(name):
    path = f"{name}/frames/0000.png"
    seen = Seen(report(page(film=path, poster=path, pictures=(Shown(path=path),))))
    for link in seen.links:
        parts = urlsplit(link)
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        assert unquote_to_bytes(parts.path).removeprefix(b"./") == str(PurePosixPath(path)).encode(
            "utf-8", "surrogateescape"
        )


@given(st.text(st.characters(codec=None)))
def test_any_text_gives_a_page_that_nests(text):
    Seen(report(page(called=(text, text), warnings=(text,), facts={text: text})))
    Seen(index(text, [Entry(called=(text, text), about=text)], {}))


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing():
    data = report(page())
    assert b"http" not in data
    assert not {"script", "link", "iframe"} & set(Seen(data).names())


def test_the_index_leads_to_each_report_with_its_picture():
    entries = [
        Entry(called=("a", name), page=f"a__{name}/report.html", picture=f"a__{name}/frames/0020.png") for name in "bc"
    ]
    seen = Seen(index("heads", entries, {}))
    assert seen.links == [
        "./a__b/report.html",
        "./a__b/frames/0020.png",
        "./a__c/report.html",
        "./a__c/frames/0020.png",
    ]


def test_a_pair_that_failed_stands_in_the_index_with_its_reason_and_no_link():
    seen = Seen(index("heads", [Entry(called=("a", "b"), about="their faces differ")], {}))
    assert seen.links == []
    assert "their faces differ" in seen.text
