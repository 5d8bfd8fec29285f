"""Which items are morph's: two meshes or more, their pictures and materials. Pure; standard library alone."""

import fnmatch
from collections.abc import Mapping, Sequence

from pipelines.contract import Claim, Drop, Entry, Refused, Wanting
from pipelines.morph.picks import Pick, roles_of
from pipelines.morph.wording import alike, listed, natural, shown

KINDS: Mapping[str, str] = {
    **dict.fromkeys((".obj", ".ply", ".glb", ".stl", ".fbx"), "mesh"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".tga"), "texture"),
    ".mtl": "material",
}
"""Suffix -> kind of file."""
PRINCIPAL = ("mesh",)
"""The kinds that make an item morph's."""
_READ = "OBJ, PLY, GLB, STL, FBX"
_MANIFESTS = ("manifest.toml", "manifest.json")
_ROLES = ("a", "b", "meshes", "texture")

Answer = Claim | Wanting | Refused


def claim(drop: Drop) -> Answer:
    """What morph makes of an item: a claim, what it still waits for, or why it can never be one.

    Roles of the claim: "mesh" (in natural order), or "a" and "b" where a manifest says so; "texture"; "material".
    Manifest roles: a and b, one file each, or meshes; texture. What no role names is found by its suffix. A mesh may
    be picked with one of its blend shapes, ``face.fbx#smile``, or all by the option ``shape``; a file that is alone
    then becomes a pair, from as modelled to that shape: then the roles of the claim are those of ``picks``.
    """
    problem = _roles_problem(drop)
    if problem:
        return Refused(problem)
    if "a" in drop.roles:
        return _claimed(drop, {"a": _picked(drop, "a"), "b": _picked(drop, "b")})
    picks = _picked(drop, "meshes") if "meshes" in drop.roles else _shaped(drop)
    if len(picks) == 1 and picks[0].shape is not None and "meshes" not in drop.roles:
        return _claimed(drop, {"a": [Pick(path=picks[0].path)], "b": picks})
    meshes = [_written(pick) for pick in picks]
    wanting = _folder(drop, meshes) if drop.folder else _loose(drop, meshes)
    return wanting or _claimed(drop, {"mesh": picks})


def _shaped(drop: Drop) -> list[Pick]:
    """Every mesh of the item, with the blend shape that the options ask for where its format has such."""
    shape = drop.options.get("shape") or None
    return [
        Pick(path=path, shape=shape if path.lower().endswith((".fbx", ".glb")) else None)
        for path in _of_kind(drop, "mesh")
    ]


def _folder(drop: Drop, meshes: Sequence[str]) -> Wanting | Refused | None:
    """Why the meshes of a folder are not enough, or None."""
    unknown = _unknown(drop)
    match meshes:
        case []:
            there = f"; in it: {listed(_paths(drop.entries))}" if drop.entries else "; it is empty"
            return Refused(
                f"{shown(drop.name)} holds no mesh that visaged reads ({_READ}){there}. Put two meshes into it."
            )
        case [one] if unknown:
            return Refused(f"{_not_read(unknown)}, which leaves {shown(one)} alone. Put a second mesh beside it.")
        case [one]:
            return Wanting(f"a second mesh to go with {shown(one)}: put it into the same folder")
    return None


def _loose(drop: Drop, meshes: Sequence[str]) -> Wanting | Refused | None:
    """Why loose meshes are not enough or too many, or None."""
    unknown = _unknown(drop)
    match meshes:
        case []:
            companions = [*_of_kind(drop, "texture"), *_of_kind(drop, "material")]
            if companions:
                return Wanting(f"the mesh that {listed(companions)} {_verb(companions, 'belongs', 'belong')} to")
            return Refused(f"{_not_read(unknown)}." if unknown else f"{shown(drop.name)} holds no files.")
        case [one]:
            also = f" ({_not_read(unknown)})" if unknown else ""
            return Wanting(f"a second mesh to go with {shown(one)}{also}")
        case [_, _]:
            return None
    return Wanting(
        f"a decision about {len(meshes)} loose meshes ({listed(meshes)}): put them into one folder, or write a "
        "manifest that names two"
    )


