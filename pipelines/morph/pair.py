"""Two meshes or a chain of them, as they are taken: what they are called, and what is drawn of each leg."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from pipelines.morph.blend import normals
from pipelines.morph.camera import Points, way
from pipelines.morph.mesh import Mesh, Texture
from pipelines.morph.surface import Clay, Colours, Picture, Skin, Skins, Subject
from pipelines.morph.wording import shown

LONGEST = 200
"""Characters of a chain's name; a longer one is called by its ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two meshes of one topology. called: what a and b are called, each different from all others of the item."""

    called: tuple[str, str]
    a: Mesh
    b: Mesh

    @property
    def name(self) -> str:
        """What the result is called."""
        return "__".join(self.called)


@dataclass(frozen=True, kw_only=True, eq=False)
class Take:
    """Meshes of one topology in the order in which one film shows them: a pair, or a chain."""

    called: tuple[str, ...]
    meshes: tuple[Mesh, ...]

    @property
    def name(self) -> str:
        """What the result is called."""
        whole = "__".join(self.called)
        return whole if len(whole.encode()) <= LONGEST else f"{self.called[0]}__to__{self.called[-1]}"

    @property
    def legs(self) -> tuple[Pair, ...]:
        """The pairs that follow each other."""
        ends = pairwise(zip(self.called, self.meshes, strict=True))
        return tuple(Pair(called=(one, two), a=a, b=b) for (one, a), (two, b) in ends)

    @cached_property
    def seen(self) -> tuple[Points, ...]:
        """Of each mesh the vertices that a face uses: others are not seen."""
        used = self.meshes[0].used
        if len(used) == len(self.meshes[0].vertices):
            return tuple(mesh.vertices for mesh in self.meshes)
        return tuple(mesh.vertices[used] for mesh in self.meshes)

    def subjects(self) -> tuple[Subject, ...]:
        """What is drawn of each leg: the camera goes along where a mesh lies far from the first."""
        places = [mesh.vertices - way(self.seen[0], seen) for mesh, seen in zip(self.meshes, self.seen, strict=True)]
        return tuple(
            Subject(a=a, b=b, normals=normals(a, b, leg.a.faces), faces=leg.a.faces, surface=_surface(leg.a, leg.b))
            for leg, (a, b) in zip(self.legs, pairwise(places), strict=True)
        )


def left_out(a: Mesh, b: Mesh) -> str | None:
    """What one of the two meshes has on it that is not shown because the other has none: a sentence, or None."""
    if _both(a.texture, b.texture) or _both(a.colors, b.colors):
        return None
    if a.texture is not None or b.texture is not None:
        bare = a if a.texture is None else b
        return f"{shown(bare.file)} has no texture, so {shown(a.file)} to {shown(b.file)} is shown untextured."
    if a.colors is not None or b.colors is not None:
        bare = a if a.colors is None else b
        return f"{shown(bare.file)} has no colours, so {shown(a.file)} to {shown(b.file)} is shown without."
    return None


def textures(a: Mesh, b: Mesh) -> tuple[Picture, Picture] | None:
    """The textures of both meshes, decoded, where both have one."""
    if a.texture is None or b.texture is None:
        return None
    return _pixels(a.texture), _pixels(b.texture)


@lru_cache(maxsize=2)  # of a batch, the pairs of one mesh follow each other; more of them would fill the memory
def _pixels(texture: Texture) -> Picture:
    return texture.pixels()


def _surface(a: Mesh, b: Mesh) -> Skins | Colours | Clay:
    skin_a, skin_b = _skin(a), _skin(b)
    if skin_a and skin_b:
        return Skins(a=skin_a, b=skin_b)
    if a.colors is not None and b.colors is not None:
        return Colours(a=a.colors, b=b.colors)
    return Clay()


def _skin(mesh: Mesh) -> Skin | None:
    if mesh.texture is None or mesh.uvs is None or mesh.uv_faces is None:
        return None
    return Skin(uvs=mesh.uvs, corners=mesh.uv_faces, texture=_pixels(mesh.texture))


def _both(first: object, second: object) -> bool:
    return first is not None and second is not None
