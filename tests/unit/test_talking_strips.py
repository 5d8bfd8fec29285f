"""Film strips: five frames a second of each film, under each other at the same time, and the sound below."""

import cv2
import numpy as np

from bench.strips import ACROSS, EVERY, GAP, LINE, WAVE, WIDE, strips

TALL = LINE + 2 * (LINE + WIDE) + WAVE + GAP


def film(level, frames):
    return np.stack([np.full((64, 64, 3), level + row, dtype=np.uint8) for row in range(frames)])


def test_films_stand_under_each_other_frame_by_frame_with_their_sound():
    frames = ACROSS * EVERY + 11
    sound = np.zeros(frames * 640, dtype=np.float32)
    sound[EVERY * 640 : 2 * EVERY * 640] = 0.5  # as long as the second frame of the strip is shown
    png = strips({"truth": film(0, frames), "film": film(100, frames)}, sound, since=3.0)
    sheet = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert sheet.shape == (2 * TALL, ACROSS * WIDE, 3)
    middles = np.arange(ACROSS) * WIDE + WIDE // 2
    assert sheet[2 * LINE + WIDE // 2, middles, 0].tolist() == [EVERY * n for n in range(ACROSS)]
    assert sheet[3 * LINE + WIDE + WIDE // 2, middles, 0].tolist() == [100 + EVERY * n for n in range(ACROSS)]
    assert sheet[TALL + 2 * LINE + WIDE // 2, middles[:4], 0].tolist() == [60, 65, 70, 255], "what is left, then paper"
    wave = sheet[3 * LINE + 2 * WIDE + WAVE // 2 - 5]
    loud = [bool((wave[n * WIDE + 20 : (n + 1) * WIDE - 20] != 255).any()) for n in range(ACROSS)]
    assert loud == [n == 1 for n in range(ACROSS)]
