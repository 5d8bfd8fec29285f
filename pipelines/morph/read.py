"""From a file to a mesh: the one door through which meshes come in, and where everything wrong becomes a sentence."""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from pipelines.contract import BadInput
from pipelines.morph.mesh import Mesh, usable
from pipelines.morph.polygons import Damaged, Polygons
from pipelines.morph.textures import Item, textured
from pipelines.morph.wording import alike, listed, shown

MOST_BYTES = 256 * 1024**2
"""A head has a few MiB; text takes about twenty times its size in memory while it is read."""

FORMATS, SHAPED = (".obj", ".ply", ".glb", ".stl", ".fbx"), (".glb", ".fbx")
"""The suffixes of meshes, and of those that have blend shapes; each is read by the module of its name."""


def read(path: Path, item: Item | None = None, shape: str | None = None) -> Mesh:
    """The usable mesh that a file holds, textured where the item has a picture for it.

    item: the files that were dropped with it. shape: the blend shape to show with its whole weight, and no other; then
    the mesh is called as the file, "#" and the shape. Raises BadInput with a sentence that names the file, what is
    wrong with it, and what to do. OSError: the file cannot be reached, which is not its fault.
    """
    name = shown(path.name)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        kinds = ", ".join(suffix[1:].upper() for suffix in FORMATS)
        raise BadInput(f"{name} is not a mesh that visaged reads ({kinds}). Convert it, or take it out.")
    data = _bytes(path, name)
    try:
        polygons = _parser(suffix)(data) if shape is None else _with_shape(path, data, shape)
        mesh = textured(usable(polygons, path.name), polygons, path, item or Item())
    except Damaged as why:
        raise BadInput(f"{name} cannot be used: {why}. Export it again, or take it out.") from why
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as problem:
        kind = type(problem).__name__
        raise BadInput(f"{name} cannot be used: it is damaged ({kind}). Export it again, or take it out.") from problem
    warnings = mesh.warnings
    if shape is not None:
        mesh = replace(mesh, name=f"{mesh.name}_{shape}", file=f"{mesh.file}#{shape}")
    elif polygons.turned_on:
        warnings = (*warnings, _turned_on(path.name, polygons.turned_on))
    return replace(mesh, warnings=tuple(f"{name}: {warning}" for warning in warnings))


def _parser(suffix: str) -> Callable[..., Polygons]:
    """The ``parse`` of a format, bytes -> polygons, raises Damaged. Loaded here: most jobs need but one of them."""
    parse: Callable[..., Polygons] = import_module(f"pipelines.morph.{suffix[1:]}").parse
    return parse


def _turned_on(name: str, shapes: Sequence[str]) -> str:
    one = f"{shown(name)}#{shown(shapes[0])}"
    on = f"{listed(shapes)} {'is' if len(shapes) == 1 else 'are'} turned on"
    return f"in the file {on}, but it is shown without; a manifest can ask for “{one}”"


def _with_shape(path: Path, data: bytes, shape: str) -> Polygons:
    name, asked = shown(path.name), f"its blend shape “{shown(shape)}” is asked for"
    suffix = path.suffix.lower()
    if suffix not in SHAPED:
        kinds = " and ".join(suffix[1:].upper() for suffix in SHAPED)
        raise BadInput(f"{name}: {asked}, but only {kinds} files have such. Ask for none, or drop such a file.")
    polygons = _parser(suffix)(data, shape)
    if not polygons.shapes:
        raise BadInput(f"{name}: {asked}, but it has none. Export it with its blend shapes, or ask for none.")
    if shape not in polygons.shapes:
        there = f"it has {listed(polygons.shapes)}"
        raise BadInput(f"{name}: {asked}, which it has not{_likely(shape, polygons.shapes)}; {there}.")
    return polygons


def _likely(shape: str, names: Sequence[str]) -> str:
    """The name that is probably meant; exporters put names in front (“blendShape1.smile”)."""
    longer = [name for name in names if shape.lower() in name.lower()]
    return f" (did you mean {shown(longer[0])}?)" if len(longer) == 1 else alike(shape, names)


def _bytes(path: Path, name: str) -> bytes:
    told = path.lstat()
    if not stat.S_ISREG(told.st_mode):
        raise BadInput(f"{name} is not a file of its own (a link or a device). Drop the file itself.")
    if told.st_size == 0:
        raise BadInput(f"{name} is empty (0 bytes). It was probably not copied to its end: copy it again.")
    if told.st_size > MOST_BYTES:
        size = told.st_size / 1024**2
        raise BadInput(f"{name} has {size:,.0f} MiB; visaged reads meshes up to {MOST_BYTES // 1024**2} MiB.")
    return path.read_bytes()
