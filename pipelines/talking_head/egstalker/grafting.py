"""Growth carried out: a model's rows after a change, and what the optimiser knows of them.

Copies and what they come from share the opacity, so that the picture stays as it was (S. Rota Bulo et al., Revising
Densification in Gaussian Splatting, 2024, equation 9).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pipelines.talking_head.egstalker.growing import Asked, Change, Limits, Rules, changed
from pipelines.talking_head.egstalker.model import Deformed
from pipelines.talking_head.gaussians.camera import turned
from pipelines.talking_head.gaussians.cloud import Cloud

SMALLER = 1.6
"""By what each half of a split Gaussian is smaller."""
LOW = 0.01
"""Opacity that is left when opacities are lowered."""


@dataclass(frozen=True, slots=True, eq=False)
class Grafting:
    """A model in whose optimiser rows are exchanged. chance: the run's own."""

    model: Deformed
    optimiser: torch.optim.Optimizer
    chance: torch.Generator

    @torch.no_grad()
    def grow(self, rules: Rules) -> None:
        """Afterwards there are more Gaussians where it strained, fewer where there was nothing, and no strain.

        Nothing changes where a size is no number: among such, none is large or small, and the course goes back.
        """
        model = self.model
        clouds = (model.head, model.torso)
        asked = Asked(
            size=torch.cat([cloud.sizes for cloud in clouds]).exp().amax(1),
            opacity=torch.cat([cloud.opacity for cloud in clouds]).sigmoid(),
            strain=model.strain / model.drawn.clamp_min(1),
        )
        if not bool(asked.size.isfinite().all()):
            return
        change = changed(asked, rules, Limits(model.sizes.strain, model.sizes.most - len(asked.size)))
        head = len(model.head)
        self._graft(model.head, ("effects", "shades"), change.between(0, head))
        self._graft(model.torso, ("leans",), change.between(head, len(asked.size)))
        model.unstrained()

    @torch.no_grad()
    def lower(self) -> None:
        """Afterwards hardly any Gaussian is seen: those that are needed come back, the others can be dropped."""
        for cloud in (self.model.head, self.model.torso):
            cloud.opacity.clamp_(max=math.log(LOW / (1 - LOW)))
            for moment in self.optimiser.state.get(cloud.opacity, {}).values():
                if moment.shape == cloud.opacity.shape:
                    moment.zero_()

    def _graft(self, cloud: Cloud, beside: tuple[str, ...], change: Change) -> None:
        for name, values in grown(cloud, change, self.chance).items():
            self._exchange(cloud, name, values, change)
        for name in beside:
            self._exchange(self.model, name, getattr(self.model, name).detach()[change.rows], change)

    def _exchange(self, module: nn.Module, name: str, values: Tensor, change: Change) -> None:
        """Afterwards the module has these values. What the optimiser knew of rows goes with them."""
        old, new = getattr(module, name), nn.Parameter(values)
        setattr(module, name, new)
        for group in self.optimiser.param_groups:
            group["params"] = [new if one is old else one for one in group["params"]]
        for key, value in self.optimiser.state.pop(old, {}).items():
            self.optimiser.state[new][key] = _followed(value, change) if value.shape == old.shape else value


@torch.no_grad()
def grown(cloud: Cloud, change: Change, chance: torch.Generator) -> dict[str, Tensor]:
    """The cloud's numbers after the change, by name: copies lie beside what they come from, halves are smaller."""
    rows, old, copied = change.rows, len(change.kept), len(change.cloned)
    found = {name: parameter.detach()[rows] for name, parameter in cloud.named_parameters()}
    opacity = cloud.opacity.detach().clone()
    opacity[change.cloned] = torch.logit(1 - torch.sigmoid(-opacity[change.cloned]).sqrt(), 1e-6)
    found["opacity"] = opacity[rows]
    away = torch.randn(change.fresh, 3, generator=chance).to(rows.device) * found["sizes"][old:].exp()
    found["at"][old:] += (turned(found["quaternions"][old:]) @ away[:, :, None])[:, :, 0]
    found["sizes"][old + copied :] -= math.log(SMALLER)
    return found


def _followed(moment: Tensor, change: Change) -> Tensor:
    found = moment[change.rows]
    found[len(change.kept) :] = 0
    return found
