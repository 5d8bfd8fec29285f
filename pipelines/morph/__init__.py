"""Morph: heads of one topology, blended into each other as pictures and a film. Here: what the daemon knows of it.

Standard library alone, because the daemon imports it; ``stage`` does the work, ``head`` makes the heads of the demo.
"""

import json
import re
from dataclasses import dataclass
from itertools import pairwise

from pipelines.contract import Command, Loose, Pipeline, Publish, Stage, checked, option
from pipelines.morph.claim import KINDS, PRINCIPAL, claim

COLOURS = {
    "white": (255, 255, 255),
    "light": (236, 238, 241),
    "grey": (128, 128, 128),
    "dark": (32, 36, 42),
    "black": (0, 0, 0),
}
"""The backgrounds that have a name."""
OUTPUTS = ("frames", "video", "heatmaps", "meshes", "csv", "report")
MINIMAL = ("frames", "heatmaps")
ALIGN = ("none", "rigid", "similarity")
EASINGS = ("linear", "smooth", "sine", "ease_in", "ease_out")
CAMERAS = ("front", "three_quarter", "left", "right", "turntable")
LIGHTINGS = ("studio", "soft", "flat", "rim")
RENDERERS = ("auto", "moderngl", "pyrender", "pytorch3d")
MOST_LEGS = 100
"""What may be asked for. The words mean what ``blend``, ``camera``, ``renderers`` and ``align`` say of them; a test
holds both to each other, because the daemon must not import those."""
_HEX = re.compile(r"#[0-9A-Fa-f]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a user may ask of a morph. Raises ValueError with a plain sentence where a value cannot be had."""

    outputs: tuple[str, ...] = option(OUTPUTS, "What is made of each pair.", choices=OUTPUTS)
    minimal: bool = option(default=False, about="Make frames and heat maps alone, whatever outputs says.")
    order: tuple[str, ...] = option(
        (), 'Instead of all pairs one film through these meshes, by their names: ["a", "b", "c", "a"].'
    )
    align: str = option(
        "none", "Move each mesh as a whole to the first: never, turned and shifted, or scaled too.", choices=ALIGN
    )
    shape: str = option(
        "", "The blend shape of FBX and GLB files to show; one file alone becomes a pair, from as modelled to it."
    )
    frames: int = option(41, "How many pictures from A to B, both included.", least=2, most=2001)
    resolution: int = option(512, "Pixels along each side of a picture; an even number.", least=64, most=4096)
    fps: float = option(20.0, "Pictures a second in the film.", least=1, most=120)
    easing: str = option("linear", "How the way from A to B is spread over the frames.", choices=EASINGS)
    boomerang: bool = option(default=False, about="Let the films go back from B to A again.")
    films: tuple[str, ...] = option(("mp4",), "The kinds of film.", choices=("mp4", "gif", "webp"))
    camera: str = option(
        "front", "From where the heads are seen (left: their own left); turntable goes once around.", choices=CAMERAS
    )
    lighting: str = option("studio", "How the heads are lit; flat shows textures as they are.", choices=LIGHTINGS)
    background: str = option("light", 'What is behind the heads: white, light, grey, dark, black, or like "#20242A".')
    mesh_format: str = option(
        "obj", "Meshes as one OBJ for each frame, or as one GLB with a morph target.", choices=("obj", "glb")
    )
    renderer: str = option("auto", "What draws; auto is moderngl, with and without a GPU.", choices=RENDERERS)

    def __post_init__(self) -> None:
        checked(self)
        if self.resolution % 2:
            near = f"{self.resolution - 1} or {self.resolution + 1}"
            raise ValueError(f"resolution = {self.resolution}: it must be even, because films need that; take {near}")
        if self.background not in COLOURS and not _HEX.fullmatch(self.background):
            names = ", ".join(COLOURS)
            raise ValueError(f'background = "{self.background}": it must be one of {names}, or a colour like "#20242A"')
        for name in ("outputs", "films"):
            if not getattr(self, name):
                raise ValueError(f"{name} = []: it must name at least one")
        self._check_order()

    def _check_order(self) -> None:
        told = f"order = {json.dumps(self.order)}"
        if len(self.order) == 1:
            raise ValueError(f"{told}: it must name at least two meshes, or none for all pairs")
        if len(self.order) > MOST_LEGS:
            raise ValueError(f"{told}: it may name at most {MOST_LEGS} meshes")
        for one, two in pairwise(self.order):
            if one == two:
                raise ValueError(f"{told}: {json.dumps(one)} follows itself; a mesh may come again, but not at once")

    @property
    def wanted(self) -> tuple[str, ...]:
        """The outputs that are made."""
        return MINIMAL if self.minimal else tuple(self.outputs)

    @property
    def background_rgb(self) -> tuple[int, int, int]:
        """The background as red, green and blue, 0 to 255."""
        named = COLOURS.get(self.background)
        return named or (int(self.background[1:3], 16), int(self.background[3:5], 16), int(self.background[5:7], 16))


PIPELINE = Pipeline(
    name="morph",
    version="1",
    stages=(Stage(name="morph", cpus=2.0, memory=4 * 1024**3, timeout=6 * 3600.0),),
    options=Options,
    kinds=KINDS,
    principal=PRINCIPAL,
    claim=claim,
    loose=Loose.PAIR,
    publish=Publish.FOLDER,
    commands=(
        Command(
            name="heads",
            about="Make the two heads of the demo.",
            stages=(Stage(name="heads", cpus=2.0, memory=1024**3, timeout=600.0),),
            keyed=False,
            hidden=True,
        ),
        Command(
            name="portraits",
            about="Make the pictures of the demo of faces.",
            stages=(Stage(name="portraits", cpus=2.0, memory=1024**3, timeout=600.0),),
            keyed=False,
            hidden=True,
        ),
    ),
)
