"""What can be said about a head, and where its features then lie."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Self

Point = tuple[float, float, float]

FARTHEST = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A head in words. Each parameter is 0 for the average, about -1 to 1 for what people have, at most 1.5 either way.

    nose_length: how far it stands out. hair_length: -1 is cropped, 1 reaches the chin.
    Raises ValueError where a parameter is out of bounds.
    """

    head_width: float = 0.0
    cranium_height: float = 0.0
    face_length: float = 0.0
    brow_ridge: float = 0.0
    eye_size: float = 0.0
    eye_spacing: float = 0.0
    eye_depth: float = 0.0
    cheekbones: float = 0.0
    cheek_fullness: float = 0.0
    nose_length: float = 0.0
    nose_width: float = 0.0
    nose_bridge: float = 0.0
    nose_tip_up: float = 0.0
    mouth_width: float = 0.0
    lip_fullness: float = 0.0
    jaw_width: float = 0.0
    chin_length: float = 0.0
    chin_forward: float = 0.0
    ear_size: float = 0.0
    ear_flare: float = 0.0
    neck_width: float = 0.0
    hair_volume: float = 0.0
    hair_length: float = -1.0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not -FARTHEST <= value <= FARTHEST:
                raise ValueError(f"{field.name} = {value}: it must be between -{FARTHEST} and {FARTHEST}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """Where the features of a shape lie, in centimetres: X to the head's left, Y up, Z to where it looks.

    Y is 0 at the eyes, Z in the middle of the head; of paired features the one at +X is told. drop: how far the lower
    face is moved up. width: factor of the skull's breadth. opening: of the eye: half its width, its height over and
    under the middle. lips: thickness of the upper and the lower. hair: 0 is cropped, 1 reaches the chin.
    """

    shape: Shape
    width: float
    drop: float
    eye: Point
    eyeball: float
    opening: tuple[float, float, float]
    nose_tip: Point
    nostril_wing: Point
    mouth: Point
    mouth_half: float
    lips: tuple[float, float]
    chin: Point
    jaw: float
    neck: float
    hair: float

    @classmethod
    def of(cls, s: Shape) -> Self:
        """The anatomy of a shape."""
        width, drop = 1.0 + 0.06 * s.head_width, -0.9 * s.face_length
        wing_y = -4.65 + 0.2 * s.nose_tip_up + 0.5 * drop
        return cls(
            shape=s,
            width=width,
            drop=drop,
            eye=(3.15 + 0.3 * s.eye_spacing, 0.0, 6.0 - 0.35 * s.eye_depth),
            eyeball=1.34 + 0.14 * s.eye_size,
            opening=(1.56 + 0.22 * s.eye_size, 0.62 + 0.16 * s.eye_size, 0.46 + 0.08 * s.eye_size),
            nose_tip=(0.0, -4.1 + 0.55 * s.nose_tip_up + 0.5 * drop, 9.75 + 0.75 * s.nose_length),
            nostril_wing=(1.12 + 0.3 * s.nose_width, wing_y, 8.45 + 0.25 * s.nose_length),
            mouth=(0.0, -7.3 + 0.8 * drop, 8.45),
            mouth_half=2.85 + 0.4 * s.mouth_width,
            lips=(0.44 * (1.0 + 0.5 * s.lip_fullness), 0.56 * (1.0 + 0.5 * s.lip_fullness)),
            chin=(0.0, -10.6 + drop - 0.7 * s.chin_length, 7.2 + 0.9 * s.chin_forward),
            jaw=4.5 * width + 0.8 * s.jaw_width,
            neck=5.0 + 0.7 * s.neck_width,
            hair=max((s.hair_length + 1.0) / 2.0, 0.0),
        )
