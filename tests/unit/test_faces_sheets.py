"""Contact sheets: what is on them, and when they are drawn anew."""

import io

import numpy as np
from PIL import Image

from pipelines.faces.tree.sheets import (
    GAP,
    MARGIN,
    MOST,
    PAGE,
    PAGES,
    TILE,
    Portrait,
    Sheet,
    drawn,
    of_everybody,
    of_person,
    thumbnail,
)

TOP = 86


def chip(colour: tuple[int, int, int], black: int = 0) -> bytes:
    """A chip of one colour; black: so many rows at the top that lie outside of the picture."""
    pixels = np.full((168, 168, 3), colour, dtype=np.uint8)
    pixels[:black] = 0
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=95)
    return data.getvalue()


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def at(data: bytes, tile: int) -> tuple[int, ...]:
    """The colour in the middle of a tile of the first row."""
    found = pixels(data)[TOP + TILE // 2, MARGIN + tile * (TILE + GAP) + TILE // 2]
    return tuple(round(value / 10) * 10 for value in found)


def sheet(name: str = "Anna", faces: int = 3) -> Sheet:
    return of_person("people/Anna/contact-sheet.jpg", name, 2, [(row, row + 100) for row in range(faces)])


def test_the_faces_of_a_person_stand_side_by_side_the_best_first():
    colours = {0: (200, 40, 40), 1: (40, 200, 40), 2: (40, 40, 200)}
    data = drawn(sheet(), lambda row: chip(colours[row]))
    assert [at(data, tile) for tile in range(3)] == list(colours.values())


def test_a_sheet_says_how_many_faces_in_how_many_pictures():
    assert sheet().about == "3 faces in 2 pictures"
    assert sheet(faces=MOST + 1).about == f"{MOST + 1} faces in 2 pictures, the best {MOST} of them here"
    assert len(sheet(faces=MOST + 1).tiles) == MOST


def test_a_chip_that_cannot_be_read_leaves_an_empty_tile():
    data = drawn(sheet(), lambda row: chip((200, 40, 40)) if row else b"not a picture")
    assert at(data, 0) == (230, 230, 240)
    assert at(data, 1) == (200, 40, 40)


def test_what_lies_outside_of_the_picture_is_cut_off_as_far_as_the_face_allows():
    whole, cut = (pixels(thumbnail(chip((200, 40, 40), black), 64)) for black in (0, 28))
    assert whole[1, 32, 0] > 150
    assert cut[1, 32, 0] > 150
    assert pixels(thumbnail(chip((200, 40, 40), 84), 64))[1, 32, 0] < 50


def test_any_name_fits_on_a_sheet():
    for name in ("", "x" * 400, "Ж" * 100, b"raw \xff".decode("utf-8", "surrogateescape"), "two\nlines", "👩‍👧"):
        assert drawn(sheet(name), lambda _: chip((9, 99, 9)))


def test_a_sheet_of_nobody_is_a_page_too():
    assert pixels(drawn(sheet(faces=0), lambda _: b"")).shape[1] > TILE


def test_sheets_that_look_the_same_have_one_mark_and_others_another():
    assert sheet().mark == sheet().mark
    assert len({sheet().mark, sheet("Bob").mark, sheet(faces=4).mark}) == 3


def test_everybody_stands_on_pages_the_last_of_which_says_who_is_left():
    people = [Portrait(face=0, id=n, name=f"person-{n:04}", count=3) for n in range(PAGE * PAGES + 7)]
    pages = of_everybody("album", "many people", people, lambda n: f"{n}.jpg")
    assert [page.path for page in pages] == [f"{n}.jpg" for n in range(1, PAGES + 1)]
    assert pages[0].about == f"many people (page 1 of {PAGES})"
    assert pages[0].tiles[0].lines == ("person-0000", "3 faces")
    assert [page.note for page in pages[:-1]] == [""] * (PAGES - 1)
    assert pages[-1].note == "7 more people stand in faces.csv."
    assert drawn(pages[-1], lambda _: chip((9, 99, 9)))


def test_a_few_people_stand_on_one_page_without_a_number():
    (page,) = of_everybody("album", "2 people", [Portrait(face=0, id=1, name="Anna", count=1)] * 2, str)
    assert page.about == "2 people"
