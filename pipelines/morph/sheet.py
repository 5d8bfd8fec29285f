"""The contact sheet: a morph at a glance, from A at the top left to B at the bottom right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipelines.morph.surface import Picture
from pipelines.morph.wording import shown

MOST, COLUMNS = 10, 5
TILE, GAP, CAPTION = 256, 8, 26
PAPER, INK, PALE = (255, 255, 255), (34, 38, 44), (120, 126, 134)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tile:
    """One frame on the sheet. caption: the name of the mesh that it shows, or how far it is between two of them."""

    picture: Picture
    caption: str
    is_name: bool


def picked(frames: int, legs: int = 1) -> tuple[int, ...]:
    """Which frames go on the sheet, the first and the last among them; of so many legs all ends, where there is room.

    frames: of each leg, both its ends included; evenly spread.
    """
    last = frames - 1
    each = min(last, (MOST - 1) // legs)
    if each:
        return tuple(dict.fromkeys(leg * last + round(k * last / each) for leg in range(legs) for k in range(each + 1)))
    return tuple(round(k * legs * last / (MOST - 1)) for k in range(MOST))


def tile(picture: Picture, caption: str, *, is_name: bool = False) -> Tile:
    """The frame in the size that the sheet shows it. caption: the mesh's name, or how far the frame is."""
    whole, times = Image.fromarray(picture), len(picture) // TILE
    if times and len(picture) == times * TILE:  # then the mean of whole pixels is as good, and much faster
        small = whole.reduce(times)
    else:
        small = whole.resize((TILE, TILE), Image.Resampling.LANCZOS)
    return Tile(picture=np.asarray(small), caption=caption, is_name=is_name)


def contact_sheet(tiles: Sequence[Tile]) -> Image.Image:
    """The sheet: the tiles in rows, under each its caption (any text is safe), names darker than what is between."""
    columns = min(COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    size = (GAP + columns * (TILE + GAP), GAP + rows * (TILE + CAPTION + GAP))
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    for number, one in enumerate(tiles):
        x = GAP + number % columns * (TILE + GAP)
        y = GAP + number // columns * (TILE + CAPTION + GAP)
        sheet.paste(Image.fromarray(one.picture), (x, y))
        text = _fitting(draw, shown(one.caption), font)
        draw.text((x + TILE / 2, y + TILE + CAPTION / 2), text, INK if one.is_name else PALE, font, anchor="mm")
    return sheet


def _fitting(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The text, its middle left out where it is wider than a tile."""
    whole, kept = text, len(text)
    while draw.textlength(text, font) > TILE and kept > 1:
        kept -= 1
        text = f"{whole[: kept - kept // 3]}...{whole[len(whole) - kept // 3 :]}"
    return text
