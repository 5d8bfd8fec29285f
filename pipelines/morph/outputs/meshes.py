"""An OBJ with material and texture for each step of a morph, as Blender and MeshLab open it.

Source: Wavefront Technologies, Object Files (.obj), version 3.0; colours behind the coordinates as MeshLab writes them.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image

from pipelines.morph.blend import Normals, blend
from pipelines.morph.mesh import Mesh
from pipelines.morph.outputs.decimals import faces, places, rows
from pipelines.morph.outputs.fans import begins, corners, first_corners
from pipelines.morph.outputs.skins import jpeg, matched, same_layout
from pipelines.morph.surface import Picture

Points = Float[np.ndarray, "v 3"]

_FINEST = 4e-6
"""Of the mesh's size: what a written coordinate still tells apart."""
_NORMAL_DECIMALS, _UV_DECIMALS = 3, 6
OTHER_LAYOUT = "the two textures are laid out differently, so the exported meshes all have the texture of A."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Covers:
    """What the steps have on them. pictures: one for all, or two to blend; none where there is no texture."""

    pictures: tuple[Image.Image, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """A morph ready to be written as OBJs: what is the same in all of them is text already. Any thread may write.

    shared: the stem of the files that all steps share.
    """

    a: Mesh
    b: Mesh
    normals: Normals
    covers: Covers
    colours: tuple[Points, Points] | None
    uvs: bytes
    faces: bytes
    decimals: int
    shared: str

    def obj(self, t: float, library: str) -> tuple[bytes, ...]:
        """The OBJ at t, in pieces; its material is ``skin`` of the library.

        Where the vertices have colours there is none: under a material most programs would not show them.
        """
        named, used = (b"", b"") if self.colours else (f"mtllib {library}\n".encode("ascii"), b"usemtl skin\n")
        head = f"# visaged: {t:.6f} of the way from A to B\n".encode("ascii")
        vertices = rows(self._vertices(t), self.decimals, lead=b"v ", between=b" ")
        shades = rows(list(self.normals.at(t).T), _NORMAL_DECIMALS, lead=b"vn ", between=b" ")
        return head, named, b"o head\n", vertices, self.uvs, shades, used, b"s 1\n", self.faces

    def write(self, folder: Path, name: str, t: float) -> None:
        """Afterwards folder holds ``<name>.obj``, and where the texture changes its own ``.mtl`` and ``.jpg``.

        Else it uses what ``write_shared`` writes.
        """
        library = f"{self.shared}.mtl"
        if len(self.covers.pictures) > 1:
            one, two = self.covers.pictures
            library = f"{name}.mtl"
            _write(folder / f"{name}.jpg", [jpeg(Image.blend(one, two, t))])
            _write(folder / library, [material(f"{name}.jpg")])
        _write(folder / f"{name}.obj", self.obj(t, library))

    def write_shared(self, folder: Path) -> None:
        """Afterwards folder is there, and holds what all steps share: a material, and its picture if any."""
        folder.mkdir(parents=True, exist_ok=True)
        pictures = self.covers.pictures
        if len(pictures) <= 1 and self.colours is None:
            _write(folder / f"{self.shared}.mtl", [material(f"{self.shared}.jpg" if pictures else None)])
        if len(pictures) == 1:
            _write(folder / f"{self.shared}.jpg", [jpeg(pictures[0])])

    def _vertices(self, t: float) -> list[Float[np.ndarray, " v"]]:
        columns = list(blend(self.a.vertices, self.b.vertices, t).T)
        return columns + list(blend(*self.colours, t).T) if self.colours else columns


def steps(a: Mesh, b: Mesh, normals: Normals, covers: Covers, shared: str = "morph") -> Steps:
    """The morph of two meshes of one topology, ready to be written. Faces are quads where all of the file's were.

    shared: the stem of the files that all steps share; another one for each leg of a chain that goes to one folder.
    """
    begin = begins(a)
    size = float(np.ptp(a.vertices, axis=0).max())
    uvs = rows(list(a.uvs.astype(np.float64).T), _UV_DECIMALS, lead=b"vt ", between=b" ") if a.uvs is not None else b""
    point = corners(a.faces, begin) + 1
    if a.uv_faces is not None:
        lines = faces([point, corners(a.uv_faces, begin) + 1, point], first_corners(begin), b"/")
    else:
        lines = faces([point, point], first_corners(begin), b"//")
    both = (a.colors, b.colors) if a.colors is not None and b.colors is not None and not covers.pictures else None
    return Steps(
        a=a,
        b=b,
        normals=normals,
        covers=covers,
        colours=both,
        uvs=uvs,
        faces=lines,
        decimals=places(size * _FINEST),
        shared=shared,
    )


def covered(a: Mesh, b: Mesh, pictures: tuple[Picture, Picture] | None) -> Covers:
    """What the steps of a pair have on them. pictures: the textures of A and B, decoded, where both have one."""
    if pictures is None or a.uvs is None:
        return Covers()
    one, two = pictures
    if not same_layout(a, b):
        return Covers(pictures=(Image.fromarray(one),), warnings=(OTHER_LAYOUT,))
    if one.shape == two.shape and np.array_equal(one, two):
        return Covers(pictures=(Image.fromarray(one),))
    return Covers(pictures=matched(one, two))


def material(picture: str | None) -> bytes:
    """The material library with the one material ``skin``: matt, white under a picture, else light clay."""
    look = f"Kd 1 1 1\nmap_Kd {picture}\n" if picture else "Kd 0.8 0.78 0.76\n"
    return f"newmtl skin\nKa 0 0 0\nKs 0 0 0\nd 1\nillum 1\n{look}".encode("ascii")


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb", buffering=0) as file:
        for piece in pieces:
            file.write(piece)
