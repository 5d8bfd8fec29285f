"""A node of a network: an operator of ONNX with all that it is told but its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

Run = Callable[..., Tensor]
"""What runs a node: the values of its inputs in order, None for one that is left out -> its output."""


class NotKnown(Exception):
    """Raised for a network that is not run here. The message says what is not known, in which file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An operator of a network, and which values it takes and gives. inputs: "" stands for one that is left out."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]

    def told(self, name: str, usual: Any = None) -> Any:
        """An attribute, or what holds where the file says nothing of it."""
        return self.attributes.get(name, usual)
