"""The front ends ``hubert`` and ``wav2vec2``: networks that hear the wave itself, from a folder of the user's own.

Hsu et al. 2021, arXiv 2106.07447; Baevski et al. 2020, arXiv 2006.11477. What is taken is what the last layer says.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import hashlib
import json

import numpy as np
import torch
from jaxtyping import Float32
from torch import nn

from pipelines.talking_head.listen.front import Features, Sound
from pipelines.talking_head.listen.wave_net import opened
from pipelines.talking_head.listen.windows import BESIDE, KEPT, listened
from pipelines.talking_head.own import HEARD, STRIDE, Own

_BESIDE = (HEARD - STRIDE) // 2
"""Silence before and after the sound, in samples: two steps lie evenly about a frame's middle."""
_VERSION = 1


class Wave:
    """The network, open. Called as its kind and its folder, because there are many of a kind."""

    def __init__(self, own: Own, folder: str) -> None:
        """Folder: as the option names it. Raises ValueError with a sentence where the weights are not those of own."""
        self.name = f"{own.kind}/{folder}"
        self.layer = own.design.layers
        told = {"version": _VERSION, "kept": KEPT, "beside": BESIDE, "layer": self.layer, **own.digests}
        self.digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        self._width, self._levelled = own.design.width, own.levelled
        self._net = opened(own)

    def __call__(self, sound: Sound) -> Features:
        """1 step of as many channels as the network is wide, a frame."""
        return listened(sound, self._width, self._heard)

    @torch.no_grad()
    def _heard(self, sound: Sound) -> Float32[np.ndarray, "t c"]:
        """The mean of the network's two steps in each frame."""
        if self._levelled:
            sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
        padded = nn.functional.pad(torch.from_numpy(np.ascontiguousarray(sound)), (_BESIDE, _BESIDE))
        rows: Float32[np.ndarray, "t c"] = self._net(padded[None])[0].unflatten(0, (-1, 2)).mean(1).numpy()
        return rows
