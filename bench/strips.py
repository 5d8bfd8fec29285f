"""Film strips: truth above, film below, mouths, the time and the sound, as one picture."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from pipelines.talking_head import FPS, HOP

Pictures = UInt8[np.ndarray, "t s s 3"]
ACROSS, EVERY = 12, 5
"""Frames of a strip, and frames from one to the next: five a second."""
WIDE, LINE, WAVE, GAP = 112, 18, 34, 10
"""Pixels: a frame's side, a line of text, the sound, and what is between two strips."""
_INK, _SOUND, _PAPER = (40, 40, 40), (60, 120, 210), 255


def strips(films: dict[str, Pictures], sound: Float32[np.ndarray, " n"], since: float = 0.0) -> bytes:
    """A PNG of the films, one below the other, by their names. sound: theirs. since: seconds of their first frame."""
    frames = min(len(film) for film in films.values())
    sheets = [_strip(films, sound, first, since) for first in range(0, frames, ACROSS * EVERY)]
    whole = cv2.cvtColor(np.concatenate(sheets), cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".png", whole)[1].tobytes())


def _strip(films: dict[str, Pictures], sound: Float32[np.ndarray, " n"], first: int, since: float) -> np.ndarray:
    frames = min(len(film) for film in films.values())
    rows = range(first, min(first + ACROSS * EVERY, frames), EVERY)
    parts = [_times(rows, since)]
    parts += [_row(name, [film[row] for row in rows]) for name, film in films.items()]
    parts += [_wave(sound[first * HOP : (first + ACROSS * EVERY) * HOP]), _sheet(GAP)]
    return np.concatenate(parts)


def _times(rows: range, since: float) -> np.ndarray:
    sheet = _sheet(LINE)
    for column, row in enumerate(rows):
        _write(sheet, f"{since + row / FPS:.1f} s", column * WIDE + 4)
    return sheet


def _row(name: str, pictures: list[np.ndarray]) -> np.ndarray:
    sheet = _sheet(WIDE)
    for column, picture in enumerate(pictures):
        shown = cv2.resize(picture, (WIDE, WIDE), interpolation=cv2.INTER_AREA)
        sheet[:, column * WIDE : (column + 1) * WIDE] = shown
    label = _sheet(LINE)
    _write(label, name, 4)
    return np.concatenate([label, sheet])


def _wave(sound: Float32[np.ndarray, " n"]) -> np.ndarray:
    """The loudest of the samples at each pixel, up and down; as high as there is room for, but silence stays flat."""
    sheet = _sheet(WAVE)
    width, middle = sheet.shape[1], WAVE // 2
    samples = np.zeros(ACROSS * EVERY * HOP, dtype=np.float32)
    samples[: len(sound)] = sound
    loudest = np.abs(samples[: len(samples) // width * width].reshape(width, -1)).max(axis=1)
    tall = (middle - 1) / max(float(loudest.max()), 0.05)
    for column, height in enumerate(np.rint(loudest * tall).astype(int)):
        sheet[middle - height : middle + height + 1, column] = _SOUND
    return sheet


def _sheet(height: int) -> np.ndarray:
    return np.full((height, ACROSS * WIDE, 3), _PAPER, dtype=np.uint8)


def _write(sheet: np.ndarray, text: str, left: int) -> None:
    cv2.putText(sheet, text, (left, LINE - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4, _INK, 1, cv2.LINE_AA)
