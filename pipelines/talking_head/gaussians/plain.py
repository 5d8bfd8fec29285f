"""Gaussians in the picture, drawn pixel by pixel as the equations have it: what ``splat`` is compared with."""

from __future__ import annotations

import torch

from pipelines.talking_head.gaussians.splat import CUT, MOST, Drawn, Flat


def drawn(flat: Flat, height: int, width: int) -> Drawn:
    """The Gaussians as they cover each other, nearest first."""
    order = torch.argsort(flat.depth, stable=True)
    rows, through = [], []
    for row in range(height):
        for column in range(width):
            colour, light = flat.colour.new_zeros(3), flat.colour.new_ones(())
            for one in order:
                away = flat.at.new_tensor([column + 0.5, row + 0.5]) - flat.at[one]
                a, b, c = flat.conic[one]
                power = -0.5 * (a * away[0] ** 2 + c * away[1] ** 2) - b * away[0] * away[1]
                share = flat.opacity[one] * torch.exp(power)
                if torch.log(share) <= CUT:
                    continue
                share = share.clamp_max(MOST)
                colour = colour + light * share * flat.colour[one]
                light = light * (1 - share)
            rows.append(colour)
            through.append(light)
    return Drawn(torch.stack(rows).reshape(height, width, 3), torch.stack(through).reshape(height, width))
