"""The networks that run by LiteRT: one picture or row of numbers in, arrays out."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class Network:
    """A TFLite network with one input. Belongs to one thread at a time."""

    def __init__(self, content: bytes, threads: int = 1) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=threads)
        self._interpreter.allocate_tensors()
        (given,) = self._interpreter.get_input_details()
        self._input = given["index"]
        self.shape: tuple[int, ...] = tuple(int(side) for side in given["shape"])
        self._outputs = [out["index"] for out in self._interpreter.get_output_details()]

    def __call__(self, given: np.ndarray) -> list[np.ndarray]:
        """What the network says of an array of ``shape``, output by output."""
        self._interpreter.set_tensor(self._input, given.astype(np.float32).reshape(self.shape))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]
