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
    """One frame on the sheet. t: 0 is A, 1 is B."""

    picture: Picture
    t: float


def picked(frames: int) -> tuple[int, ...]:
    """Which frames go on the sheet: evenly spread, the first and the last among them."""
    count = min(frames, MOST)
    return tuple(round(k * (frames - 1) / (count - 1)) for k in range(count))


def tile(picture: Picture, t: float) -> Tile:
    """The frame in the size that the sheet shows it."""
    whole, times = Image.fromarray(picture), len(picture) // TILE
    if times and len(picture) == times * TILE:  # then the mean of whole pixels is as good, and much faster
        return Tile(picture=np.asarray(whole.reduce(times)), t=t)
    return Tile(picture=np.asarray(whole.resize((TILE, TILE), Image.Resampling.LANCZOS)), t=t)


def contact_sheet(tiles: Sequence[Tile], a: str, b: str) -> Image.Image:
    """The sheet: the tiles in rows, under each how far it is, under the first and last the names (any text is safe)."""
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
        name = {0: f"A: {shown(a)}", len(tiles) - 1: f"B: {shown(b)}"}.get(number)
        text = _fitting(draw, name, font) if name else f"{one.t:.0%}"
        draw.text((x + TILE / 2, y + TILE + CAPTION / 2), text, INK if name else PALE, font, anchor="mm")
    return sheet


def _fitting(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The text, its middle left out where it is wider than a tile."""
    whole, kept = text, len(text)
    while draw.textlength(text, font) > TILE and kept > 1:
        kept -= 1
        text = f"{whole[: kept - kept // 3]}...{whole[len(whole) - kept // 3 :]}"
    return text
