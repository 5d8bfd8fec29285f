"""What a GPU has to do for a frame of a talking head at the least: counted from the sizes, at the published peaks."""

from __future__ import annotations

from dataclasses import dataclass

from bench.report import Table
from pipelines.talking_head.egstalker.sizes import Sizes as Gaussians
from pipelines.talking_head.ernerf.field import HARMONICS
from pipelines.talking_head.ernerf.sizes import Sizes as Rays
from pipelines.talking_head.gaussians.splat import TILE

SIDE = 512
MEMORY, MATRIX, VECTOR, SECTOR = 4.8e12, 495e12, 67e12, 32
"""An H200 by its datasheet: bytes a second; operations a second of matrices (TF32, dense) and of single numbers. And
the bytes that a gather moves at the least."""
SAMPLES = 700_000
"""Of a frame: what a head of usual size leaves of 512 x 512 rays of at most 16."""
TILES = 4
"""Tiles that a Gaussian reaches into, of 50,000 on such a picture."""
EACH = 12
"""Operations for a Gaussian's share in a pixel, and its colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is done for a frame. multiplied: pairs in matrices. single: operations besides. streamed: bytes."""

    name: str
    multiplied: float = 0.0
    single: float = 0.0
    streamed: float = 0.0
    gathers: float = 0.0

    @property
    def seconds(self) -> float:
        """The longest of what it has to wait for, all else at the same time."""
        moved = (self.streamed + self.gathers * SECTOR) / MEMORY
        return max(2 * self.multiplied / MATRIX, self.single / VECTOR, moved)


def nets(sizes: Rays) -> int:
    """Multiplications of a sample in the nets of ``ernerf`` that a frame wants: all but that of doubt."""
    wide = 3 * sizes.planes.levels * sizes.planes.features
    attention = wide * sizes.attention + sizes.attention * sizes.heard + wide * sizes.eye + sizes.eye
    density = (wide + sizes.heard + 1) * sizes.hidden + sizes.hidden * sizes.hidden + sizes.hidden * (sizes.hidden + 1)
    colour = (HARMONICS + sizes.hidden + sizes.own) * sizes.hidden + sizes.hidden * 3
    return attention + density + colour


def rays(sizes: Rays) -> tuple[Work, ...]:
    """A frame of ``ernerf``."""
    wide = 3 * sizes.planes.levels * sizes.planes.features
    looks = SIDE * SIDE * 2 / sizes.step / 2
    return (
        Work(name="march", single=20 * looks, gathers=looks / SECTOR),
        Work(name="encode", gathers=4 * wide * SAMPLES, streamed=4 * wide * SAMPLES, single=14 * wide * SAMPLES),
        Work(name="nets", multiplied=nets(sizes) * SAMPLES, streamed=(4 * wide + 28) * SAMPLES),
        Work(name="composite", streamed=28 * SAMPLES, single=12 * SAMPLES),
    )


def gaussians(sizes: Gaussians) -> tuple[Work, ...]:
    """A frame of ``egstalker``, its tri-planes looked up before."""
    count, terms = sizes.most, 5
    attend = sizes.agents * sizes.width
    kan = terms * (sizes.width * sizes.hidden + sizes.hidden * 14)
    pairs = count * TILES
    return (
        Work(name="deform", multiplied=count * (attend + kan), streamed=4 * count * (sizes.width + sizes.agents + 28)),
        Work(name="project", single=150 * count, streamed=4 * 24 * count),
        Work(name="tile lists", streamed=pairs * 12 * 2 * 4 * 2),
        Work(name="paint", single=pairs * TILE * TILE * EACH, streamed=pairs * 40),
    )


def table() -> Table:
    """Both engines, part by part."""
    rows = []
    for engine, parts in (("ernerf", rays(Rays())), ("egstalker", gaussians(Gaussians()))):
        rows += [_row(engine, part) for part in parts]
        total = sum(part.seconds for part in parts)
        rows.append((engine, "all", "", "", "", "", f"{1000 * total:.3f}", f"{1 / total:.0f}"))
    columns = ("engine", "part", "GFLOP in matrices", "GFLOP besides", "MB streamed", "M gathers", "ms", "frames/s")
    return Table(title="The floor of a frame of 512 pixels (computed)", columns=columns, rows=tuple(rows))


def _row(engine: str, part: Work) -> tuple[str, ...]:
    return (
        engine,
        part.name,
        f"{2 * part.multiplied / 1e9:.1f}",
        f"{part.single / 1e9:.1f}",
        f"{part.streamed / 1e6:.0f}",
        f"{part.gathers / 1e6:.0f}",
        f"{1000 * part.seconds:.3f}",
        "",
    )
