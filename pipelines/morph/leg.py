"""What comes of one leg besides pictures and film: heat maps, tables and meshes."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.morph import Options
from pipelines.morph.blend import Easing, Normals, moments
from pipelines.morph.outputs import heatmaps
from pipelines.morph.outputs.displacement import Displacements, displacements
from pipelines.morph.outputs.statistics import Statistics
from pipelines.morph.pair import Pair, textures
from pipelines.morph.renderers import Renderer
from pipelines.morph.surface import Picture

if TYPE_CHECKING:
    from pipelines.morph.outputs.texture import TextureDifferences


@dataclass(frozen=True, kw_only=True, eq=False)
class Leg:
    """One pair, its normals, and the folder of what comes of it."""

    pair: Pair
    normals: Normals
    folder: Path
    options: Options

    @cached_property
    def moved(self) -> Displacements:
        """How far each vertex moves."""
        return displacements(self.pair.a.vertices, self.pair.b.vertices, self.normals.at(0.0))

    @cached_property
    def pictures(self) -> tuple[Picture, Picture] | None:
        """The textures of both."""
        return textures(self.pair.a, self.pair.b)

    @cached_property
    def recoloured(self) -> TextureDifferences | None:
        """How the textures differ, where both have one."""
        if not self.pictures:
            return None
        # Here and below: what compares textures and writes meshes and tables is loaded where they are wanted.
        from pipelines.morph.outputs.texture import texture_differences  # noqa: PLC0415

        return texture_differences(*self.pictures)

    @cached_property
    def statistics(self) -> tuple[Statistics, ...]:
        """The rows of statistics.csv."""
        return self.moved.figures() + (self.recoloured.figures() if self.recoloured else ())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the exported meshes leave out."""
        wanted = "meshes" in self.options.wanted and self.options.mesh_format == "obj"
        if not wanted:
            return ()
        from pipelines.morph.outputs.meshes import covered  # noqa: PLC0415

        return covered(self.pair.a, self.pair.b, self.pictures).warnings


def pressed(leg: Leg, press: Executor) -> list[Future[None]]:
    """Afterwards the tables and meshes of the leg are on their way; each future holds what went wrong with a file."""
    leg.folder.mkdir(parents=True, exist_ok=True)
    jobs = [press.submit(_tables, leg)] if "csv" in leg.options.wanted else []
    if "meshes" not in leg.options.wanted:
        return jobs
    if leg.options.mesh_format == "glb":
        return [*jobs, press.submit(_glb, leg)]
    return [*jobs, press.submit(_objs, leg)]


def mapped(leg: Leg, renderer: Renderer, press: Executor) -> list[Future[None]]:
    """Afterwards the heat maps of the leg are drawn, and their files on their way."""
    if "heatmaps" not in leg.options.wanted:
        return []
    folder = leg.folder / "heatmaps"
    folder.mkdir(parents=True)
    shape = heatmaps.shape_maps(leg.moved, renderer.painted)
    jobs = [press.submit(_maps, shape, leg, folder / "shape.png")]
    if leg.recoloured:
        texture = heatmaps.texture_maps(leg.recoloured, leg.options.resolution)
        jobs.append(press.submit(_maps, texture, leg, folder / "texture.png"))
    return jobs


def _tables(leg: Leg) -> None:
    from pipelines.morph.outputs import tables  # noqa: PLC0415

    a, b = leg.pair.a.vertices, leg.pair.b.vertices
    (leg.folder / "statistics.csv").write_bytes(tables.statistics_csv(leg.statistics))
    (leg.folder / "vertex_displacements.csv").write_bytes(tables.vertex_csv(a, b, leg.moved))
    if leg.recoloured:
        (leg.folder / "texture_differences.csv").write_bytes(tables.texture_csv(leg.recoloured))


def _objs(leg: Leg) -> None:
    from pipelines.morph.outputs import meshes  # noqa: PLC0415

    a, b = leg.pair.a, leg.pair.b
    steps = moments(leg.options.frames, Easing(leg.options.easing))
    ready = meshes.steps(a, b, leg.normals, meshes.covered(a, b, leg.pictures))
    folder, width = leg.folder / "meshes", max(4, len(str(len(steps) - 1)))
    ready.write_shared(folder)
    for number, t in enumerate(steps):
        ready.write(folder, f"{number:0{width}}", t)


def _glb(leg: Leg) -> None:
    from pipelines.morph.outputs import gltf  # noqa: PLC0415

    seconds = (leg.options.frames - 1) / leg.options.fps
    whole = gltf.glb(leg.pair.a, leg.pair.b, leg.normals, leg.pictures, seconds)
    (leg.folder / "morph.glb").write_bytes(whole)


def _maps(maps: tuple[heatmaps.Map, ...], leg: Leg, sheet: Path) -> None:
    heatmaps.write_maps(maps, *leg.pair.called, sheet)
