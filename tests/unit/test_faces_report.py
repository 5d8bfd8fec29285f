"""The report of a collection."""

import html.parser
import io
from dataclasses import replace

from PIL import Image

from pipelines.faces.tree.arranging import arranged
from pipelines.faces.tree.places import Kind
from pipelines.faces.tree.portraits import everybody, folders_of, gathered, person_sheets
from pipelines.faces.tree.report import Card, Page, report
from pipelines.faces.tree.telling import Told, told
from tests.unit.faces_tree_world import World


def chip() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (168, 168), (90, 120, 60)).save(data, "JPEG")
    return data.getvalue()


def page(world: World) -> Page:
    holdings = world.holdings()
    object.__setattr__(holdings, "chip", lambda _: chip())
    found = arranged(holdings, world.shown())
    return told(holdings, found, Told(title="holidays", warnings=("Mind the gap.",), facts={"Pack of models": "sc"}))


class Links(html.parser.HTMLParser):
    """Every address that a page asks for, and that all it opens is closed."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_report_tells_who_there_is_what_is_asked_and_what_failed():
    world = World(
        {"a.jpg": [1], "b.jpg": [1], "maybe.jpg": ["1?"], "c.jpg": [2], "d.jpg": [None], "e.jpg": []},
        names={1: "Anna"},
    )
    found = page(world)
    assert found.about == "6 pictures, 5 faces, 2 people, 1 with a name"
    assert dict(found.counts) == {
        "people": 2,
        "faces with people": 3,
        "in review": 1,
        "unsorted": 1,
        "not people": 0,
        "pictures without a face": 1,
        "could not be looked at": 0,
    }
    assert [(card.name, card.about, card.link) for card in found.people] == [
        ("Anna", "2 faces", "people/Anna"),
        ("person-0002", "1 face", "people/person-0002"),
    ]
    assert [card.link for card in found.review] == ["review/Anna"]


def test_a_report_and_the_sheets_say_what_is_shown_and_what_was_deleted():
    world = World({f"{name}.jpg": [1] for name in "abc"}, names={1: "Anna"})
    world.delete("people/Anna/b.jpg")
    world.look()
    found = page(world)
    assert [card.about for card in found.people] == ["2 faces shown, 1 hidden"]
    assert (found.counts["faces with people"], found.counts["of them hidden"]) == (3, 1)
    holdings = world.holdings()
    placed = arranged(holdings, world.shown())
    people = gathered(holdings, placed.placed, Kind.PEOPLE)
    (everyone,) = everybody(holdings, "album", people, placed.hidden)
    assert everyone.about == "1 person, 2 faces shown, 1 hidden"
    assert everyone.tiles[0].lines[1] == "2 faces shown, 1 hidden"
    (sheet,) = person_sheets(holdings, people, folders_of(placed.placed, Kind.PEOPLE), placed.hidden)
    assert sheet.about == "2 faces in 2 pictures shown, 1 hidden"


def test_a_report_needs_no_other_file_and_is_whole():
    links = Links(report(page(World({"a.jpg": [1], "maybe.jpg": ["1?"]}, names={1: "Anna"}))))
    assert links.open == []
    assert [a for a in links.addresses if not a.startswith("data:image/jpeg;base64,")] == [
        "./review/Anna/",
        "./people/Anna/",
    ]


def test_a_name_of_any_bytes_stays_within_its_place():
    name = '"><script>alert(1)</script> \udcff'
    card = Card(name=name, about="", link=f"people/{name}", faces=())
    data = report(Page(title=name, about="", counts={}, people=(card,), problems=((name, name),), facts={name: name}))
    assert b"<script" not in data
    assert Links(data).addresses == ["./people/%22%3E%3Cscript%3Ealert%281%29%3C/script%3E%20%FF/"]


def test_a_picture_that_could_be_read_at_another_time_is_no_problem():
    world = World({"a.jpg": []})
    holdings = world.holdings()
    (fine,) = holdings.pictures
    broken = replace(fine, problem="It is cut off.")
    other = replace(broken, sha256="other", path="b.jpg")
    found = told(
        replace(holdings, pictures=[broken, fine, other]), arranged(holdings, ()), Told(title="", warnings=(), facts={})
    )
    assert found.problems == (("b.jpg", "It is cut off."),)


def test_strangers_in_the_tree_are_named():
    world = World({"a.jpg": [1]})
    world.put("people/person-0001/notes.txt", "notes")
    assert page(world).strangers == ("people/person-0001/notes.txt",)
    assert b"notes.txt" in report(page(world))
