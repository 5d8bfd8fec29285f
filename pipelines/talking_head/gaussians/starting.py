"""Where a talker's Gaussians begin: on the tracked surface, in hair and torso, and in the mouth."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pipelines.talking_head.gaussians.cloud import Cloud, Counts, Start, in_mask, on_face, on_surface
from pipelines.talking_head.gaussians.mouth import between_lips, inside
from pipelines.talking_head.scene import Scene
from pipelines.talking_head.track.bundle import Head


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """Gaussians at rest. bases: how far, in centimetres, the codes of the tracked bases move the head's."""

    head: Cloud
    torso: Cloud
    bases: Float[Tensor, "n k 3"]


def started(scene: Scene, head: Head, triangles: Int[Tensor, "f 3"], counts: Counts) -> Body:
    """Gaussians on the tracked surface, in the reference frame's masks and colours. Chance is torch's own.

    Where there is a hole between the lips and counts say so, some lie in the mouth.
    """
    generator = torch.Generator().manual_seed(int(torch.randint(1 << 31, (1,))))
    shape, bases = (torch.from_numpy(values).float() for values in (head.shape, head.bases))
    chosen, shares = on_surface(shape, triangles, counts.face, generator)
    corners = triangles[chosen]
    moved = (bases[:, corners] * shares[None, ..., None]).sum(2).transpose(0, 1)
    row = scene.reference
    face = on_face(scene, (shape[corners] * shares[..., None]).sum(1))
    hair = in_mask(scene, scene.head_share(row) / 255.0, counts.hair, generator, of_head=True)
    torso = in_mask(scene, scene.torso_share(row) / 255.0, counts.torso, generator, of_head=False)
    starts, ways = [face, hair], [moved, moved.new_zeros(counts.hair, *moved.shape[1:])]
    if counts.mouth and len(between_lips(triangles)):
        teeth, way = inside(scene, (shape, bases), triangles, counts.mouth, generator)
        starts, ways = [*starts, teeth], [*ways, way]
    return Body(head=Cloud(starts), torso=Cloud([torso]), bases=torch.cat(ways))


def unstarted(head: int, torso: int, codes: int) -> Body:
    """So many Gaussians, moved by so many codes, whose numbers are to be loaded."""

    def cloud(count: int) -> Cloud:
        return Cloud([Start(at=torch.zeros(count, 3), colour=torch.zeros(count, 3), size=1.0)])

    return Body(head=cloud(head), torso=cloud(torso), bases=torch.zeros(head, codes, 3))
