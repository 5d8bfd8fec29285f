"""How a head is lit: lamps that stand around the camera, so that form shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Lighting(StrEnum):
    """The set-ups that may be asked for."""

    STUDIO = "studio"  # a key lamp from the upper left, a fill, a rim: the form shows best
    SOFT = "soft"  # a bright sky and a weak key: few shadows
    FLAT = "flat"  # textures and colours as they are; clay lit from the camera
    RIM = "rim"  # dark, edges glow


KEY, FILL, RIM = (-0.55, 0.62, 0.66), (0.80, 0.05, 0.62), (0.45, 0.55, -0.85)
"""Where the lamps stand, as directions in view space: +X right, +Y up, +Z to the camera."""
WARM, COOL = (1.0, 0.98, 0.94), (0.88, 0.95, 1.0)
"""The colours of key and fill, linear."""
CLAY = (0.56, 0.52, 0.49)
"""What a mesh without texture is made of, linear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamps:
    """Strengths. ground, sky: light from all sides on what faces down and up. head: a lamp on the camera.

    gloss: mirrored key. rim: light from behind along the edges.
    """

    ground: float
    sky: float
    key: float = 0.0
    fill: float = 0.0
    head: float = 0.0
    gloss: float = 0.0
    rim: float = 0.0


_CLAY = {
    Lighting.STUDIO: Lamps(ground=0.09, sky=0.26, key=0.95, fill=0.20, gloss=0.07, rim=0.30),
    Lighting.SOFT: Lamps(ground=0.22, sky=0.62, key=0.45, fill=0.22, gloss=0.03, rim=0.12),
    Lighting.FLAT: Lamps(ground=0.12, sky=0.12, head=1.0),
    Lighting.RIM: Lamps(ground=0.02, sky=0.08, key=0.22, fill=0.06, gloss=0.05, rim=2.2),
}
_SKIN = {
    Lighting.STUDIO: Lamps(ground=0.22, sky=0.40, key=0.98, fill=0.26, gloss=0.03, rim=0.10),
    Lighting.SOFT: Lamps(ground=0.50, sky=0.85, key=0.32, fill=0.12, gloss=0.01, rim=0.05),
    Lighting.FLAT: Lamps(ground=1.0, sky=1.0),
    Lighting.RIM: Lamps(ground=0.05, sky=0.12, key=0.30, fill=0.08, gloss=0.02, rim=1.6),
}


def lamps(lighting: Lighting, *, clay: bool) -> Lamps:
    """The lamps for a mesh of clay, or for one with colours of its own: a picture holds some light already."""
    return (_CLAY if clay else _SKIN)[lighting]
