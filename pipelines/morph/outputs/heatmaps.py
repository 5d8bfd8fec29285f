"""Maps: values shown as colours, on the mesh or on the texture, each with the colour bar that says what they mean."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image, ImageDraw, ImageFont

from pipelines.morph.outputs.displacement import Displacements
from pipelines.morph.outputs.scale import Scale, about_zero, of_lengths
from pipelines.morph.png import encoded
from pipelines.morph.sheet import INK, PALE, PAPER
from pipelines.morph.surface import Paint, Picture
from pipelines.morph.wording import shown

if TYPE_CHECKING:  # few meshes have textures, and what compares these takes long to load
    from pipelines.morph.outputs.texture import TextureDifferences

Draw = Callable[[Sequence[Paint]], Sequence[Picture]]
"""Draws the mesh unlit in each paint's colours, as ``Renderer.painted`` does."""

_UNIT = 512
"""Pixels of a picture for which text and gaps are measured; all grows with the picture."""
_LEAST = 256
"""Pixels that a page has room for across: a bar needs them, however small the picture is."""
_GAP, _TITLE, _BAR, _UNDER = 10, 46, 18, 70
_BACKGROUND = (236, 238, 241)
_LEVELS = 1021
"""Different colours that a texture's map may have: four for each step of a table, more than eight bits can show."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Map:
    """One map without its bar. name: of its file. about: the line under the bar (plain ASCII: the font has no more)."""

    name: str
    title: str
    about: str
    picture: Picture
    scale: Scale


def shape_maps(moved: Displacements, draw: Draw) -> tuple[Map, Map, Map]:
    """The displacement along the normal, along the surface, and in all, drawn in one and the same framing."""
    told = (
        ("shape-normal", "Normal displacement: red outwards, blue inwards", moved.normal, about_zero(moved.normal)),
        ("shape-tangent", "Tangent displacement: along the surface", moved.tangent, of_lengths(moved.tangent)),
        ("shape-total", "Total displacement", moved.total, of_lengths(moved.total)),
    )
    pictures = draw([Paint(values, scale.table, (scale.lo, scale.hi)) for _, _, values, scale in told])
    normal, tangent, total = (
        Map(name=name, title=title, about=f"in the mesh's unit; {_told(values)}", picture=picture, scale=scale)
        for (name, title, values, scale), picture in zip(told, pictures, strict=True)
    )
    return normal, tangent, total


def texture_maps(found: TextureDifferences, size: int) -> tuple[Map, Map, Map]:
    """The differences in lightness, chroma and CIEDE2000 as pictures of at most size pixels a side; background grey."""

    def one(name: str, title: str, values: Float[np.ndarray, "h w"], *, signed: bool = False) -> Map:
        on_face = values[found.face]
        scale = about_zero(on_face) if signed else of_lengths(on_face)
        told = f"in units of CIE Lab; {_told(on_face)}" if on_face.size else "all of both textures is background"
        return Map(name=name, title=title, about=told, picture=_painted(values, found.face, scale, size), scale=scale)

    return (
        one("texture-lightness", "Lightness: red lighter in B, blue darker", found.lightness, signed=True),
        one("texture-chroma", "Chroma: distance in a and b", found.chroma),
        one("texture-delta-e", "Colour difference, CIEDE2000", found.delta_e),
    )


def write_maps(maps: Sequence[Map], a: str, b: str, sheet: Path) -> tuple[Path, ...]:
    """Afterwards each map is a PNG beside ``sheet``, which shows all of them; all the files.

    a, b: what the meshes are called; any text is safe.
    """
    panels = [panel(one) for one in maps]
    paths = [sheet.with_name(f"{one.name}.png") for one in maps]
    whole = _sheet(panels, f"{shown(a)} to {shown(b)}")
    for path, picture in zip([*paths, sheet], [*panels, whole], strict=True):
        path.write_bytes(encoded(np.asarray(picture)))
    return (*paths, sheet)


def panel(one: Map) -> Image.Image:
    """The map with its title above and its bar below: round ticks, arrows where values go on, and the true extremes."""
    height, width = one.picture.shape[:2]
    room = max(width, height, _LEAST)
    grain = room / _UNIT
    side, top, under = round(_GAP * grain), round(_TITLE * grain), round((_BAR + _UNDER + _GAP) * grain)
    page = Image.new("RGB", (room + 2 * side, top + height + under), PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((page.width / 2, top / 2), one.title, INK, _font(draw, one.title, 20 * grain, room), anchor="mm")
    page.paste(Image.fromarray(one.picture), (side + (room - width) // 2, top))
    _bar(page, one.scale, top + height + side, grain)
    foot = page.height - 17 * grain
    draw.text((page.width / 2, foot), one.about, PALE, _font(draw, one.about, 17 * grain, room), anchor="mm")
    return page


def _bar(page: Image.Image, scale: Scale, top: int, grain: float) -> None:
    """The colour bar of a page across its width, a triangle at each end where values lie beyond."""
    draw, tall = ImageDraw.Draw(page), round(_BAR * grain)
    inset = round((_GAP + 36) * grain)
    left, right = inset, page.width - inset
    colours = scale.colours(np.linspace(scale.lo, scale.hi, right - left))
    strip = np.broadcast_to(np.rint(colours * 255).astype(np.uint8), (tall, right - left, 3))
    page.paste(Image.fromarray(np.ascontiguousarray(strip)), (left, top))
    beyond = ((left - 1, -tall, 0, scale.least < scale.lo), (right, tall, -1, scale.most > scale.hi))
    for base, way, end, there in beyond:
        if there:
            tip = [(base, top), (base + way * 0.8, top + tall / 2), (base, top + tall - 1)]
            draw.polygon(tip, fill=(int(strip[0, end, 0]), int(strip[0, end, 1]), int(strip[0, end, 2])))
    font = ImageFont.load_default(17 * grain)
    for value, text in _labels(scale):
        x = left + (value - scale.lo) / (scale.hi - scale.lo) * (right - left - 1)
        half = draw.textlength(text, font) / 2 + 2
        draw.line([(x, top + tall), (x, top + tall + 5 * grain)], PALE, max(1, round(grain)))
        at = min(max(x, half), page.width - half)  # all of it on the page
        draw.text((at, top + tall + 8 * grain), text, INK, font, anchor="mt")


def _labels(scale: Scale) -> list[tuple[float, str]]:
    """What stands under the bar: its ends, marked where values go on, and the round numbers far enough from them."""
    room = 0.2 * (scale.hi - scale.lo)
    low, high = "<= " * (scale.least < scale.lo), ">= " * (scale.most > scale.hi)
    inner = [(tick, f"{tick:.6g}") for tick in scale.ticks() if scale.lo + room < tick < scale.hi - room]
    return [(scale.lo, low + scale.told(scale.lo)), *inner, (scale.hi, high + scale.told(scale.hi))]


def _sheet(panels: Sequence[Image.Image], heading: str) -> Image.Image:
    grain = panels[0].width / (_UNIT + 2 * _GAP)
    top = round(_TITLE * grain)
    sheet = Image.new("RGB", (sum(p.width for p in panels), top + max(p.height for p in panels)), PAPER)
    draw = ImageDraw.Draw(sheet)
    font = _font(draw, heading, 22 * grain, sheet.width - 2 * _GAP)
    draw.text((sheet.width / 2, top * 0.6), heading, INK, font, anchor="mm")
    left = 0
    for one in panels:
        sheet.paste(one, (left, top))
        left += one.width
    return sheet


def _painted(values: Float[np.ndarray, "h w"], face: Bool[np.ndarray, "h w"], scale: Scale, size: int) -> Picture:
    """The values as colours, reduced to size; where a pixel is part face, part background, the face counts alone."""
    weight = _reduced(face.astype(np.float32), size)
    mean = _reduced(np.where(face, values, 0).astype(np.float32), size) / np.maximum(weight, 1e-6)
    levels = np.rint(255 * scale.colours(np.linspace(scale.lo, scale.hi, _LEVELS))).astype(np.uint8)
    place = np.clip((mean - scale.lo) * ((_LEVELS - 1) / (scale.hi - scale.lo)), 0, _LEVELS - 1)
    picture = levels[np.rint(place).astype(np.intp)]
    picture[weight == 0] = _BACKGROUND
    return np.asarray(picture)


def _reduced(values: Float[np.ndarray, "h w"], size: int) -> Float[np.ndarray, "y x"]:
    height, width = values.shape
    factor = min(size / max(height, width), 1.0)
    target = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(Image.fromarray(values).resize(target, Image.Resampling.BOX))


def _told(values: Float[np.ndarray, " n"]) -> str:
    """The mean and the true extremes; of lengths, whose least is no news, only the largest."""
    least, most = float(values.min()), float(values.max())
    ends = f"from {least:.4g} to {most:.4g}" if least < 0 else f"largest {most:.4g}"
    return f"mean {float(values.mean(dtype=np.float64)):.4g}, {ends}"


def _font(
    draw: ImageDraw.ImageDraw, text: str, size: float, room: float
) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font in that size, or smaller where the text would be wider than room; never under 6 pixels."""
    wide = draw.textlength(text, ImageFont.load_default(size))
    return ImageFont.load_default(max(6.0, math.floor(size * room / wide)) if wide > room else size)
