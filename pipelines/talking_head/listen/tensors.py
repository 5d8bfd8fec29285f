"""Tensors by name out of the files in which Hugging Face keeps them. Nothing in such a file is ever run."""

from __future__ import annotations

import json
import mmap
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
_MOST = 100_000_000
"""Bytes that a table of contents may have."""


def tensors(path: Path) -> dict[str, Tensor]:
    """The floating tensors in a safetensors file, or in one that torch has saved.

    Raises ValueError with a sentence where it is neither.
    """
    try:
        return _safe(path) if path.suffix == ".safetensors" else _saved(path)
    except (ValueError, KeyError, TypeError, RuntimeError, EOFError, AttributeError, pickle.UnpicklingError) as error:
        raise ValueError(f"{path} is damaged, or no file of weights.") from error


def _safe(path: Path) -> dict[str, Tensor]:
    """Eight bytes with the length of a JSON table of contents, the table, the numbers."""
    with path.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    begin = 8 + int.from_bytes(content[:8], "little")
    if begin > _MOST:
        raise ValueError(path)
    table: dict[str, Any] = json.loads(content[8:begin])
    found = {}
    for name, told in table.items():
        if name != "__metadata__" and (kind := TYPES.get(told["dtype"])):
            first, last = told["data_offsets"]
            held = torch.frombuffer(content, dtype=kind, count=(last - first) // kind.itemsize, offset=begin + first)
            found[name] = held.reshape(told["shape"])
    return found


def _saved(path: Path) -> dict[str, Tensor]:
    held = torch.load(path, map_location="cpu", weights_only=True)
    return {name: value for name, value in held.items() if isinstance(value, Tensor) and value.is_floating_point()}
