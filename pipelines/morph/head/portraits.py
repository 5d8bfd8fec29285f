"""Pictures of heads as a photographer would take them, and the command that makes those of the demo of faces."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.contract import Result, Work
from pipelines.morph.camera import framed
from pipelines.morph.head.files import PEOPLE, Person, write_heads
from pipelines.morph.head.shape import Shape
from pipelines.morph.head.skin import Look as Skin
from pipelines.morph.mesh import Mesh
from pipelines.morph.pair import Take
from pipelines.morph.read import read
from pipelines.morph.renderers import Look, Shot, opened
from pipelines.morph.renderers.lighting import Lighting
from pipelines.morph.surface import Picture
from pipelines.morph.textures import Item

CAST: Mapping[str, Person] = {
    **PEOPLE,
    "chidi": Person(
        shape=Shape(
            head_width=0.1, face_length=0.1, brow_ridge=0.3, eye_size=0.2, eye_spacing=1.0, cheekbones=0.9,
            nose_length=-0.2, nose_width=1.3, nose_bridge=-0.8, mouth_width=0.5, lip_fullness=1.3, jaw_width=0.2,
            ear_size=-0.3, hair_volume=-0.6, hair_length=-1.0,
        ),
        look=Skin(
            skin=(0.36, 0.23, 0.17), lips=(0.38, 0.20, 0.18), iris=(0.16, 0.10, 0.07), hair=(0.05, 0.04, 0.04),
            brow=1.2, blush=0.1, seed=7,
        ),
    ),
    "dora": Person(
        shape=Shape(
            head_width=1.0, face_length=-0.8, brow_ridge=-0.4, eye_size=-0.6, eye_spacing=-0.8, cheek_fullness=1.3,
            nose_length=0.2, nose_width=0.3, nose_tip_up=-0.2, mouth_width=-0.8, lip_fullness=-0.2, jaw_width=1.0,
            chin_length=-0.8, ear_size=0.4, neck_width=0.6, hair_volume=1.0, hair_length=0.2,
        ),
        look=Skin(
            skin=(0.92, 0.78, 0.70), lips=(0.80, 0.45, 0.45), iris=(0.30, 0.45, 0.60), hair=(0.80, 0.75, 0.68),
            brow=0.5, blush=1.2, seed=11,
        ),
    ),
}  # fmt: skip
"""Who is in the pictures."""
SIZE = 480
"""Pixels along each side of a picture of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """The circumstances of a picture. turned: degrees, the nose to the right is positive. behind: RGB, 0 to 255."""

    lighting: Lighting
    behind: tuple[int, int, int]
    turned: tuple[float, ...]


SITTINGS = (
    Sitting(lighting=Lighting.STUDIO, behind=(206, 212, 220), turned=(-30.0, -12.0, 0.0, 18.0)),
    Sitting(lighting=Lighting.SOFT, behind=(158, 178, 150), turned=(-20.0, 6.0, 24.0)),
    Sitting(lighting=Lighting.FLAT, behind=(92, 84, 104), turned=(-5.0, 12.0)),
)


def portraits(work: Work) -> Result:
    """The command stage ``portraits``: pictures of CAST as JPEGs in the stage's folder ``pictures``, as from a camera.

    Of each person one for each turn of SITTINGS, all in a row without names, and one picture of two together.
    """
    folder = work.folder / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    heads = {name: _textured(path) for name, path in zip(CAST, write_heads(work.folder / "heads", CAST), strict=True)}
    taken = [picture for sitting in SITTINGS for picture in _taken(heads, sitting)]
    each = sum(len(sitting.turned) for sitting in SITTINGS)
    for number, picture in enumerate(taken, start=1):
        _save(picture, folder / f"IMG_{number:04}.jpg")
    beside = np.concatenate([taken[2], taken[len(SITTINGS[0].turned) + 2]], axis=1)
    _save(beside, folder / f"IMG_{len(taken) + 1:04}.jpg")
    return Result(publish="pictures", figures={"people": len(heads), "pictures": len(taken) + 1, "each": each})


def _taken(heads: Mapping[str, Mesh], sitting: Sitting) -> Iterator[Picture]:
    look = Look(size=SIZE, background=sitting.behind, lighting=sitting.lighting)
    with opened("auto", look) as renderer:
        for name, mesh in heads.items():
            (subject,) = Take(called=(name, name), meshes=(mesh, mesh)).subjects()
            renderer.load(subject, framed(mesh.vertices[mesh.used]))
            shots = [Shot(0.0, math.radians(degrees)) for degrees in sitting.turned]
            yield from (np.array(picture) for picture in renderer.frames(shots))


def _textured(path: Path) -> Mesh:
    return read(path, Item(images=(path.with_suffix(".png"),), materials=(path.with_suffix(".mtl"),)))


def _save(picture: Picture, path: Path) -> None:
    Image.fromarray(picture).save(path, quality=92)
