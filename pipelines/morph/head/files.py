"""Heads as files: OBJ, MTL and PNG that any program opens, and the command that makes those of the demo."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from PIL import Image

from pipelines.contract import Result, Work, cores
from pipelines.morph.head.grid import sculpted, topology, vertices
from pipelines.morph.head.shape import Anatomy, Shape
from pipelines.morph.head.skin import Look, painted


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who a head is of."""

    shape: Shape
    look: Look


PEOPLE: Mapping[str, Person] = {
    "ada": Person(
        shape=Shape(
            head_width=-0.5, cranium_height=0.1, face_length=-0.3, brow_ridge=-1.0, eye_size=0.9, eye_spacing=0.1,
            cheekbones=0.5, cheek_fullness=0.1, nose_length=-0.5, nose_width=-0.7, nose_bridge=-0.3, nose_tip_up=0.9,
            mouth_width=0.0, lip_fullness=0.6, jaw_width=-0.9, chin_length=-0.4, chin_forward=-0.2, ear_size=-0.6,
            ear_flare=-0.5, neck_width=-1.2, hair_volume=0.6, hair_length=0.8,
        ),
        look=Look(
            skin=(0.87, 0.68, 0.57), lips=(0.72, 0.30, 0.30), iris=(0.30, 0.50, 0.36), hair=(0.42, 0.20, 0.11),
            brow=0.85, blush=0.8, freckles=0.7, seed=3,
        ),
    ),
    "bruno": Person(
        shape=Shape(
            head_width=0.4, face_length=0.6, brow_ridge=0.9, eye_size=-0.4, eye_depth=0.7, cheekbones=0.2,
            cheek_fullness=-0.5, nose_length=0.7, nose_width=0.5, nose_bridge=0.9, nose_tip_up=-0.6, mouth_width=0.6,
            lip_fullness=-0.4, jaw_width=0.8, chin_length=0.5, chin_forward=0.6, ear_size=0.8, ear_flare=0.6,
            neck_width=0.9, hair_volume=-0.3, hair_length=-1.0,
        ),
        look=Look(
            skin=(0.80, 0.60, 0.48), lips=(0.66, 0.40, 0.36), iris=(0.33, 0.24, 0.14), hair=(0.16, 0.12, 0.10),
            brow=1.3, blush=0.3, stubble=0.36, seed=5,
        ),
    ),
}  # fmt: skip


def write_heads(folder: Path, people: Mapping[str, Person] = PEOPLE) -> tuple[Path, ...]:
    """Afterwards ``<name>.obj`` with its MTL and PNG lies in folder for each of them; the OBJs' paths, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(cores()) as pool:
        return tuple(pool.map(lambda name: _write(folder, name, people[name]), people))


def heads(work: Work) -> Result:
    """The command stage ``heads``: the heads of PEOPLE, as files in the stage's folder ``heads``."""
    written = write_heads(work.folder / "heads")
    return Result(publish="heads", figures={"heads": len(written)})


def _write(folder: Path, name: str, person: Person) -> Path:
    anatomy = Anatomy.of(person.shape)
    grid = sculpted(anatomy)
    Image.fromarray(painted(anatomy, person.look, grid)).save(folder / f"{name}.png")
    (folder / f"{name}.mtl").write_text(f"newmtl {name}\nKd 1 1 1\nmap_Kd {name}.png\n", encoding="ascii")
    path = folder / f"{name}.obj"
    path.write_text(_obj(name, vertices(grid)), encoding="ascii")
    return path


def _obj(name: str, places: Float[np.ndarray, "v 3"]) -> str:
    shared = topology()
    lines = [f"# {name}, made by visaged; centimetres", f"mtllib {name}.mtl", f"o {name}"]
    lines += [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in places.tolist()]
    lines += [f"vt {u:.6f} {v:.6f}" for u, v in shared.uvs.tolist()]
    lines.append(f"usemtl {name}")
    lines += _faces(shared.quads, shared.quad_uvs) + _faces(shared.triangles, shared.triangle_uvs)
    return "\n".join(lines) + "\n"


def _faces(corners: Int[np.ndarray, "f n"], uvs: Int[np.ndarray, "f n"]) -> list[str]:
    pairs = np.stack([corners + 1, uvs + 1], axis=-1).tolist()
    return ["f " + " ".join(f"{v}/{t}" for v, t in face) for face in pairs]
