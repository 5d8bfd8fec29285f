"""Morph: heads of one topology, blended into each other as pictures and a film. Here: what the daemon knows of it.

Standard library alone, because the daemon imports it; ``stage`` does the work, ``head`` makes the heads of the demo.
"""

import re
from dataclasses import dataclass

from pipelines.contract import Loose, Pipeline, Publish, Stage, checked, option
from pipelines.morph.claim import KINDS, PRINCIPAL, claim

COLOURS = {
    "white": (255, 255, 255),
    "light": (236, 238, 241),
    "grey": (128, 128, 128),
    "dark": (32, 36, 42),
    "black": (0, 0, 0),
}
"""The backgrounds that have a name."""
_HEX = re.compile(r"#[0-9A-Fa-f]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a user may ask of a morph. Raises ValueError with a plain sentence where a value cannot be had."""

    frames: int = option(41, "How many pictures from A to B, both included.", least=2, most=2001)
    resolution: int = option(512, "Pixels along each side of a picture; an even number.", least=64, most=4096)
    fps: float = option(20.0, "Pictures a second in the film.", least=1, most=120)
    background: str = option("light", 'What is behind the heads: white, light, grey, dark, black, or like "#20242A".')

    def __post_init__(self) -> None:
        checked(self)
        if self.resolution % 2:
            near = f"{self.resolution - 1} or {self.resolution + 1}"
            raise ValueError(f"resolution = {self.resolution}: it must be even, because films need that; take {near}")
        if self.background not in COLOURS and not _HEX.fullmatch(self.background):
            names = ", ".join(COLOURS)
            raise ValueError(f'background = "{self.background}": it must be one of {names}, or a colour like "#20242A"')

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
    commands=(Stage(name="heads", cpus=2.0, memory=1024**3, timeout=600.0),),
)
