"""The network of hubert and wav2vec2, plain: convolutions over the wave, then a transformer over what they find."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pipelines.talking_head.listen.tensors import tensors
from pipelines.talking_head.listen.transformer import Layer, Shape
from pipelines.talking_head.own import Design, Own

_PLACES = "encoder.pos_conv_embed.conv"
_NORMED = (("parametrizations.weight.original0", "parametrizations.weight.original1"), ("weight_g", "weight_v"))
"""Length and direction of the weights of that convolution, as newer and older versions call them."""
_LAYER = {
    "attention.q_proj": "query",
    "attention.k_proj": "key",
    "attention.v_proj": "value",
    "attention.out_proj": "out",
    "layer_norm": "norm",
    "feed_forward.intermediate_dense": "widened",
    "feed_forward.output_dense": "narrowed",
    "final_layer_norm": "last",
}


class Heard(nn.Module):
    """A convolution over the wave, or over what one before it found. number: which it is."""

    def __init__(self, design: Design, number: int) -> None:
        super().__init__()
        channels, samples, stride = design.convolutions[number]
        before = design.convolutions[number - 1][0] if number else 1
        self.conv = nn.Conv1d(before, channels, samples, stride=stride, bias=design.biased)
        self.norm: nn.Module = nn.Identity()
        if design.grouped and not number:
            self.norm = nn.GroupNorm(channels, channels)
        elif not design.grouped:
            self.norm = nn.LayerNorm(channels)

    def forward(self, x: Float[Tensor, "b c n"]) -> Float[Tensor, "b d m"]:
        """What is found at each of its steps."""
        x = self.conv(x)
        x = self.norm(x.mT).mT if isinstance(self.norm, nn.LayerNorm) else self.norm(x)
        return nn.functional.gelu(x)


class WaveNet(nn.Module):
    """The network of a design."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        width, found = design.width, design.convolutions[-1][0]
        shape = Shape(width=width, heads=design.heads, inner=design.inner, first=design.first, epsilon=design.epsilon)
        self.heard = nn.Sequential(*(Heard(design, number) for number in range(len(design.convolutions))))
        self.found = nn.LayerNorm(found, eps=design.epsilon) if design.normed else nn.Identity()
        self.projected = nn.Linear(found, width)
        self.places = nn.Conv1d(width, width, design.places, padding=design.places // 2, groups=design.groups)
        self.norm = nn.LayerNorm(width, eps=design.epsilon)
        self.layers = nn.Sequential(*(Layer(shape) for _ in range(design.layers)))
        self.first = design.first

    def forward(self, wave: Float[Tensor, "b n"]) -> Float[Tensor, "b t c"]:
        """What the last layer says, a step for every 320 samples of which 400 are heard."""
        x = self.projected(self.found(self.heard(wave[:, None]).mT))
        x = x + nn.functional.gelu(self.places(x.mT)[..., : x.shape[1]]).mT
        return self.norm(self.layers(x)) if self.first else self.layers(self.norm(x))


def opened(own: Own) -> WaveNet:
    """The network with its weights, which are in memory once.

    Raises ValueError with a sentence where they are not those of its config.json.
    """
    with torch.device("meta"):
        made: WaveNet = WaveNet(own.design)
    path = own.folder / own.file
    held = {name.removeprefix(f"{own.kind}."): value.float() for name, value in tensors(path).items()}
    try:
        found = dict(_renamed(held, own.design))
    except KeyError as error:
        raise ValueError(f"{path} lacks {error.args[0]}, which its config.json promises.") from error
    for name, value in made.state_dict().items():
        if value.shape != found[name].shape:
            raise ValueError(f"{path} is not of the sizes that its config.json says ({name}).")
    made.load_state_dict(found, assign=True)
    made.eval()
    return made


def _renamed(held: Mapping[str, Tensor], design: Design) -> dict[str, Tensor]:
    """Raises KeyError with the name of what is not there."""
    pairs = {"feature_projection.projection": "projected", "encoder.layer_norm": "norm"}
    if design.normed:
        pairs["feature_projection.layer_norm"] = "found"
    for number in range(design.layers):
        pairs |= {f"encoder.layers.{number}.{one}": f"layers.{number}.{ours}" for one, ours in _LAYER.items()}
    if not design.grouped:
        convolutions = range(len(design.convolutions))
        pairs |= {f"{_conv(number)}.layer_norm": f"heard.{number}.norm" for number in convolutions}
    else:
        pairs[f"{_conv(0)}.layer_norm"] = "heard.0.norm"
    found = {f"{ours}.{kind}": held[f"{one}.{kind}"] for one, ours in pairs.items() for kind in ("weight", "bias")}
    for number in range(len(design.convolutions)):
        for kind in ("weight", "bias") if design.biased else ("weight",):
            found[f"heard.{number}.conv.{kind}"] = held[f"{_conv(number)}.conv.{kind}"]
    length, direction = next(((a, b) for a, b in _NORMED if f"{_PLACES}.{a}" in held), _NORMED[0])
    way = held[f"{_PLACES}.{direction}"]
    found["places.weight"] = held[f"{_PLACES}.{length}"] * way / way.norm(dim=(0, 1), keepdim=True)
    found["places.bias"] = held[f"{_PLACES}.bias"]
    return found


def _conv(number: int) -> str:
    return f"feature_extractor.conv_layers.{number}"
