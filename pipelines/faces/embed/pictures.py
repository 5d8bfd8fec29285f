"""A file that a user dropped as upright pixels, or the plain sentence why it cannot be had."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from pipelines.faces.embed.pixels import orientation, upright

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "DIB", "GIF", "AVIF", "HEIF")
"""What is opened, whatever a file is called; nothing that would run another program."""
ENOUGH = 0.5
"""Share of a cut-off JPEG that must be there for it to be looked at."""
_SIDEWAYS = (5, 6, 7, 8)
_HEAD = 64
_MEGA = 1_000_000

Image.MAX_IMAGE_PIXELS = None  # max_pixels decides, before anything is decoded


class Unreadable(Exception):
    """Raised for a file that cannot be looked at; the message is a plain sentence for the user."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opened:
    """A picture. width, height: of the whole, upright; pixels may be fewer. there: share of it that is not cut off."""

    pixels: UInt8[np.ndarray, "h w 3"]
    width: int
    height: int
    there: float = 1.0

    @property
    def reduction(self) -> float:
        """Pixels of the whole along a side of one that is here."""
        return float(self.width / self.pixels.shape[1])


Reducible = Callable[[int, int], int]
"""Width and height, upright -> how many times smaller along each side the picture may be: 1, 2, 4 or 8."""


def whole(_width: int, _height: int) -> int:
    """Nothing may be left out."""
    return 1


def read(path: Path, max_pixels: int, reducible: Reducible = whole) -> Opened:
    """The first picture in path, made smaller while it is decoded where the format can do that (JPEG).

    Raises Unreadable.
    """
    try:
        with path.open("rb") as file:
            return _read(file, max_pixels, reducible)
    except Unreadable:
        raise
    except UnidentifiedImageError:
        raise Unreadable(_foreign(path)) from None
    except MemoryError:
        raise Unreadable("It needs more memory than there is. Make it smaller.") from None
    # What decoders raise for broken files has no end: a struct.error, a SyntaxError, an IndexError.
    except Exception as why:
        raise Unreadable(f"It is damaged and cannot be decoded ({_words(why)}). Copy it again.") from why


def _read(file: object, max_pixels: int, reducible: Reducible) -> Opened:
    image = _identified(file)
    width, height = image.size
    if width * height > max_pixels:
        raise Unreadable(
            f"It has {width * height / _MEGA:,.0f} million pixels ({width} x {height}), more than max_pixels "
            f"({max_pixels / _MEGA:,.0f} million). Make it smaller, or raise max_pixels."
        )
    if not width or not height:
        raise Unreadable("It has no pixels.")
    if orientation(image) in _SIDEWAYS:
        width, height = height, width
    _drafted(image, reducible(width, height))
    try:
        return Opened(pixels=upright(image), width=width, height=height)
    except (OSError, SyntaxError) as why:
        if image.format not in {"JPEG", "MPO"}:
            raise
        return _cut_off(file, image, (width, height), why)


def _identified(file: object) -> Image.Image:
    """The image, its pixels not yet decoded. The readers of formats are loaded once a file is no JPEG."""
    with suppress(UnidentifiedImageError):
        return Image.open(file, formats=("JPEG",))  # type: ignore[arg-type]
    Image.init()
    with suppress(ImportError):
        import_module("pillow_heif").register_heif_opener(thumbnails=False, decode_threads=1)
    return Image.open(file, formats=[name for name in FORMATS if name in Image.OPEN])  # type: ignore[arg-type]


def _drafted(image: Image.Image, reduction: int) -> None:
    if reduction > 1:
        image.draft(image.mode, (max(1, image.width // reduction), max(1, image.height // reduction)))


def _cut_off(file: object, image: Image.Image, size: tuple[int, int], why: Exception) -> Opened:
    """What is there of a JPEG that ends too early, if that is most of it.

    The decoder is given the missing end mark; it fills the rest with one colour.
    """
    file.seek(0)  # type: ignore[attr-defined]
    again = Image.open(BytesIO(file.read() + b"\xff\xd9" * 8), formats=("JPEG",))  # type: ignore[attr-defined]
    again.draft(image.mode, image.size)
    try:
        rows = np.asarray(again)
    except (OSError, SyntaxError):
        raise why from None
    there = _written(rows)
    if there < ENOUGH:
        raise Unreadable(f"It is cut off: only {there:.0%} of it is there. Copy it again.")
    return Opened(pixels=upright(again), width=size[0], height=size[1], there=there)


def _written(rows: UInt8[np.ndarray, "h w *c"]) -> float:
    """The share of rows above those at the end that have but one colour."""
    flat = rows.reshape(len(rows), -1, rows.shape[2] if rows.ndim > 2 else 1)  # noqa: PLR2004
    plain = (flat == flat[-1:, -1:]).all(axis=(1, 2))
    return 1.0 - float(np.argmin(plain[::-1]) if not plain.all() else len(plain)) / len(plain)


def _foreign(path: Path) -> str:
    """Why a file is no picture that is known."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return "It is empty (0 bytes). Copy it again."
    if head[4:8] == b"ftyp":
        video = head[8:12] not in {b"heic", b"heix", b"mif1", b"heif", b"avif"}
        return (
            "It is a video, not a picture, whatever its name says. Give it the ending of a video, such as .mp4."
            if video
            else "It is HEIC, and no reader of that is installed: pip install pillow-heif."
        )
    if all(byte >= 0x20 or byte in b"\t\n\r" for byte in head):  # noqa: PLR2004
        return "It is text, not a picture, whatever its name says."
    if not any(head):
        return "It holds nothing but zeros. Copy it again."
    return "It is none of the pictures that are known: JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC, AVIF."


def _words(why: Exception) -> str:
    said = " ".join(str(why).split())
    return (said or type(why).__name__)[:120].rstrip(". ")
