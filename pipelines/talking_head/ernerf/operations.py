"""Which operations a head is drawn by: plain PyTorch, or on a GPU a kernel each. They take and give the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pipelines.talking_head.ernerf import composite, march, planes
from pipelines.talking_head.ernerf.composite import Seen
from pipelines.talking_head.ernerf.field import Field, Given, Matter, Ways
from pipelines.talking_head.ernerf.march import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """As the functions of those names in ``march``, ``planes`` and ``composite``; matter: what a field says."""

    march: Callable[..., Samples]
    encode: Callable[..., Tensor]
    looked_up: Callable[..., Tensor]
    matter: Callable[[Field, Tensor, Ways, Given], Matter]
    composite: Callable[..., Seen]


def _plain(nets: Field, features: Tensor, ways: Ways, given: Given) -> Matter:
    found: Matter = nets(features, ways.sees[ways.ray], given)
    return found


PLAIN = Operations(
    march=march.march,
    encode=planes.encode,
    looked_up=planes.looked_up,
    matter=_plain,
    composite=composite.composite,
)


def operations(device: torch.device) -> Operations:
    """Those for that device."""
    return fused() if device.type == "cuda" else PLAIN


def fused() -> Operations:
    """The kernels, which Triton's interpreter runs on anything."""
    from pipelines.talking_head.ernerf.fused import composite, field, march, planes  # noqa: PLC0415  for GPUs

    return Operations(
        march=march.march,
        encode=planes.encode,
        looked_up=planes.looked_up,
        matter=field.field,
        composite=composite.composite,
    )
