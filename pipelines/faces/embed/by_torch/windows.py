"""Operators of ONNX that look at a picture through a window, or make it larger. Source: as in ``operators``."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from pipelines.faces.embed.by_torch.nodes import Node, NotKnown, Run

WINDOW = ("auto_pad", "dilations", "kernel_shape", "pads", "strides")
"""What a window is told."""
RESIZED = {"mode": b"nearest", "coordinate_transformation_mode": b"half_pixel", "nearest_mode": b"round_prefer_floor"}
"""What an enlargement is told, with what holds where it is not."""
_SIDES = 2
"""A picture's dimensions beside its channels."""


def conv(node: Node) -> Run:
    """A convolution of pictures, in groups of channels, with or without a bias."""
    strides, dilations = _pair(node, "strides"), _pair(node, "dilations")
    group = node.told("group", 1)
    around, padding = _padded(node, 0.0)

    def run(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        return functional.conv2d(around(x), weight, bias, strides, padding, dilations, group)

    return run


def max_pool(node: Node) -> Run:
    """The largest of each window; what lies outside is never it."""
    sides, strides, dilations = _sides(node), _pair(node, "strides"), _pair(node, "dilations")
    ceil = bool(node.told("ceil_mode", 0))
    around, padding = _padded(node, -torch.inf)

    def run(x: Tensor) -> Tensor:
        return functional.max_pool2d(around(x), sides, strides, padding, dilations, ceil)

    return run


def average_pool(node: Node) -> Run:
    """The mean of each window; what lies outside counts as zeros only where the node is told so."""
    sides, strides = _sides(node), _pair(node, "strides")
    ceil, border = (bool(node.told(name, 0)) for name in ("ceil_mode", "count_include_pad"))
    pads = node.told("pads", [0, 0, 0, 0])
    if pads[:2] != pads[2:] or (ceil and border):
        raise NotKnown("such pads")

    def run(x: Tensor) -> Tensor:
        return functional.avg_pool2d(x, sides, strides, tuple(pads[:2]), ceil, border)

    return run


def resize(node: Node) -> Run:
    """A picture with its pixels repeated, as interpolation by the nearest is written by PyTorch's exporter."""
    told = [node.told(name, usual) for name, usual in RESIZED.items()]
    if told != [b"nearest", b"asymmetric", b"floor"]:
        raise NotKnown(", ".join(word.decode() for word in told))

    def run(x: Tensor, _roi: Tensor | None = None, scales: Tensor | None = None, sizes: Tensor | None = None) -> Tensor:
        if sizes is not None and len(sizes):
            return functional.interpolate(x, size=sizes.tolist()[2:], mode="nearest")
        times = scales.tolist()[2:] if scales is not None else None
        return functional.interpolate(x, scale_factor=times, mode="nearest")

    return run


def _sides(node: Node) -> tuple[int, ...]:
    sides = tuple(node.attributes["kernel_shape"])
    if len(sides) != _SIDES:
        raise NotKnown(f"{len(sides)} dimensions")
    return sides


def _pair(node: Node, name: str) -> tuple[int, ...]:
    return tuple(node.told(name, (1, 1)))


def _padded(node: Node, value: float) -> tuple[Run, tuple[int, ...]]:
    """What lays a border of that value around a picture, and the border that torch is to lay itself."""
    if node.told("auto_pad", b"NOTSET") != b"NOTSET":
        raise NotKnown("auto_pad")
    pads = node.told("pads", (0, 0, 0, 0))
    if len(pads) != 2 * _SIDES:
        raise NotKnown(f"{len(pads) // 2} dimensions")
    top, left, bottom, right = pads
    if (top, left) == (bottom, right):
        return lambda x: x, (top, left)
    return lambda x: functional.pad(x, (left, right, top, bottom), value=value), (0, 0)
