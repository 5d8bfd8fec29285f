"""What an iteration is judged by: colours where they are sure, what should be solid, and what should stay still.

Source: J. Li et al., ER-NeRF, 2023, section 3.5, and its code. In place of LPIPS, a network that judges likeness, lip
patches are judged by their structure and their edges.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pipelines.talking_head.ernerf.head import Look
from pipelines.talking_head.learning.looks import similarity

SOLID, STILL, ELSEWHERE = 1e-4, 1e-4, 1e-3
"""Weights: of opacities that are neither 0 nor 1, of what hears beside the face, of doubt beside it."""
OUTSIDE = 0.02
"""Weight of opacities unlike the mask: few poses are seen, and what is behind a head looks like its rim."""
SMOOTH = 1e-5
"""Weight of doubt and attention that differ between neighbours."""
SURE, MOST = 0.2, 10.0
"""The least weight of a pixel and the most that its doubt makes of the rest."""
PATCH, EDGES = 0.01, 0.01
"""Weights in a lip patch: of structural dissimilarity, of its edges."""
LEAST = 11
"""Pixels that a patch must have on each side for its structure to be measured."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What rays should see. colour: of the frame. rest: of what is not the head. share: of the head."""

    colour: Float[Tensor, "r 3"]
    rest: Float[Tensor, "r 3"]
    share: Float[Tensor, " r"]

    @property
    def face(self) -> Bool[Tensor, " r"]:
        """Where the ray meets the head."""
        return self.share > 0.5  # noqa: PLR2004  more of it than of anything else


def doubted(off: Float[Tensor, "r 3"], doubt: Float[Tensor, " r"], face: Bool[Tensor, " r"], done: float) -> Tensor:
    """The squares of what is off, more where doubt is; and what teaches doubt to be as large as that (beta-NLL).

    done: the share of the course so far: what is off counts evenly first, by doubt in the end.
    """
    weight = torch.softmax(doubt.detach(), 0) * len(doubt)
    uneven = SURE + (1 - SURE) * ((1 - done) + done * weight).clamp(0, MOST)
    beta = 1 + doubt
    own = off.detach().norm(dim=1) / (2 * beta.square()) + beta.log().square() / 2
    told = torch.where(face, own, ELSEWHERE * doubt)
    found: Tensor = (off.square().mean(1) * uneven + done * told).mean()
    return found


def entropy(alpha: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """How far opacities are from 0 and from 1, in bits: 1 where all are one half."""
    sure = alpha.clamp(1e-5, 1 - 1e-5)
    found: Tensor = -(sure * sure.log2() + (1 - sure) * (1 - sure).log2()).mean()
    return found


def outside(alpha: Float[Tensor, " n"], share: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """How far opacities are from the mask."""
    found: Tensor = (alpha - share).abs().mean()
    return found


def attentive(look: Look, face: Bool[Tensor, " r"], most: int) -> Float[Tensor, ""]:
    """How much is heard beside the face, and how much one place both hears and minds the eyes."""
    hears, minds = look.gathered(look.matter.hears), look.gathered(look.matter.minds) / most
    return (hears * ~face).mean() + (minds * hears.detach() * face).mean()


def patched(shown: Float[Tensor, "h w 3"], truth: Float[Tensor, "h w 3"]) -> Float[Tensor, ""]:
    """How little a patch is structured as the true one is, and how far its edges are off."""
    off = shown - truth
    edges = EDGES * (off.diff(dim=0).abs().mean() + off.diff(dim=1).abs().mean())
    if min(shown.shape[:2]) < LEAST:
        return edges
    return edges + PATCH * (1 - similarity(shown, truth))
