"""Contact sheets: the faces of a person at a glance, and everybody on a few pages."""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipelines.faces.tree.wording import counted, shown, with_hidden

TILE, GAP, MARGIN = 128, 8, 20
COLUMNS, MOST = 8, 64
"""Faces of a person that are shown."""
PAGE, PAGES = 96, 25
"""People on a page of everybody, and pages."""
_TITLE, _TEXT = 26, 14
_CAPTION = 40
_PAPER, _INK, _PALE, _EMPTY = (255, 255, 255), (34, 38, 44), (120, 126, 134), (228, 231, 236)
_QUALITY = 88
_BLACK, _OUTSIDE = 10, 0.02
_MARGINS = (0.0, 0.06, 0.12, 1 / 6)
"""Shares of a chip's side that may be cut off; at the last the aligned face alone is left."""
_LOOK = 1
"""Changes when sheets come to look otherwise, so that all are drawn anew."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A face with what is said under it. face: its row. lines: at most two; none on a person's own sheet."""

    face: int
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A page of faces. path: in the tree. about: one line under the title. note: one line at its end."""

    path: str
    title: str
    about: str
    tiles: tuple[Tile, ...]
    ids: tuple[int, ...]
    note: str = ""

    @property
    def mark(self) -> str:
        """The same for sheets that look the same. ids, of the faces, stand for their chips."""
        text = repr((_LOOK, self.title, self.about, self.ids, [tile.lines for tile in self.tiles], self.note))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def drawn(sheet: Sheet, chip: Callable[[int], bytes]) -> bytes:
    """The sheet as a JPEG. chip: row of a face -> JPEG; one that cannot be read stays an empty tile."""
    captioned = any(tile.lines for tile in sheet.tiles)
    height = TILE + GAP + (_CAPTION if captioned else 0)
    columns = min(COLUMNS, max(len(sheet.tiles), 4))
    rows = -(-len(sheet.tiles) // columns)
    top = MARGIN + _TITLE + _TEXT + 26
    end = 2 * MARGIN if sheet.note else MARGIN
    page = Image.new("RGB", (2 * MARGIN + columns * (TILE + GAP) - GAP, top + rows * height + end), _PAPER)
    draw = ImageDraw.Draw(page)
    width = page.width - 2 * MARGIN
    draw.text((MARGIN, MARGIN), _fitting(draw, shown(sheet.title), _font(_TITLE), width), _INK, _font(_TITLE))
    draw.text((MARGIN, MARGIN + _TITLE + 10), _fitting(draw, sheet.about, _font(_TEXT), width), _PALE, _font(_TEXT))
    for number, tile in enumerate(sheet.tiles):
        x = MARGIN + number % columns * (TILE + GAP)
        y = top + number // columns * height
        page.paste(_small(chip(tile.face)), (x, y))
        for line, (said, ink) in enumerate(zip(tile.lines, (_INK, _PALE), strict=False)):
            text = _fitting(draw, shown(said), _font(_TEXT), TILE)
            draw.text((x + TILE / 2, y + TILE + 4 + line * (_TEXT + 3)), text, ink, _font(_TEXT), anchor="ma")
    if sheet.note:
        draw.text((MARGIN, page.height - end), sheet.note, _PALE, _font(_TEXT))
    return _jpeg(page)


def of_person(path: str, name: str, pictures: int, faces: Sequence[tuple[int, int]], hidden: int = 0) -> Sheet:
    """The sheet of a person. faces: (row, id) of those that are shown, the best first. hidden: how many are not."""
    best = faces[:MOST]
    rest = f", the best {MOST} of them here" if len(faces) > MOST else ""
    return Sheet(
        path=path,
        title=name,
        about=with_hidden(f"{counted(len(faces), 'face')} in {counted(pictures, 'picture')}", hidden) + rest,
        tiles=tuple(Tile(face=row) for row, _ in best),
        ids=tuple(face for _, face in best),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """Somebody on the sheet of everybody: the best face (row and id), the name, how many are shown and how many not."""

    face: int
    id: int
    name: str
    count: int
    hidden: int = 0


def of_everybody(title: str, about: str, people: Sequence[Portrait], path: Callable[[int], str]) -> list[Sheet]:
    """The pages of everybody, in the order in which they come. path: number of a page, from 1 -> its path."""
    pages = []
    for start in range(0, min(len(people), PAGE * PAGES), PAGE):
        each, number = people[start : start + PAGE], start // PAGE + 1
        left = len(people) - PAGE * PAGES if number == PAGES else 0
        of = f" (page {number} of {min(-(-len(people) // PAGE), PAGES)})" if len(people) > PAGE else ""
        pages.append(
            Sheet(
                path=path(number),
                title=title,
                about=about + of,
                tiles=tuple(
                    Tile(face=p.face, lines=(p.name, with_hidden(counted(p.count, "face"), p.hidden))) for p in each
                ),
                ids=tuple(p.id for p in each),
                note=f"{left:,} more people stand in faces.csv." if left > 0 else "",
            )
        )
    return pages


def thumbnail(chip: bytes, side: int) -> bytes:
    """The chip as a small JPEG for a page."""
    return _jpeg(_small(chip).resize((side, side), Image.Resampling.LANCZOS))


def _small(chip: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(chip)) as image:
            return _filled(image.convert("RGB")).resize((TILE, TILE), Image.Resampling.LANCZOS)
    except OSError:
        return Image.new("RGB", (TILE, TILE), _EMPTY)


def _filled(image: Image.Image) -> Image.Image:
    """As much around the face as there is picture: outside of it a chip is black."""
    dark = np.asarray(image.convert("L")) < _BLACK
    for margin in _MARGINS:
        side = int(image.width * margin)
        if dark[side : image.height - side, side : image.width - side].mean() < _OUTSIDE:
            break
    return image.crop((side, side, image.width - side, image.height - side))


def _jpeg(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=_QUALITY, optimize=True)
    return data.getvalue()


def _fitting(draw: ImageDraw.ImageDraw, text: str, font: Font, width: float) -> str:
    """The text, its end left out where it is wider."""
    whole, kept = text, len(text)
    while draw.textlength(text, font) > width and kept > 1:
        kept -= 1
        text = whole[:kept].rstrip() + "…"
    return text


@functools.cache
def _font(size: int) -> Font:
    """DejaVu, which has most alphabets, where the system has it."""
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)
