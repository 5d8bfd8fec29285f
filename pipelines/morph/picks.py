"""Which mesh is meant: a file, or a file with one of its blend shapes. Standard library alone: the daemon imports it.

A manifest writes ``face.fbx#smile``. Claim and request give a file one role only, so the role of a file that is picked
with shapes tells all of them: ``a + b#smile`` is the file as A, and with its smile as B.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from pipelines.contract import Request

ROLES = ("a", "b", "mesh")
"""The roles that meshes have in a claim."""
_AND = " + "


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Pick:
    """One mesh: its file's path, and the blend shape to show (None: as modelled)."""

    path: str
    shape: str | None = None

    @property
    def called(self) -> str:
        """The path that the mesh would have as a file of its own: ``in/face_smile.fbx``."""
        file = PurePosixPath(self.path)
        shape = (self.shape or "").replace("/", "_").replace("\0", "_")
        return str(file.with_name(f"{file.stem}_{shape}{file.suffix}")) if self.shape else self.path


def roles_of(picked: Mapping[str, Iterable[Pick]]) -> dict[str, tuple[str, ...]]:
    """What is picked for each role as a claim has it: each file once, its role telling all that is picked of it."""
    told: dict[str, list[str]] = {}
    for role, picks in picked.items():
        for pick in picks:
            shape = "" if pick.shape is None else f"#{quote(pick.shape, safe=' ', errors='surrogatepass')}"
            told.setdefault(pick.path, []).append(role + shape)
    files: dict[str, list[str]] = {}
    for path, words in told.items():
        files.setdefault(_AND.join(words), []).append(path)
    return {role: tuple(paths) for role, paths in files.items()}


def picks_of(request: Request, role: str) -> tuple[Pick, ...]:
    """The meshes of a role ("a", "b" or "mesh"), in the order of the request; the inverse of ``roles_of``."""
    return tuple(
        Pick(path=entry.path, shape=unquote(shape, errors="surrogatepass") if mark else None)
        for entry in request.inputs
        for word, mark, shape in (told.partition("#") for told in entry.role.split(_AND))
        if word == role
    )
