"""Which items are morph's: two meshes or more, their pictures and materials. Pure; standard library alone."""

import fnmatch
from collections.abc import Mapping, Sequence

from pipelines.contract import Claim, Drop, Entry, Refused, Wanting
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
_MANIFESTS = ("manifest.toml", "manifest.json")
_ROLES = ("a", "b", "meshes", "texture")

Answer = Claim | Wanting | Refused


def claim(drop: Drop) -> Answer:
    """What morph makes of an item: a claim, what it still waits for, or why it can never be one.

    Roles of the claim: "mesh" (in natural order), or "a" and "b" where a manifest says so; "texture"; "material".
    Manifest roles: a and b, one file each, or meshes; texture. What no role names is found by its suffix.
    """
    problem = _roles_problem(drop)
    if problem:
        return Refused(problem)
    if "a" in drop.roles:
        return _claimed(drop, {"a": _chosen(drop, "a", "mesh"), "b": _chosen(drop, "b", "mesh")})
    meshes = _chosen(drop, "meshes", "mesh") if "meshes" in drop.roles else _of_kind(drop, "mesh")
    return _folder(drop, meshes) if drop.folder else _loose(drop, meshes)


def _folder(drop: Drop, meshes: Sequence[str]) -> Answer:
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
    return _claimed(drop, {"mesh": meshes})


def _loose(drop: Drop, meshes: Sequence[str]) -> Answer:
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
            return _claimed(drop, {"mesh": meshes})
    return Wanting(
        f"one folder for the {len(meshes)} meshes {listed(meshes)}: put into one folder, all of them are morphed into "
        "each other; or write a manifest that names two"
    )


def _claimed(drop: Drop, meshes: Mapping[str, Sequence[str]]) -> Claim:
    named = "texture" in drop.roles
    companions = {
        "texture": _chosen(drop, "texture", "texture") if named else _of_kind(drop, "texture"),
        "material": _of_kind(drop, "material"),
    }
    return Claim(
        name=drop.name, roles={role: tuple(files) for role, files in {**meshes, **companions}.items() if files}
    )


def _roles_problem(drop: Drop) -> str | None:
    """What is wrong with the manifest's roles, or None."""
    for role, globs in drop.roles.items():
        if role not in _ROLES:
            return (
                f"the manifest gives files the role “{shown(role)}”{alike(role, _ROLES)}; morph knows {listed(_ROLES)}."
            )
        for glob in globs:
            if not any(fnmatch.fnmatchcase(entry.path, glob) for entry in drop.entries):
                names = _paths(drop.entries)
                return f"the manifest's {role} = “{shown(glob)}” matches none of the files{alike(glob, names)}."
        kind = "texture" if role == "texture" else "mesh"
        if globs and not _chosen(drop, role, kind):
            wanted = "picture" if kind == "texture" else "mesh"
            return f"the manifest's {role} names no {wanted} that visaged reads: {listed(_paths(drop.named(role)))}."
    return _pair_problem(drop) if "a" in drop.roles or "b" in drop.roles else None


def _pair_problem(drop: Drop) -> str | None:
    if "meshes" in drop.roles:
        return "the manifest names meshes and also a and b. Name either the pair or the set."
    for role in ("a", "b"):
        files = _chosen(drop, role, "mesh")
        if len(files) != 1:
            found = f"{listed(files)} are {len(files)}" if files else "there is none"
            return f"the manifest's role {role} needs exactly one mesh; {found}."
    if _chosen(drop, "a", "mesh") == _chosen(drop, "b", "mesh"):
        return "the manifest gives a and b the same mesh. Name two different ones."
    return None


def _chosen(drop: Drop, role: str, kind: str) -> list[str]:
    """The files of that kind that the manifest gives to a role."""
    return _paths([entry for entry in drop.named(role) if KINDS.get(entry.suffix) == kind])


def _of_kind(drop: Drop, kind: str) -> list[str]:
    return _paths([entry for entry in drop.entries if KINDS.get(entry.suffix) == kind])


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
