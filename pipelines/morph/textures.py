"""Which picture belongs on which mesh: by its material, else by its name, else the only one that lies beside it.

A picture is only ever one of the item's own files: what a material asks for is compared with their names and is never
opened as a path, so no "..", no absolute path and no drive letter leads anywhere else.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipelines.morph import mtl
from pipelines.morph.mesh import BadPicture, Mesh, Texture
from pipelines.morph.polygons import Picture, Polygons
from pipelines.morph.wording import counted, listed, natural, shown

_MOST_MTL = 16 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """The files that were dropped together with a mesh, by what they are; all paths start at the same folder."""

    meshes: tuple[Path, ...] = ()
    images: tuple[Path, ...] = ()
    materials: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A picture, or none, and what to tell about the choice."""

    texture: Texture | None = None
    notes: tuple[str, ...] = ()


def textured(mesh: Mesh, polygons: Polygons, path: Path, item: Item) -> Mesh:
    """The mesh with its texture where there is exactly one to choose and it can be decoded; else it warns why not."""
    asked = _asked(polygons, path, item)
    found = asked if asked.texture else _beside(path, item, asked.notes)
    if found.texture is None:
        return replace(mesh, warnings=mesh.warnings + (found.notes if mesh.uvs is not None else ()))
    name = shown(found.texture.origin)
    if mesh.uvs is None:
        return replace(mesh, warnings=(*mesh.warnings, f"it has no texture coordinates, so {name} is not used"))
    try:
        found.texture.pixels()
    except BadPicture as why:
        return replace(mesh, warnings=(*mesh.warnings, *found.notes, f"{name} {why}, so it stays untextured"))
    return replace(mesh, texture=found.texture, warnings=mesh.warnings + found.notes)


def _asked(polygons: Polygons, path: Path, item: Item) -> _Found:
    """The picture that the mesh's own materials ask for; of several the one on most faces."""
    pictures, notes = _by_material(polygons, path, item)
    share: dict[Picture, int] = {}
    for picture, faces in zip(pictures, _faces_of(polygons, len(pictures)), strict=True):
        if picture is not None and faces:
            share[picture] = share.get(picture, 0) + faces
    if not share:
        return _Found(None, notes)
    most = max(share, key=lambda picture: share[picture])
    if len(share) > 1:
        percent = 100 * share[most] // max(len(polygons.sizes), 1)
        told = f"its materials use {len(share)} pictures; only {shown(most.path)} is shown, which is on most faces"
        notes = (*notes, f"{told} ({percent} %)")
    if most.data is not None:
        return _Found(Texture(origin=_name(most.path), source=most.data), notes)
    image = _lookup(most.path, path.parent, item.images)
    if image is None:
        return _Found(None, (*notes, f"its material asks for {shown(_name(most.path))}, which is not there"))
    return _Found(Texture(origin=image.name, source=image), notes)


def _by_material(polygons: Polygons, path: Path, item: Item) -> tuple[list[Picture | None], tuple[str, ...]]:
    """The picture of each of the mesh's materials; without any, of each one in its libraries."""
    own = [material.picture for material in polygons.materials]
    if not polygons.libraries or any(own):
        return list(own), ()
    library: dict[str, Picture] = {}
    notes = []
    for named in polygons.libraries:
        files = _libraries(named, path.parent, item.materials)
        if not files:
            notes.append(f"its material library {shown(_name(named))} is not there")
        for file in files:
            library |= mtl.parse(_bytes(file))
    if not polygons.materials:
        return list(dict.fromkeys(library.values())), tuple(notes)
    return [library.get(material.name) for material in polygons.materials], tuple(notes)


def _libraries(named: str, folder: Path, files: Sequence[Path]) -> list[Path]:
    """The libraries of a mtllib line: one name with blanks in it, or several names."""
    whole = _lookup(named, folder, files)
    if whole is not None:
        return [whole]
    return [file for file in (_lookup(word, folder, files) for word in named.split()) if file is not None]


def _bytes(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(_MOST_MTL)


def _faces_of(polygons: Polygons, count: int) -> list[int]:
    """How many faces each material covers; where the file does not say, all cover all."""
    of_face = polygons.face_materials
    if of_face is None or not polygons.materials:
        return [len(polygons.sizes)] * count
    return [int(n) for n in np.bincount(of_face[(of_face >= 0) & (of_face < count)], minlength=count)]


def _beside(path: Path, item: Item, notes: tuple[str, ...]) -> _Found:
    """The picture with the mesh's name, else the only one in its folder, else the only one anywhere in the item."""
    images = sorted((i for i in item.images if not i.is_symlink()), key=lambda image: natural(image.name))
    near = [image for image in images if image.parent == path.parent] or images
    chosen = _of_name(path, near, [m for m in item.meshes if m.parent == path.parent and m != path]) or near
    if not chosen:
        return _Found(None, notes)
    if len(chosen) == 1:
        used = f"{shown(chosen[0].name)} is used, the only picture that fits"
        return _Found(Texture(origin=chosen[0].name, source=chosen[0]), (*notes, used) if notes else ())
    several = f"{counted(len(chosen), 'picture')} could be its texture ({listed([image.name for image in chosen])})"
    advice = "it stays untextured: give the picture the mesh's name, or the role texture in a manifest"
    return _Found(None, (*notes, f"{several}, so {advice}"))


def _of_name(path: Path, images: Sequence[Path], others: Sequence[Path]) -> list[Path]:
    """The images named as the mesh; else those named so and then something, unless another mesh's name fits longer."""
    mine = _folded(path.stem)
    same = [image for image in images if _folded(image.stem) == mine]
    longer = [stem for stem in (_folded(other.stem) for other in others) if len(stem) > len(mine)]
    return same or [
        image for image in images if _starts(image, mine) and not any(_starts(image, stem) for stem in longer)
    ]


def _starts(image: Path, stem: str) -> bool:
    """The image's name is the stem and then something else: a_skin.png starts with a, africa.png does not."""
    rest = _folded(image.stem).removeprefix(stem)
    return len(rest) < len(_folded(image.stem)) and not rest[:1].isalnum()


def _lookup(asked: str, folder: Path, files: Sequence[Path]) -> Path | None:
    """The one of the files that is asked for: at that place seen from folder, else the only one of that name."""
    text = asked.replace("\\", "/").strip().strip('"')
    there = os.path.normpath(folder / text)
    own = [file for file in files if not file.is_symlink()]
    exact = [file for file in own if os.path.normpath(file) == there]
    alike = [file for file in own if _folded(file.name) == _folded(_name(text))]
    near = [file for file in alike if file.parent == folder]
    return next((found[0] for found in (exact, near, alike) if len(found) == 1), None)


def _name(path: str) -> str:
    """The last part of a path of any system."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _folded(name: str) -> str:
    """The name as file systems that do not mind capitals or the form of accents compare it."""
    return unicodedata.normalize("NFC", name).casefold()
