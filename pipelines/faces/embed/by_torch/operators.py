"""The operators of ONNX by torch, as many as networks for faces are made of: what they are told is refused or done.

Source: the specification of ONNX's operators, versions 11 to 22. Sizes and places (whole numbers of one dimension) stay
on the processor, where they are wanted next; everything else is where the network runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from pipelines.faces.embed.by_torch import arranging, windows
from pipelines.faces.embed.by_torch.nodes import Node, NotKnown, Run


@dataclass(frozen=True, slots=True)
class _Operator:
    """made: what runs a node. knows: the attributes that it heeds, or that change nothing here."""

    made: Callable[[Node], Run]
    knows: frozenset[str]


def made(node: Node, file: str) -> Run:
    """What runs the node, with the values of its inputs in order. Raises NotKnown for what would not be done right."""
    operator = _OPERATORS.get(node.operator)
    if operator is None:
        raise NotKnown(f"{file} has the operator {node.operator}, which is not known")
    if more := sorted(set(node.attributes) - operator.knows):
        raise NotKnown(f"{file} has the operator {node.operator} with {', '.join(more)}, which is not known")
    try:
        return operator.made(node)
    except NotKnown as why:
        raise NotKnown(f"{file} has the operator {node.operator} with {why}, which is not known") from None
    except KeyError as missing:
        raise NotKnown(f"{file} has the operator {node.operator} without {missing}") from None


def _always(run: Run) -> Callable[[Node], Run]:
    return lambda _node: run


def _batch_normalization(node: Node) -> Run:
    if node.told("training_mode", 0):
        raise NotKnown("training_mode = 1")
    epsilon = node.told("epsilon", 1e-5)

    def run(x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        return functional.batch_norm(x, mean, variance, scale, bias, eps=epsilon)

    return run


def _instance_normalization(node: Node) -> Run:
    epsilon = node.told("epsilon", 1e-5)
    return lambda x, scale, bias: functional.instance_norm(x, weight=scale, bias=bias, eps=epsilon)


def _prelu(x: Tensor, slope: Tensor) -> Tensor:
    if slope.shape == (x.shape[1], *(1 for _ in x.shape[2:])):
        return functional.prelu(x, slope.reshape(-1))
    return torch.where(x < 0, x * slope, x)


def _gemm(node: Node) -> Run:
    alpha, beta = (node.told(name, 1.0) for name in ("alpha", "beta"))
    turn_a, turn_b = (bool(node.told(name, 0)) for name in ("transA", "transB"))

    def run(a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
        a, b = a.T if turn_a else a, b.T if turn_b else b
        return torch.addmm(c, a, b, beta=beta, alpha=alpha) if c is not None else alpha * (a @ b)

    return run


def _divided(x: Tensor, y: Tensor) -> Tensor:
    whole = not (x.is_floating_point() or y.is_floating_point())
    return torch.div(x, y, rounding_mode="trunc" if whole else None)


def _clip(x: Tensor, least: Tensor | None = None, most: Tensor | None = None) -> Tensor:
    return x if least is None and most is None else torch.clamp(x, least, most)


def _op(made: Callable[[Node], Run], *knows: str) -> _Operator:
    return _Operator(made, frozenset(knows))


_OPERATORS: Mapping[str, _Operator] = {
    "Add": _op(_always(torch.add)),
    "AveragePool": _op(windows.average_pool, "ceil_mode", "count_include_pad", "kernel_shape", "pads", "strides"),
    "BatchNormalization": _op(_batch_normalization, "epsilon", "momentum", "training_mode"),
    "Cast": _op(arranging.cast, "to"),
    "Clip": _op(_always(_clip)),
    "Concat": _op(arranging.concat, "axis"),
    "Conv": _op(windows.conv, *windows.WINDOW, "group"),
    "Div": _op(_always(_divided)),
    "Dropout": _op(_always(lambda x, *_told: x), "ratio", "seed"),
    "Flatten": _op(arranging.flatten, "axis"),
    "Gather": _op(arranging.gather, "axis"),
    "Gemm": _op(_gemm, "alpha", "beta", "transA", "transB"),
    "GlobalAveragePool": _op(_always(lambda x: x.mean(tuple(range(2, x.ndim)), keepdim=True))),
    "Identity": _op(_always(lambda x: x)),
    "InstanceNormalization": _op(_instance_normalization, "epsilon"),
    "MatMul": _op(_always(torch.matmul)),
    "MaxPool": _op(windows.max_pool, *windows.WINDOW, "ceil_mode", "storage_order"),
    "Mul": _op(_always(torch.mul)),
    "PRelu": _op(_always(_prelu)),
    "Relu": _op(_always(torch.relu)),
    "Reshape": _op(arranging.reshape, "allowzero"),
    "Resize": _op(windows.resize, *windows.RESIZED, "cubic_coeff_a"),
    "Shape": _op(arranging.shape, "end", "start"),
    "Sigmoid": _op(_always(torch.sigmoid)),
    "Slice": _op(_always(arranging.sliced)),
    "Squeeze": _op(arranging.squeeze, "axes"),
    "Sub": _op(_always(torch.sub)),
    "Transpose": _op(arranging.transpose, "perm"),
    "Unsqueeze": _op(arranging.unsqueeze, "axes"),
}
