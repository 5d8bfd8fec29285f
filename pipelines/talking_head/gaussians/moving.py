"""How features move Gaussians: a few codes from sound, eyes and pose, and what each code does to each Gaussian."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pipelines.talking_head.gaussians.camera import Solid, flattened
from pipelines.talking_head.gaussians.cloud import Cloud
from pipelines.talking_head.gaussians.splat import drawn
from pipelines.talking_head.learning.engine import Model
from pipelines.talking_head.scene import View, swaying

HEARD, TORSO = 32, 10
"""Numbers that sound becomes, and that a pose becomes for the torso."""
DROPPED = 0.3
"""Share of what is heard that is left out while learning: clips are short, and nets learn them by heart."""
MOVE, SIZE, COLOUR, OPACITY, TURN = slice(0, 3), slice(3, 6), slice(6, 9), 9, slice(10, 14)
"""Where in a row of effects is what they do to a Gaussian's place, size, colour, opacity and quaternion."""
EFFECTS = 14


class Ear(nn.Module):
    """Features of a frame and its neighbours to 32 numbers: ER-NeRF's AudioNet and AudioAttNet."""

    def __init__(self, steps: int, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = channels
        for wider in (32, 32, 64, 64):
            if steps > 1:
                layers += [nn.Conv1d(width, wider, 3, stride=2, padding=1), nn.LeakyReLU(0.02)]
                width, steps = wider, -(-steps // 2)
        ending = (nn.Flatten(), nn.Dropout(DROPPED), nn.Linear(width * steps, 64), nn.LeakyReLU(0.02))
        self.hears = nn.Sequential(*layers, *ending)
        self.tells = nn.Linear(64, HEARD)
        self.attends = nn.Sequential(
            nn.Conv1d(HEARD, 16, 3, padding=1), nn.LeakyReLU(0.02), nn.Conv1d(16, 1, 3, padding=1)
        )

    def forward(self, heard: Float[Tensor, "b k w c"]) -> Float[Tensor, "b 32"]:
        """The neighbours' numbers, weighed against each other."""
        batch, count = heard.shape[:2]
        each = self.tells(self.hears(heard.flatten(0, 1).transpose(1, 2))).reshape(batch, count, HEARD)
        weights = torch.softmax(self.attends(each.transpose(1, 2)), dim=2)
        told: Tensor = (weights @ each)[:, 0]
        return told


class Talker(Model):
    """A head that sound and eyes move, and a torso that follows the head's pose.

    The head's codes are those of the tracked bases: what they do at the start is what the tracker saw them do.
    """

    def __init__(self, head: Cloud, torso: Cloud, bases: Float[Tensor, "n k 3"], heard: tuple[int, int]) -> None:
        super().__init__()
        codes = bases.shape[1]
        self.head, self.torso, self.heard = head, torso, heard
        self.ear = Ear(*heard)
        self.speaks = nn.Sequential(
            nn.Linear(HEARD + 2, 64), nn.LeakyReLU(0.02), nn.Dropout(DROPPED), nn.Linear(64, codes)
        )
        self.follows = nn.Sequential(nn.Linear(6, 32), nn.LeakyReLU(0.02), nn.Linear(32, TORSO - 6))
        effects = torch.zeros(len(head), codes, EFFECTS)
        effects[..., MOVE] = bases
        self.effects = nn.Parameter(effects)
        self.leans = nn.Parameter(torch.zeros(len(torso), TORSO, EFFECTS))

    @property
    def make(self) -> dict[str, Any]:
        """How many Gaussians and codes, and what the ear takes."""
        steps, channels = self.heard
        codes = self.effects.shape[1]
        return {
            "head": len(self.head),
            "torso": len(self.torso),
            "codes": codes,
            "steps": steps,
            "channels": channels,
        }

    @property
    def counted(self) -> dict[str, int]:
        """Gaussians of head and torso."""
        return {"gaussians": len(self.head) + len(self.torso)}

    def said(self, heard: Float[Tensor, "b k w c"], eyes: Float[Tensor, "b 2"]) -> Float[Tensor, "b k"]:
        """The codes that the sound and the eyes give."""
        codes: Tensor = self.speaks(torch.cat([self.ear(heard), eyes], 1))
        return codes

    def shown(self, codes: Float[Tensor, " k"], view: View) -> Float[Tensor, "s s 3"]:
        """Head and torso, drawn over the ground."""
        side = view.ground.shape[0]
        return drawn(flattened(self(codes, view), side), side, side).over(view.ground)

    def offsets(self, codes: Float[Tensor, " k"], view: View) -> Float[Tensor, "n 14"]:
        """What the codes do to the head's Gaussians, in proportion: twice a code, twice as far."""
        del view
        return self.effects.transpose(1, 2) @ codes

    def forward(self, codes: Float[Tensor, " k"], view: View) -> Solid:
        """All Gaussians of one frame in the camera's frame."""
        turn, move, stance = view.turn, view.move, view.stance
        leaning = torch.cat([stance, self.follows(stance[None])[0]])
        head, torso = self.offsets(codes, view), self.leans.transpose(1, 2) @ leaning
        sway = swaying(view.sway)
        at = torch.cat([(self.head.at + head[:, MOVE]) @ turn.T + move, (self.torso.at + torso[:, MOVE]) @ sway.T])
        own = turn @ self.head.spread(head[:, SIZE], head[:, TURN]) @ turn.T
        rest = sway @ self.torso.spread(torso[:, SIZE], torso[:, TURN]) @ sway.T
        parts = ((self.head, head), (self.torso, torso))
        return Solid(
            at=at,
            spread=torch.cat([own, rest]),
            opacity=torch.cat([torch.sigmoid(cloud.opacity + moved[:, OPACITY]) for cloud, moved in parts]),
            colour=torch.cat([torch.sigmoid(cloud.colour + moved[:, COLOUR]) for cloud, moved in parts]),
        )
