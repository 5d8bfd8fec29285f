"""What a file of ONNX says: inputs, weights, and the nodes of its network in the order in which they run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from pipelines.faces.embed.by_torch.nodes import Node, NotKnown

OPSETS = range(11, 23)
"""Versions of ONNX's operators, of which those in ``operators`` mean the same."""
_ONNX = {"", "ai.onnx"}


@dataclass(frozen=True, slots=True)
class Input:
    """What a network takes. shape: a number where its file says one, else what it calls it."""

    name: str
    shape: list[int | str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """A network as its file says it. weights: by name, with the constants among the nodes."""

    file: str
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    weights: Mapping[str, np.ndarray]
    nodes: tuple[Node, ...]


def read(path: Path) -> Network:
    """The network in the file. Raises NotKnown where it is no ONNX, or of other versions than OPSETS."""
    try:
        model = onnx.load(path)
    except Exception as why:  # protobuf's, and those of files that lie beside it
        raise NotKnown(f"{path.name} cannot be read as ONNX: {why}") from why
    _check_versions(path.name, model)
    graph = model.graph
    weights = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    constants = {one.output[0]: _constant(path.name, one) for one in graph.node if one.op_type == "Constant"}
    return Network(
        file=path.name,
        inputs=tuple(_input(one) for one in graph.input if one.name not in weights),
        outputs=tuple(one.name for one in graph.output),
        weights={**weights, **constants},
        nodes=tuple(_node(path.name, one) for one in graph.node if one.op_type != "Constant"),
    )


def _check_versions(file: str, model: onnx.ModelProto) -> None:
    for one in model.opset_import:
        if one.domain in _ONNX and one.version not in OPSETS:
            raise NotKnown(
                f"{file} is written in version {one.version} of ONNX's operators; known are {OPSETS[0]} to {OPSETS[-1]}"
            )


def _input(told: onnx.ValueInfoProto) -> Input:
    shape = [d.dim_value if d.HasField("dim_value") else d.dim_param for d in told.type.tensor_type.shape.dim]
    return Input(told.name, shape)


def _node(file: str, told: onnx.NodeProto) -> Node:
    operator = told.op_type if told.domain in _ONNX else f"{told.domain}.{told.op_type}"
    if len(more := [name for name in told.output if name]) != 1:
        raise NotKnown(f"{file} wants {len(more)} values of the operator {operator}; known is the first")
    attributes = {one.name: onnx.helper.get_attribute_value(one) for one in told.attribute}
    return Node(operator=operator, inputs=tuple(told.input), output=told.output[0], attributes=attributes)


def _constant(file: str, told: onnx.NodeProto) -> np.ndarray:
    (kind, value), *_ = ((one.name, onnx.helper.get_attribute_value(one)) for one in told.attribute)
    match kind:
        case "value":
            return np.asarray(numpy_helper.to_array(value))
        case "value_int" | "value_ints":
            return np.asarray(value, dtype=np.int64)
        case "value_float" | "value_floats":
            return np.asarray(value, dtype=np.float32)
    raise NotKnown(f"{file} has a constant given as {kind}, which is not known")
