"""Numbers from text, whole columns at once: to the last bit what ``float`` makes of each word, much faster."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

_EXACT, _DIGITS = 2**53, 18
"""Whole numbers below the first are exact as floats; so many digits are sure to fit into 64 bits."""
_TENS = np.array([float(f"1e{power}") for power in range(23)])
"""The powers of ten that are exact as floats: what is divided by one of them is rounded once, as ``float`` rounds."""
_RARE = 8
"""One word in so many may have an exponent or too many digits, and is read by itself; with more, all are."""


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """The words of a text: where each begins, and where it ends."""

    text: bytes
    starts: Int[np.ndarray, " n"]
    ends: Int[np.ndarray, " n"]

    def having(self, letters: bytes) -> Bool[np.ndarray, " n"]:
        """Which words have one of these letters in them."""
        found = np.zeros(len(self.starts), bool)
        if any(letter in self.text for letter in letters):
            places = np.flatnonzero(np.isin(np.frombuffer(self.text, np.uint8), list(letters)))
            found[np.searchsorted(self.starts, places, side="right") - 1] = True
        return found

    def without(self, which: Bool[np.ndarray, " n"]) -> _Words:
        """The same words, but zeros where these were."""
        blank = bytearray(self.text)
        for start, end in zip(self.starts[which].tolist(), self.ends[which].tolist(), strict=True):
            blank[start:end] = b"0" * (end - start)
        return _Words(bytes(blank), self.starts, self.ends)


def floats(text: bytes) -> Float[np.ndarray, " n"]:
    """The numbers in a text of digits, signs, dots, "e", "E" and blanks. Raises ValueError: a word is no number."""
    edges = _edges(np.frombuffer(text, np.uint8) > ord(" "))
    words = _Words(text, edges[::2], edges[1::2])
    single = words.having(b"eE")
    found = _decimals(words.without(single)) if np.count_nonzero(single) * _RARE <= len(single) else None
    if found is not None:
        numbers, sure = found
        single |= ~sure
        if np.count_nonzero(single) * _RARE <= len(single):
            for which in np.flatnonzero(single).tolist():
                numbers[which] = float(text[words.starts[which] : words.ends[which]])
            return numbers
    every = text.split()
    return np.fromiter(map(float, every), np.float64, count=len(every))


def _decimals(words: _Words) -> tuple[Float[np.ndarray, " n"], Bool[np.ndarray, " n"]] | None:
    """The numbers, and which of them are sure; None where not each word is a sign, digits and a dot among them."""
    letters = np.frombuffer(words.text, np.uint8)
    first = letters[words.starts]
    minus, dots = first == ord("-"), np.flatnonzero(letters == ord("."))
    dotted = np.searchsorted(words.starts, dots, side="right") - 1
    whole = words.text.translate(None, b".")
    digits = whole.translate(None, b"+-")
    signs = np.count_nonzero(minus | (first == ord("+")))
    one_of_each = len(whole) - len(digits) == signs and (np.diff(dotted) > 0).all()
    if not one_of_each or len(_edges(np.frombuffer(digits, np.uint8) > ord(" "))) != 2 * len(first):
        return None
    values = np.abs(np.fromstring(whole, np.int64, sep=" "))
    places = np.zeros(len(first), np.intp)
    places[dotted] = words.ends[dotted] - dots - 1
    sure = (words.ends - words.starts <= _DIGITS) & (values < _EXACT) & (places < len(_TENS))
    return np.copysign(values / _TENS[np.minimum(places, len(_TENS) - 1)], 0.5 - minus), sure


def _edges(inside: Bool[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Where words begin and end, in turns, by what is inside of one."""
    return np.flatnonzero(np.diff(inside, prepend=False, append=False))