def _claimed(drop: Drop, meshes: Mapping[str, Sequence[Pick]]) -> Claim:
    named = "texture" in drop.roles
    textures = _of_kind(drop, "texture", drop.named("texture") if named else None)
    companions = {"texture": textures, "material": _of_kind(drop, "material")}
    told = {role: tuple(files) for role, files in companions.items() if files}
    return Claim(name=drop.name, roles={**roles_of(meshes), **told})


def _roles_problem(drop: Drop) -> str | None:
    """What is wrong with the manifest's roles, or None."""
    for role, globs in drop.roles.items():
        if role not in _ROLES:
            return (
                f"the manifest gives files the role “{shown(role)}”{alike(role, _ROLES)}; morph knows {listed(_ROLES)}."
            )
        for glob in globs:
            if not _named(drop, glob)[0]:
                names = _paths(drop.entries)
                return f"the manifest's {role} = “{shown(glob)}” matches none of the files{alike(glob, names)}."
        kind = "texture" if role == "texture" else "mesh"
        found = [entry for glob in globs for entry in _named(drop, glob)[0]]
        if globs and not _of_kind(drop, kind, found):
            wanted = "picture" if kind == "texture" else "mesh"
            return f"the manifest's {role} names no {wanted} that visaged reads: {listed(_paths(found))}."
    return _pair_problem(drop) if "a" in drop.roles or "b" in drop.roles else None


def _pair_problem(drop: Drop) -> str | None:
    if "meshes" in drop.roles:
        return "the manifest names meshes and also a and b. Name either the pair or the set."
    for role in ("a", "b"):
        files = [_written(pick) for pick in _picked(drop, role)]
        if len(files) != 1:
            found = f"{listed(files)} are {len(files)}" if files else "there is none"
            return f"the manifest's role {role} needs exactly one mesh; {found}."
    if _picked(drop, "a") == _picked(drop, "b"):
        return "the manifest gives a and b the same mesh. Name two different ones, or a blend shape (face.fbx#smile)."
    return None


def _picked(drop: Drop, role: str) -> list[Pick]:
    """The meshes that the manifest gives to a role, without doubles; natural order of files, shapes as written."""
    picks = []
    for glob in drop.roles.get(role, ()):
        entries, shape = _named(drop, glob)
        picks += [Pick(path=path, shape=shape) for path in _of_kind(drop, "mesh", entries)]
    return sorted(dict.fromkeys(picks), key=lambda pick: natural(pick.path))


def _named(drop: Drop, glob: str) -> tuple[list[Entry], str | None]:
    """The files that a glob of the manifest names, and the blend shape behind a "#".

    Names of files and of shapes may have a "#" in them too: the first reading that finds a file holds.
    """
    marks = [at for at, char in enumerate(glob) if char == "#"]
    for end in (len(glob), *marks):
        found = [entry for entry in drop.entries if fnmatch.fnmatchcase(entry.path, glob[:end])]
        if found:
            return found, glob[end + 1 :] or None
    return [], None


def _written(pick: Pick) -> str:
    return pick.path if pick.shape is None else f"{pick.path}#{pick.shape}"


def _of_kind(drop: Drop, kind: str, among: Sequence[Entry] | None = None) -> list[str]:
    return _paths([entry for entry in (drop.entries if among is None else among) if KINDS.get(entry.suffix) == kind])


def _unknown(drop: Drop) -> list[str]:
    """The files of no kind; a manifest is no stranger."""
    strange = [entry for entry in drop.entries if entry.suffix not in KINDS]
    return [path for path in _paths(strange) if not path.lower().endswith(_MANIFESTS)]


def _paths(entries: Sequence[Entry]) -> list[str]:
    return sorted((entry.path for entry in entries), key=natural)


def _not_read(unknown: Sequence[str]) -> str:
    return f"{listed(unknown)} {_verb(unknown, 'is not a mesh', 'are not meshes')} that visaged reads ({_READ})"


def _verb(names: Sequence[str], one: str, many: str) -> str:
    return one if len(names) == 1 else many
