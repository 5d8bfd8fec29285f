"""Operators of ONNX that arrange numbers anew, and compute where they go. Source: as in ``operators``."""

from __future__ import annotations

from math import prod

import numpy as np
import onnx
import torch
from torch import Tensor

from pipelines.faces.embed.by_torch.nodes import Node, NotKnown, Run

_KINDS = {"float32": torch.float32, "float64": torch.float64, "int32": torch.int32, "int64": torch.int64}


def flatten(node: Node) -> Run:
    """Two dimensions: those before the axis as one, and the others."""
    axis = node.told("axis", 1)

    def run(x: Tensor) -> Tensor:
        return x.reshape(prod(x.shape[:axis]), prod(x.shape[axis:]))

    return run


def reshape(node: Node) -> Run:
    """The same numbers in another shape; 0 keeps a side, -1 is what is left."""
    if node.told("allowzero", 0):
        raise NotKnown("allowzero = 1")

    def run(x: Tensor, shape: Tensor) -> Tensor:
        return x.reshape([x.shape[at] if side == 0 else side for at, side in enumerate(shape.tolist())])

    return run


def transpose(node: Node) -> Run:
    """The dimensions in another order; reversed where none is told."""
    order = node.told("perm")
    return lambda x: x.permute(order or tuple(reversed(range(x.ndim))))


def concat(node: Node) -> Run:
    """Values one behind the other along an axis."""
    axis = node.attributes["axis"]
    return lambda *values: torch.cat(values, axis)


def shape(node: Node) -> Run:
    """The sides of a value, on the processor."""
    some = slice(node.told("start", 0), node.told("end"))
    return lambda x: torch.tensor(list(x.shape)[some], dtype=torch.int64)


def gather(node: Node) -> Run:
    """The rows of those numbers along an axis; below 0 they count from the end."""
    axis = node.told("axis", 0)

    def run(x: Tensor, at: Tensor) -> Tensor:
        length = x.shape[axis]
        flat = torch.where(at < 0, at + length, at).reshape(-1).to(x.device)
        before, after = x.shape[: axis % x.ndim], x.shape[axis % x.ndim + 1 :]
        return torch.index_select(x, axis, flat).reshape((*before, *at.shape, *after))

    return run


def sliced(x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None) -> Tensor:
    """From start to before end along each axis, or along the first; a step below 0 goes backwards."""
    along = range(len(starts)) if axes is None else axes.tolist()
    strides = [1] * len(starts) if steps is None else steps.tolist()
    for start, end, axis, step in zip(starts.tolist(), ends.tolist(), along, strides, strict=True):
        places = range(x.shape[axis])[start:end:step]
        x = x.index_select(axis, torch.tensor(places, dtype=torch.int64, device=x.device))
    return x


def unsqueeze(node: Node) -> Run:
    """More dimensions of one, where they stand in the end; told in the node, or from version 13 on as a value."""
    told = node.told("axes")

    def run(x: Tensor, given: Tensor | None = None) -> Tensor:
        axes = told if given is None else given.tolist()
        for axis in sorted(one % (x.ndim + len(axes)) for one in axes):
            x = x.unsqueeze(axis)
        return x

    return run


def squeeze(node: Node) -> Run:
    """Without those dimensions of one, or all of them; told as for ``unsqueeze``."""
    told = node.told("axes")

    def run(x: Tensor, given: Tensor | None = None) -> Tensor:
        axes = told if given is None else given.tolist()
        return x.squeeze() if axes is None else x.squeeze(tuple(axes))

    return run


def cast(node: Node) -> Run:
    """The numbers as another kind."""
    kind = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(node.attributes["to"])).name
    if kind not in _KINDS:
        raise NotKnown(f"numbers of the kind {kind}")
    return lambda x: x.to(_KINDS[kind])
