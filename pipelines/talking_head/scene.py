"""A clip as engines learn it: pictures, poses, features and the split, at one size."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from pipelines.talking_head import offset
from pipelines.talking_head.ingest.footage import Footage
from pipelines.talking_head.landmarks.points import LIPS
from pipelines.talking_head.listen.front import Features, FrontEnd, around
from pipelines.talking_head.track.person import Person
from pipelines.talking_head.track.sights import Sights, sighted
from pipelines.talking_head.track.tracked import Track
from pipelines.talking_head.track.turning import FOCAL

STORED = ("pictures", "head", "torso")
"""Of a scene: what may be larger than any memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """How the head of one picture stands.

    turn, move: its pose, in the camera's frame. stance: the same about 0 and 1, as ``stances`` has it. eyes: how far
    shut. sway: of the torso, as ``track.sway.moved`` takes it. ground: the background alone, 0 to 1.
    """

    turn: Float[Tensor, "3 3"]
    move: Float[Tensor, 3]
    stance: Float[Tensor, 6]
    eyes: Float[Tensor, 2]
    ground: Float[Tensor, "s s 3"]
    sway: Float[Tensor, 4] = field(default_factory=lambda: torch.zeros(4))

    def on(self, device: torch.device) -> View:
        """The same where a model computes."""
        return View(**{one.name: getattr(self, one.name).to(device) for one in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A row a frame; pictures of s by s pixels.

    pictures, head, torso: of n frames, best as a mapped file: what needs one asks ``picture`` and its like. stored:
    which of them is each row's; None: they are in order. ground: the background alone. head, torso: shares of pixels,
    in 255ths. turns, moves: the pose. heard: features of
    the frame and its neighbours. eyes: how far shut. sway: of the torso. codes: what drives the tracked bases.
    opening: of the mouth. lips: the square around the mouth, x0 y0 x1 y1 in pixels.
    """

    pictures: UInt8[Tensor, "n s s 3"]
    ground: UInt8[Tensor, "s s 3"]
    head: UInt8[Tensor, "n s s"]
    torso: UInt8[Tensor, "n s s"]
    turns: Float[Tensor, "t 3 3"]
    moves: Float[Tensor, "t 3"]
    heard: Float[Tensor, "t 8 w c"]
    eyes: Float[Tensor, "t 2"]
    sway: Float[Tensor, "t 4"]
    codes: Float[Tensor, "t k"]
    opening: Float[Tensor, " t"]
    lips: Float[Tensor, "t 4"]
    stored: Int[Tensor, " t"] | None = None

    def __len__(self) -> int:
        return len(self.moves)

    def picture(self, row: int) -> UInt8[Tensor, "s s 3"]:
        """That frame, where the scene computes."""
        return self._drawn(self.pictures, row)

    def head_share(self, row: int) -> UInt8[Tensor, "s s"]:
        """Of that frame the head's share of each pixel, likewise."""
        return self._drawn(self.head, row)

    def torso_share(self, row: int) -> UInt8[Tensor, "s s"]:
        """The torso's."""
        return self._drawn(self.torso, row)

    def lying(self, rows: Int[Tensor, " r"]) -> Int[Tensor, " r"]:
        """Where the frames of those rows lie among all that are stored."""
        return rows if self.stored is None else self.stored[rows]

    def _drawn(self, stored: Tensor, row: int) -> Tensor:
        return stored[row if self.stored is None else int(self.stored[row])].to(self.moves.device)

    def view(self, row: int) -> View:
        """How the head stands in that frame."""
        return View(
            turn=self.turns[row],
            move=self.moves[row],
            stance=self.stance[row],
            eyes=self.eyes[row],
            ground=self.ground / 255.0,
            sway=self.sway[row],
        )

    @property
    def side(self) -> int:
        """Pixels a side."""
        return int(self.ground.shape[0])

    @property
    def stance(self) -> Float[Tensor, "t 6"]:
        """The poses as ``stances``, about the clip's own middle."""
        return stances(self.turns, self.moves, self.middle)

    @property
    def middle(self) -> Float[Tensor, 3]:
        """Where the head is on the whole."""
        middle: Tensor = self.moves.median(0).values
        return middle

    @property
    def reference(self) -> int:
        """The frame in the middle of all poses: where models start from."""
        stance = self.stance
        return int((stance - stance.median(0).values).square().sum(1).argmin())

    def on(self, device: torch.device) -> Scene:
        """The clip where a model computes. What frames are picked and mouths cut by stays with the host.

        Frames stay there too: each follows when it is drawn, and a clip may be longer than a GPU's memory.
        """
        moving = [one.name for one in fields(self) if one.name not in {*STORED, "stored", "opening", "lips"}]
        return replace(self, **{name: getattr(self, name).to(device) for name in moving})

    def chosen(self, rows: Int[Tensor, " n"]) -> Scene:
        """Those frames alone: what starts from them knows no other. None is copied."""
        picked = [one.name for one in fields(self) if one.name not in {*STORED, "stored", "ground"}]
        return replace(self, stored=self.lying(rows), **{name: getattr(self, name)[rows] for name in picked})


def stances(
    turns: Float[Tensor, "t 3 3"], moves: Float[Tensor, "t 3"], middle: Float[Tensor, 3]
) -> Float[Tensor, "t 6"]:
    """Poses as six numbers about 0 and 1: how the head is turned, and how far it is from the middle."""
    facing = turns * turns.new_tensor([1.0, -1.0, -1.0])
    turn = torch.stack([facing[:, 2, 1], facing[:, 0, 2], facing[:, 1, 0]], 1)
    return torch.cat([turn * 5.0, (moves - middle) / moves.new_tensor([3.0, 3.0, 10.0])], 1)


def swaying(sway: Float[Tensor, 4]) -> Float[Tensor, "3 3"]:
    """What a sway of the picture does to points of the camera's frame, whatever their depth: they stay as deep."""
    stretch, turn, across, down = sway.unbind()
    none, one = torch.zeros_like(turn), torch.ones_like(turn)
    rows = (1 + stretch, -turn, across / FOCAL, turn, 1 + stretch, down / FOCAL, none, none, one)
    return torch.stack(rows).reshape(3, 3)


def seen(footage: Footage, track: Track, person: Person, side: int, front: FrontEnd) -> Scene:
    """The clip at that size. Its sound is shifted by the offset that is found in it."""
    lag = offset.found(footage.sound, track.mouth).believed
    return assembled(sighted(footage, track, person, side), track, front(offset.shifted(footage.sound, lag)))


def assembled(sights: Sights, track: Track, heard: Features) -> Scene:
    """The clip from its parts. heard: features of its frames."""
    return Scene(
        pictures=torch.from_numpy(sights.pictures),
        ground=torch.from_numpy(sights.ground),
        head=torch.from_numpy(sights.head),
        torso=torch.from_numpy(sights.torso),
        turns=_floats(track.poses.turns),
        moves=_floats(track.poses.moves),
        heard=torch.from_numpy(around(heard)),
        eyes=_floats(track.blink),
        sway=_floats(sights.sway),
        codes=_floats(track.coefficients),
        opening=_floats(track.opening),
        lips=_floats(mouth_boxes(track, sights.pictures.shape[1])),
    )


def mouth_boxes(track: Track, side: int) -> np.ndarray:
    """The squares around the mouth in pixels, half as wide again as the lips, inside of the picture."""
    lips = (track.surface[:, list(LIPS)] + 0.5) * side
    low, high = lips.min(axis=1), lips.max(axis=1)
    half = np.clip(0.75 * (high - low).max(axis=1, keepdims=True), 1.0, side / 2)
    middle = np.clip((low + high) / 2, half, side - half)  # lips at the picture's edge have pixels to be judged by too
    return np.asarray(np.clip(np.concatenate([middle - half, middle + half], axis=1), 0, side))


def _floats(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
