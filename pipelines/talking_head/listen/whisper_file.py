"""The encoder of Whisper base, read out of the half of CTranslate2's file in which it lies.

The file is a list of variables in alphabetical order, so that the encoder stands whole in its second half.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

BEGIN = 31_417_168
"""Byte at which the first variable of the encoder begins; what is before it is the rest of the decoder."""
_LAST = "position_encodings/encodings"
_HALF = 4
"""The number of the type of 16-bit floats."""
_DENSE = {"self_attention/linear_1": "out", "ffn/linear_0": "widened", "ffn/linear_1": "narrowed"}
_NORMS = {"self_attention/layer_norm": "norm", "ffn/layer_norm": "last"}


def read(path: Path, layers: int) -> dict[str, Tensor]:
    """The first layers of the encoder, and what is before them, by the names of ``whisper.Encoder``."""
    with path.open("rb") as file:
        file.seek(BEGIN)
        held = dict(_variables(file))
    found = {"places": held[_LAST]}
    for theirs, ours in (("conv1", "narrow"), ("conv2", "halved")):
        found |= {f"{ours}.{kind}": held[f"{theirs}/{kind}"] for kind in ("weight", "bias")}
    for number in range(layers):
        found |= {f"layers.{number}.{name}": value for name, value in _layer(held, f"layer_{number}").items()}
    return found


def _layer(held: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """A layer's numbers, by the names of ``transformer.Layer``; query, key and value lie in one there."""
    found: dict[str, Tensor] = {}
    for kind in ("weight", "bias"):
        three = held[f"{prefix}/self_attention/linear_0/{kind}"].chunk(3)
        found |= {f"{name}.{kind}": part for name, part in zip(("query", "key", "value"), three, strict=True)}
        found |= {f"{ours}.{kind}": held[f"{prefix}/{theirs}/{kind}"] for theirs, ours in _DENSE.items()}
    for theirs, ours in _NORMS.items():
        found |= {f"{ours}.weight": held[f"{prefix}/{theirs}/gamma"], f"{ours}.bias": held[f"{prefix}/{theirs}/beta"]}
    return found


def _variables(file: BinaryIO) -> Iterator[tuple[str, Tensor]]:
    """The variables of the encoder that are 16-bit floats: name without ``encoder/``, numbers."""
    name = ""
    while name != _LAST:
        (length,) = struct.unpack("<H", file.read(2))
        name = file.read(length).rstrip(b"\0").decode("ascii").removeprefix("encoder/")
        (rank,) = file.read(1)
        shape = struct.unpack(f"<{rank}I", file.read(4 * rank))
        kind, size = struct.unpack("<BI", file.read(5))
        content = file.read(size)
        if kind == _HALF:
            yield name, torch.from_numpy(np.frombuffer(content, "<f2").astype(np.float32)).reshape(shape)
