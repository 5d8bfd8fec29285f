"""A network of an ONNX file that torch runs, for a GPU that onnxruntime cannot use. Raises ImportError without torch.

Everything is float32 in full: with TensorFloat-32 (10 bits of a fraction instead of 23, what cuDNN takes where it may)
an embedding would not be the one that a processor computes, and faces of one collection would drift apart by machine.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from pipelines.faces.embed.by_torch.files import Input, Network, read
from pipelines.faces.embed.by_torch.nodes import NotKnown, Run
from pipelines.faces.embed.by_torch.operators import made

VERSION = str(torch.__version__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A node that is ready to run. last: values that nothing after it wants."""

    run: Run
    inputs: tuple[str, ...]
    output: str
    last: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TorchSession:
    """A network on a device. Keeps ``Session``; several threads may run it at once."""

    file: str
    device: str
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    weights: Mapping[str, Tensor]
    steps: tuple[_Step, ...]

    def get_inputs(self) -> Sequence[Input]:
        """What the network takes."""
        return self.inputs

    def run(
        self, names: Sequence[str] | None, given: Mapping[str, Float32[np.ndarray, " ..."]]
    ) -> list[Float32[np.ndarray, " ..."]]:
        """The outputs of those names, of all for None. Raises ValueError for another shape than the network takes."""
        self._check(given)
        there = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in given.items()}
        return [one.cpu().numpy() for one in self.ran(names, there)]

    def ran(self, names: Sequence[str] | None, given: Mapping[str, Tensor]) -> list[Tensor]:
        """As ``run``, with values that are and stay torch's."""
        values: dict[str, Tensor] = {**self.weights, **{name: one.to(self.device) for name, one in given.items()}}
        with torch.inference_mode():
            for step in self.steps:
                values[step.output] = step.run(*(values[name] if name else None for name in step.inputs))
                for name in step.last:
                    del values[name]
        return [values[name] for name in names or self.outputs]

    def _check(self, given: Mapping[str, Float32[np.ndarray, " ..."]]) -> None:
        for one in self.inputs:
            shape = given[one.name].shape
            fits = [not isinstance(want, int) or want == side for want, side in zip(one.shape, shape, strict=False)]
            if len(shape) != len(one.shape) or not all(fits):
                raise ValueError(f"{self.file} takes {one.shape} and was given {list(shape)}.")


def opened(path: Path, device: str) -> TorchSession:
    """The network in path, on that device of torch's. Raises NotKnown for one that torch does not run here."""
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    torch.backends.cudnn.conv.fp32_precision = "ieee"
    network = read(path)
    near = _near(network)
    return TorchSession(
        file=network.file,
        device=device,
        inputs=network.inputs,
        outputs=network.outputs,
        weights={
            name: torch.from_numpy(np.array(values)).to("cpu" if name in near else device)
            for name, values in network.weights.items()
        },
        steps=tuple(_steps(network)),
    )


def lacking(device: str) -> str:
    """Why torch cannot compute on that device; empty: it can."""
    if device.startswith("cuda") and torch.version.cuda is None:
        return f"torch {VERSION} as it is installed is built without CUDA."
    try:
        square = torch.ones(1, 1, 8, 8, device=device)
        torch.nn.functional.conv2d(square, square).cpu()
    except (RuntimeError, AssertionError) as why:  # the latter where torch has nothing of CUDA at all
        return f"torch {VERSION} cannot compute on it: {str(why).splitlines()[0]}"
    return ""


def _steps(network: Network) -> Iterator[_Step]:
    ends = {name: at for at, node in enumerate(network.nodes) for name in (node.output, *node.inputs)}
    kept = {"", *network.outputs, *network.weights}
    there = {"", *network.weights, *(one.name for one in network.inputs)}
    for at, node in enumerate(network.nodes):
        run = made(node, network.file)
        if lost := sorted(set(node.inputs) - there):
            raise NotKnown(
                f"{network.file} wants {lost[0]} for the operator {node.operator}, and nothing gives it before"
            )
        there.add(node.output)
        last = {name for name in (node.output, *node.inputs) if ends[name] == at} - kept
        yield _Step(run=run, inputs=node.inputs, output=node.output, last=tuple(sorted(last)))


def _near(network: Network) -> set[str]:
    """The weights that stay on the processor, where they are read: sizes and places, and how many times larger."""
    whole = {name for name, one in network.weights.items() if one.ndim <= 1 and one.dtype.kind == "i"}
    return whole.union(*(node.inputs[1:] for node in network.nodes if node.operator == "Resize"))
