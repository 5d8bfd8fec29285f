"""What a turn draws and how far it is off: of the head some pixels, of the lips a patch, of the torso places."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from pipelines.talking_head.ernerf import drawing, losses
from pipelines.talking_head.ernerf.box import rays
from pipelines.talking_head.ernerf.field import Given
from pipelines.talking_head.ernerf.head import Look
from pipelines.talking_head.ernerf.portrait import Portrait, places
from pipelines.talking_head.ernerf.torso import still
from pipelines.talking_head.learning.engine import MOTION, Lost, Turn
from pipelines.talking_head.learning.picking import picked
from pipelines.talking_head.scene import Scene

SMOOTHED = 16
"""Turns from one to the next in which neighbours are compared."""
NEAR = 1e-3
"""How far a neighbour is at most, in half sides of the box."""
SPOTS = 2
"""Rays of the head to a place of the torso, in a turn."""
CODES = 0.01
"""Weight of codes unlike the tracked ones, where sound drives."""
JITTER = 0.1
"""Of how far eyes are shut, while learning: what the tracker is unsure of."""


def of_head(model: Portrait, scene: Scene, turn: Turn) -> Lost:
    """A frame's head, at pixels that chance draws."""
    row = picked(scene.opening, turn)
    given, aimed = _given(model, scene, row, turn)
    pixels = drawing.of_head(scene, row, model.rays, turn)
    look = _looked(model, scene, row, (pixels, given), turn)
    truth = drawing.truth(scene, row, pixels)
    off = look.seen.over(truth.rest) - truth.colour
    doubt = look.gathered(look.seen.share.detach() * look.matter.doubt)
    total = losses.doubted(off, doubt, truth.face, turn.done)
    total = total + losses.SOLID * losses.entropy(look.seen.alpha)
    total = total + losses.OUTSIDE * losses.outside(look.seen.alpha, truth.share)
    total = total + turn.done * losses.STILL * losses.attentive(look, truth.face, model.made.sizes.samples)
    if turn.iteration % SMOOTHED == 0:
        total = total + turn.done * losses.SMOOTH * _uneven(model, look, turn)
    return Lost(total + aimed, off.detach().square().mean())


def of_lips(model: Portrait, scene: Scene, turn: Turn) -> Lost:
    """A frame's lips, all pixels around them, also by their structure and edges."""
    row = picked(scene.opening, turn)
    given, aimed = _given(model, scene, row, turn)
    patch = drawing.of_mouth(scene, row)
    pixels = patch.flatten()
    look = _looked(model, scene, row, (pixels, given), turn)
    truth = drawing.truth(scene, row, pixels)
    shown = look.seen.over(truth.rest)
    square = (shown - truth.colour).square().mean()
    shape = (*patch.shape, 3)
    total = square + losses.patched(shown.reshape(shape), truth.colour.reshape(shape))
    return Lost(total + losses.SOLID * losses.entropy(look.seen.alpha) + aimed, square.detach())


def of_torso(model: Portrait, scene: Scene, turn: Turn) -> Lost:
    """Places beside the head, in any frames: the torso's net is small, and sees many frames at once."""
    torso, own = model.parts.torso, model.parts.torso_own
    spots = drawing.of_torso(scene, max(model.rays // SPOTS, 1), turn)
    frames = turn.rows.to(scene.moves.device)
    anchors = torso.anchored(scene.turns[frames], scene.moves[frames])
    at = still(places(scene.ground)[spots.pixels], scene.sway[frames[spots.rows]])
    told = torso(at, anchors[spots.rows], own[spots.rows])
    colour, alpha = told[:, :3], told[:, 3:]
    truth = spots.colours / 255.0
    ground = scene.ground.reshape(-1, 3)[spots.pixels] / 255.0
    square = (alpha * colour + (1 - alpha) * ground - truth).square().mean()
    whole = (1 - torso.anchors[:, 3]).square().mean()
    return Lost(square + whole + losses.SOLID * losses.entropy(alpha), square.detach())


def _given(model: Portrait, scene: Scene, row: int, turn: Turn) -> tuple[Given, Tensor]:
    """What the frame gives to the head, and how far the codes that its sound gives are from the tracked ones.

    Where sound drives, every other pair of turns has the tracked codes, so that these keep their meaning.
    """
    codes, aimed = scene.codes[row], scene.codes.new_zeros(())
    if turn.drive != MOTION:
        heard = model.said(scene.heard[row : row + 1], scene.eyes[row : row + 1])[0]
        aimed = CODES * (heard - codes).square().mean()
        codes = codes if turn.iteration % 4 in {2, 3} else heard
    place = int(torch.searchsorted(turn.rows, row))
    given = model.parts.given(codes, scene.eyes[row], place)
    jitter = float(torch.rand(1, generator=turn.chance)) - 0.5
    given = replace(given, shut=given.shut + JITTER * jitter)
    model.last = replace(given, heard=given.heard.detach(), own=given.own.detach())
    return given, aimed


def _looked(model: Portrait, scene: Scene, row: int, what: tuple[Tensor, Given], turn: Turn) -> Look:
    pixels, given = what
    head = model.parts.head
    through = rays((scene.turns[row], scene.moves[row]), head.box, pixels, scene.side)
    first = torch.rand(len(pixels), generator=turn.chance).to(pixels.device)
    look: Look = head(through, given, first)
    return look


def _uneven(model: Portrait, look: Look, turn: Turn) -> Float[Tensor, ""]:
    """How much doubt and attention differ between the samples and places beside them."""
    away = (2 * torch.rand(look.points.shape, generator=turn.chance) - 1).to(look.points.device) * NEAR
    assert model.last is not None  # noqa: S101  the samples were looked at with it
    head = model.parts.head
    beside = head.field.regions(head.encoded(look.points + away))
    there = (look.matter.hears, look.matter.minds, look.matter.doubt)
    return torch.stack([(one - other.detach()).square().mean() for one, other in zip(beside, there, strict=True)]).sum()
