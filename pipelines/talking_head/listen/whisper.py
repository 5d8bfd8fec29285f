"""The front end ``whisper``: the encoder of OpenAI's Whisper, up to the layer that knows most of mouths.

Radford et al. 2022, arXiv 2212.04356. Whisper was taught by sound that was filled up to 30 s with silence; here it
hears a window as it is, which tells as much of the mouth in a fraction of the time.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64
from torch import Tensor, nn

from pipelines.talking_head import HOP, RATE
from pipelines.talking_head.listen.front import Features, Sound
from pipelines.talking_head.listen.transformer import Layer, Shape
from pipelines.talking_head.listen.whisper_file import read
from pipelines.talking_head.listen.windows import BESIDE, KEPT, listened

LAYERS = 3
"""Of six: the later ones know words better and mouths worse (bench/results/fronts.md)."""
SHAPE = Shape(width=512, heads=8, inner=2048, first=True)
BANDS, WINDOW, STEP = 80, 400, 160
"""Of the spectrogram; samples of a window, and from one to the next."""
FLOOR, DEPTH = 1e-10, 8.0
"""Energy that counts as nothing; powers of ten under the loudest that are told apart."""
_STRAIGHT, _CURVED = 15.0, 27.0 / np.log(6.4)
"""Of the mel scale: where it stops being straight, at 1 kHz, and mels to a factor of e from there on."""
_LEAD = HOP // 2 - STEP
"""Silence before the sound, in samples: two of the encoder's steps, 20 ms each, lie evenly about a frame's middle."""
_VERSION = 1


class Whisper:
    """The encoder, open."""

    name = "whisper"

    def __init__(self, path: Path, layers: int = LAYERS) -> None:
        """Path: as ``weights.WHISPER``."""
        self.layer = layers
        self._digest = hashlib.sha256(f"whisper {_VERSION} {layers} {KEPT} {BESIDE} ".encode())
        with path.open("rb") as file:
            self._digest.update(hashlib.file_digest(file, "sha256").digest())
        with torch.device("meta"):
            self._encoder = Encoder(layers)
        self._encoder.load_state_dict(read(path, layers), assign=True)

    @property
    def digest(self) -> str:
        """Of the numbers above and the file."""
        return self._digest.hexdigest()

    def __call__(self, sound: Sound) -> Features:
        """1 step of 512 channels a frame."""
        return listened(sound, SHAPE.width, self._heard)

    @torch.no_grad()
    def _heard(self, sound: Sound) -> Float32[np.ndarray, "t 512"]:
        """The mean of the encoder's two steps in each frame; the first step is but the lead."""
        padded = nn.functional.pad(torch.from_numpy(np.ascontiguousarray(sound)), (_LEAD, 2 * HOP - _LEAD))
        steps = self._encoder(spectrogram(padded)[None])[0, 1:-3]
        rows: Float32[np.ndarray, "t 512"] = steps.unflatten(0, (-1, 2)).mean(1).numpy()
        return rows


class Encoder(nn.Module):
    """Two convolutions, places, and so many layers."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.narrow = nn.Conv1d(BANDS, SHAPE.width, 3, padding=1)
        self.halved = nn.Conv1d(SHAPE.width, SHAPE.width, 3, padding=1, stride=2)
        self.places = nn.Parameter(torch.zeros(1500, SHAPE.width))
        self.layers = nn.Sequential(*(Layer(SHAPE) for _ in range(layers)))

    def forward(self, bands: Float[Tensor, "b 80 m"]) -> Float[Tensor, "b t 512"]:
        """A step for every two of the spectrogram, at most 1,500."""
        gelu = nn.functional.gelu
        x = gelu(self.halved(gelu(self.narrow(bands)))).transpose(1, 2)
        return self.layers(x + self.places[: x.shape[1]])


def spectrogram(sound: Float[Tensor, " n"]) -> Float[Tensor, "80 m"]:
    """The logarithms of the bands as Whisper has them: n // 160 steps, centred on their samples, at most DEPTH deep."""
    window = torch.hann_window(WINDOW)
    whole = torch.stft(sound, WINDOW, STEP, window=window, pad_mode="constant", return_complex=True)
    logs = (filters() @ whole[:, :-1].abs() ** 2).clamp(min=FLOOR).log10()
    return (logs.maximum(logs.max() - DEPTH) + 4.0) / 4.0


@cache
def filters() -> Float[Tensor, "80 201"]:
    """The bands: triangles of equal area on Slaney's mel scale, straight up to 1 kHz (Slaney 1998)."""
    edges = _hertz(np.linspace(0.0, _STRAIGHT + _CURVED * np.log(RATE / 2 / 1000), BANDS + 2))
    bins = np.fft.rfftfreq(WINDOW, 1 / RATE)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return torch.from_numpy(triangles.astype(np.float32))


def _hertz(mel: Float64[np.ndarray, " m"]) -> Float64[np.ndarray, " m"]:
    straight = mel * 1000.0 / _STRAIGHT
    return np.asarray(np.where(mel < _STRAIGHT, straight, 1000.0 * np.exp((mel - _STRAIGHT) / _CURVED)))
