"""A mesh as the morph knows it, and what makes one usable, whatever reader it came from."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image

from pipelines.morph.polygons import Damaged, Polygons
from pipelines.morph.wording import counted

LEAST_VERTICES = 4
MOST_VERTICES = 20_000_000
MOST_FACES = 40_000_000
FARTHEST = 1e12
"""A coordinate beyond this, in any unit, is damage; and its square must stay a number."""
MOST_PIXELS = 64_000_000
"""A picture with more is refused before it is decoded."""
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "TGA")


class BadPicture(Exception):
    """A picture that cannot be used; the message goes on from the picture's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texture:
    """The picture on a mesh, not yet decoded. origin: its file's name, for messages. source: a file, or its bytes."""

    origin: str
    source: Path | bytes

    def pixels(self) -> UInt8[np.ndarray, "h w 3"]:
        """The picture as RGB, first row on top. Raises BadPicture: unreadable, cut short, or over MOST_PIXELS."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow warns of oddities that it then reads well
                return self._decoded()
        except BadPicture:
            raise
        except Image.DecompressionBombError as bomb:
            raise BadPicture(f"has more than {MOST_PIXELS // 10**6} million pixels") from bomb
        except Exception as problem:  # a decoder's own, of any kind
            raise BadPicture(f"cannot be read as a picture ({type(problem).__name__})") from problem

    def _decoded(self) -> UInt8[np.ndarray, "h w 3"]:
        file = io.BytesIO(self.source) if isinstance(self.source, bytes) else self.source
        with Image.open(file, formats=_FORMATS) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise BadPicture(f"has {width:,} x {height:,} pixels, over the {MOST_PIXELS // 10**6} million allowed")
            if picture.mode.startswith("I;16"):  # Pillow would clip these to 255
                grey = (np.asarray(picture).astype(np.uint16) >> 8).astype(np.uint8)
                return np.repeat(grey[:, :, None], 3, axis=2)
            return np.asarray(picture.convert("RGB"), dtype=np.uint8)


@dataclass(frozen=True, kw_only=True, eq=False)
class Mesh:
    """A usable mesh: finite, all indices in range, with an area.

    name: the file's stem. file: the file's name, for messages. vertices: in the file's own unit and order.
    faces: triangles (polygons are fanned from their first corner), in the file's order. face_count: how many faces
    the file has, before fanning; sizes: how many corners each of them has, None where all are triangles. uvs: V points
    up (0 is the picture's bottom row). uv_faces: indices into uvs, one triple a triangle. colors: 0 to 1. texture:
    only where there are uvs. warnings: sentences for the receipt.
    """

    name: str
    file: str = ""
    vertices: Float[np.ndarray, "v 3"]  # float64
    faces: Int[np.ndarray, "f 3"]  # int32
    face_count: int
    sizes: Int[np.ndarray, " p"] | None = None  # int32
    uvs: Float[np.ndarray, "t 2"] | None = None  # float32
    uv_faces: Int[np.ndarray, "f 3"] | None = None  # int32
    colors: Float[np.ndarray, "v 3"] | None = None  # float32
    texture: Texture | None = None
    warnings: tuple[str, ...] = ()

    @cached_property
    def used(self) -> Int[np.ndarray, " u"]:
        """The numbers of the vertices that a face uses, in order: others are not seen and should have no say."""
        return np.flatnonzero(np.bincount(self.faces.reshape(-1), minlength=len(self.vertices)))


def usable(polygons: Polygons, file: str) -> Mesh:
    """The polygons as a mesh, not yet textured.

    A usable mesh has at least LEAST_VERTICES vertices and one face, all coordinates finite and within FARTHEST, all
    indices in range, and faces that together have an area. Raises Damaged. Texture coordinates and colours that
    cannot be used are left out with a warning.
    """
    _check_counts(len(polygons.vertices), polygons.sizes)
    _check_vertices(polygons.vertices)
    _check_corners(polygons)
    fan = fanned(polygons.sizes)
    faces = polygons.corners[fan].astype(np.int32)
    _check_area(polygons.vertices, faces)
    uvs, uv_faces, about_uvs = _uvs(polygons, fan)
    colors, about_colors = _colors(polygons)
    return Mesh(
        name=Path(file).stem,
        file=file,
        vertices=np.ascontiguousarray(polygons.vertices, dtype=np.float64),
        faces=faces,
        face_count=len(polygons.sizes),
        sizes=None if (polygons.sizes == 3).all() else polygons.sizes.astype(np.int32),  # noqa: PLR2004  a triangle
        uvs=uvs,
        uv_faces=uv_faces,
        colors=colors,
        warnings=(*polygons.warnings, *about_uvs, *about_colors),
    )


def fanned(sizes: Int[np.ndarray, " f"]) -> Int[np.ndarray, "triangles 3"]:
    """For each triangle the three places in the row of corners, each polygon fanned from its first corner."""
    counts = sizes.astype(np.int64) - 2
    first = np.repeat(np.cumsum(sizes, dtype=np.int64) - sizes, counts)
    step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.stack([first, first + step + 1, first + step + 2], axis=1)


def _check_counts(vertices: int, sizes: Int[np.ndarray, " f"]) -> None:
    if vertices == 0:
        raise Damaged("it holds no vertices")
    if len(sizes) == 0:
        raise Damaged(f"it holds {counted(vertices, 'vertex', 'vertices')} and no faces, so it is no surface")
    if vertices < LEAST_VERTICES:
        raise Damaged(f"it has {counted(vertices, 'vertex', 'vertices')}, and a head needs at least {LEAST_VERTICES}")
    if vertices > MOST_VERTICES or len(sizes) > MOST_FACES:
        raise Damaged(f"{vertices:,} vertices and {len(sizes):,} faces are more than visaged can morph")


def _check_vertices(vertices: Float[np.ndarray, "v 3"]) -> None:
    good = np.isfinite(vertices).all(axis=1)
    if not good.all():
        which = int(np.argmin(good))
        values = ", ".join(f"{x:g}" for x in vertices[which])
        bad = counted(int((~good).sum()), "vertex is", "vertices are")
        raise Damaged(f"{bad} not finite; the first is vertex {which + 1:,}: ({values})")
    if np.abs(vertices).max() > FARTHEST:
        raise Damaged(f"a coordinate of {np.abs(vertices).max():.3g} is beyond any head")
    if (vertices == vertices[0]).all():
        raise Damaged(f"all its {len(vertices):,} vertices lie at one point")


def _check_corners(polygons: Polygons) -> None:
    wrong = (polygons.corners < 0) | (polygons.corners >= len(polygons.vertices))
    if wrong.any():
        corner = int(np.argmax(wrong))
        face = int(np.searchsorted(np.cumsum(polygons.sizes), corner, side="right"))
        raise Damaged(
            f"face {face + 1:,} points to vertex {int(polygons.corners[corner]) + 1:,}, "
            f"but there are only {len(polygons.vertices):,}"
        )


def _check_area(vertices: Float[np.ndarray, "v 3"], faces: Int[np.ndarray, "f 3"]) -> None:
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    if not np.cross(b - a, c - a).any():
        raise Damaged(f"none of its {counted(len(faces), 'triangle')} has an area")


Uvs = tuple[Float[np.ndarray, "t 2"] | None, Int[np.ndarray, "f 3"] | None, tuple[str, ...]]


def _uvs(polygons: Polygons, fan: Int[np.ndarray, "f 3"]) -> Uvs:
    uvs, corners = polygons.uvs, polygons.uv_corners
    if uvs is None or corners is None or (corners < 0).all():
        return None, None, ()
    if corners.max() >= len(uvs):
        return None, None, (f"its texture coordinates end at {len(uvs):,} but its faces ask for more: left out",)
    used = np.zeros(len(uvs), dtype=bool)
    used[corners[corners >= 0]] = True
    if not (np.abs(uvs[used]) < FARTHEST).all():
        return None, None, ("some of its texture coordinates are not finite: left out",)
    uvs = np.where(used[:, None], uvs, 0.0)
    bare = int((corners < 0).sum())
    if not bare:
        return uvs.astype(np.float32), corners[fan].astype(np.int32), ()
    uvs = np.concatenate([uvs, np.zeros((1, 2))])
    corners = np.where(corners < 0, len(uvs) - 1, corners)
    about = f"{counted(bare, 'corner')} of its faces have no texture coordinates and show one point of the texture"
    return uvs.astype(np.float32), corners[fan].astype(np.int32), (about,)


def _colors(polygons: Polygons) -> tuple[Float[np.ndarray, "v 3"] | None, tuple[str, ...]]:
    if polygons.colors is None:
        return None, ()
    if not np.isfinite(polygons.colors).all():
        return None, ("some of its vertex colours are not finite: left out",)
    return np.clip(polygons.colors, 0.0, 1.0).astype(np.float32), ()
