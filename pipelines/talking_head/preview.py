"""Truth and rendering on one page: what a glance at it tells that no figure does."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from jaxtyping import Float64, Int64, UInt8

SHOWN = 8
WIDE = 160
"""Pixels of a picture's side on the page."""
MARGIN, LEGEND, CURVES = 8, 22, 150
LOUDER, CLOSER = 4, 3
_PAPER, _INK, _PALE = (255, 255, 255), (40, 40, 40), (210, 210, 210)
_COLOURS = ((40, 40, 40), (210, 60, 40), (60, 120, 210))


def chosen(opening: Float64[np.ndarray, " t"], count: int = SHOWN) -> Int64[np.ndarray, " k"]:
    """The frames to show: evenly from the most closed mouth to the widest open one, in that order."""
    order = np.argsort(opening, kind="stable")
    return np.asarray(order[np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)])


def page(
    truth: UInt8[np.ndarray, "k s s 3"],
    rendered: UInt8[np.ndarray, "k s s 3"],
    mouths: Float64[np.ndarray, "k 4"],
    curves: Mapping[str, Float64[np.ndarray, " t"]],
) -> bytes:
    """A PNG: the truth, the rendering, what differs (four times as bright), both mouths (three times as large).

    mouths: x0 y0 x1 y1 in pixels. curves: how far the mouth is open in each held-out frame, by whose it is; may be
    empty.
    """
    off = np.abs(truth.astype(np.int16) - rendered) * LOUDER
    rows = [
        ("truth", truth),
        ("rendering", rendered),
        (f"difference x {LOUDER}", np.clip(off, 0, 255).astype(np.uint8)),
        (f"mouths x {CLOSER}: truth", _cut(truth, mouths)),
        (f"mouths x {CLOSER}: rendering", _cut(rendered, mouths)),
    ]
    parts = [_row(title, pictures) for title, pictures in rows]
    if curves:
        parts.append(_plot(curves, parts[0].shape[1]))
    whole = cv2.cvtColor(np.concatenate(parts), cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".png", whole)[1].tobytes())


def _cut(pictures: UInt8[np.ndarray, "k s s 3"], mouths: Float64[np.ndarray, "k 4"]) -> UInt8[np.ndarray, "k m m 3"]:
    """A third of each picture around the mouth."""
    side = pictures.shape[1]
    wide = max(2, side // CLOSER)
    found = []
    for picture, (x0, y0, x1, y1) in zip(pictures, mouths, strict=True):
        left = int(np.clip((x0 + x1 - wide) / 2, 0, side - wide))
        top = int(np.clip((y0 + y1 - wide) / 2, 0, side - wide))
        found.append(picture[top : top + wide, left : left + wide])
    return np.asarray(found)


def _row(title: str, pictures: UInt8[np.ndarray, "k s s 3"]) -> UInt8[np.ndarray, "h w 3"]:
    sheet = _sheet(LEGEND + WIDE, MARGIN + len(pictures) * (WIDE + MARGIN))
    _write(sheet, title, (MARGIN, LEGEND - 7), _INK)
    for column, picture in enumerate(pictures):
        left = MARGIN + column * (WIDE + MARGIN)
        shown = cv2.resize(picture, (WIDE, WIDE), interpolation=cv2.INTER_CUBIC)
        sheet[LEGEND:, left : left + WIDE] = shown
    return sheet


def _plot(curves: Mapping[str, Float64[np.ndarray, " t"]], width: int) -> UInt8[np.ndarray, "h w 3"]:
    sheet = _sheet(LEGEND + CURVES + MARGIN, width)
    _write(sheet, "opening of the mouth in the held-out frames:", (MARGIN, LEGEND - 7), _INK)
    top = max(float(curve.max()) for curve in curves.values()) or 1.0
    at = 340
    for share in (0.0, 0.5, 1.0):
        height = LEGEND + round(CURVES * (1 - share))
        cv2.line(sheet, (MARGIN, height), (width - MARGIN, height), _PALE, 1)
    for (name, curve), colour in zip(curves.items(), _COLOURS, strict=False):
        _write(sheet, name, (at, LEGEND - 7), colour)
        at += 12 * len(name) + 30
        across = np.linspace(MARGIN, width - MARGIN, len(curve))
        down = LEGEND + CURVES * (1 - curve / top)
        points = np.rint(np.stack([across, down], axis=1)).astype(np.int32)
        cv2.polylines(sheet, [points], isClosed=False, color=colour, thickness=1, lineType=cv2.LINE_AA)
    return sheet


def _sheet(height: int, width: int) -> UInt8[np.ndarray, "h w 3"]:
    return np.full((height, width, 3), _PAPER, dtype=np.uint8)


def _write(sheet: UInt8[np.ndarray, "h w 3"], text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.putText(sheet, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
