"""Networks that listen, of the user's own: folders of hubert and wav2vec2 as Hugging Face has them. No arrays here."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipelines.contract import Weights

KINDS = ("hubert", "wav2vec2")
CONFIG, LEVELS = "config.json", "preprocessor_config.json"
FILES = ("model.safetensors", "pytorch_model.bin")
"""What the numbers lie in; where both are there, the first is taken."""
STRIDE, HEARD = 320, 400
"""Samples from one step of such a network to the next, and those that a step hears."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LICENCE = "As its makers say: it was brought here, and visaged knows nothing of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How a network is made, in the words of its config.json.

    convolutions: channels, samples and stride of each. grouped: the first alone has a norm, over all of the sound; else
    each has one, over its channels. biased: whether they have biases. normed: whether what they find is, before it is
    projected. places, groups: of the convolution that tells steps where they are. first: as in ``transformer.Shape``.
    """

    convolutions: tuple[tuple[int, int, int], ...]
    grouped: bool
    biased: bool
    normed: bool
    width: int
    layers: int
    heads: int
    inner: int
    places: int
    groups: int
    first: bool
    epsilon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A network in a folder. kind: of KINDS. levelled: whether it wants each sound about 0 and of deviation 1."""

    folder: Path
    kind: str
    file: str
    design: Design
    levelled: bool

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it is."""
        levels = (LEVELS,) if (self.folder / LEVELS).is_file() else ()
        return (CONFIG, *levels, self.file)

    @property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of each, by name."""
        return {name: _sha256(self.folder / name) for name in self.files}


def find(kind: str, name: str, models: Path) -> Own:
    """The network of that kind which the option names: a folder in that of models, or the whole path of one.

    Raises ValueError with a sentence where there is none, or one that cannot be used.
    """
    whole = name.startswith("/")
    if not whole and not _NAME.fullmatch(name):
        raise ValueError(f'front_end_folder = "{name}": it must be the name of a folder in {models}, or a whole path.')
    folder = models / name
    if not folder.is_dir():
        raise ValueError(
            f'front_end_folder = "{name}": there is no such folder{"" if whole else f" in {models}"}. It should hold '
            f"{CONFIG} and {FILES[0]} of a {kind} as Hugging Face keeps it; `visaged models import DIR` brings it to "
            "where the stages see it."
        )
    own = read_own(folder)
    if own.kind != kind:
        raise ValueError(f'{folder} holds a {own.kind}, and front_end says "{kind}". Write front_end = "{own.kind}".')
    return own


def own_pack(folder: Path) -> tuple[Weights, ...]:
    """The files of the network in that folder. Raises ValueError with a sentence where it holds none."""
    own = read_own(folder)
    name = folder.resolve().name
    if not _NAME.fullmatch(name):
        raise ValueError(f"The folder {folder} needs a name of letters, digits, dots and hyphens.")
    about = f"A {own.kind} that listens for talking heads, brought by you"
    return tuple(
        Weights(name=file, pack=name, sha256=digest, size=(folder / file).stat().st_size, licence=_LICENCE, about=about)
        for file, digest in own.digests.items()
    )


def read_own(folder: Path) -> Own:
    """The network in a folder. Raises ValueError with a sentence where it holds none that can be used."""
    try:
        raw = _object(folder / CONFIG)
        kind = raw.get("model_type")
        if kind not in KINDS:
            raise ValueError(f'it is a "{kind}", and only {" and ".join(KINDS)} can be used')  # noqa: TRY301
        file = next((name for name in FILES if (folder / name).is_file()), None)
        if file is None:
            raise ValueError(f"neither {' nor '.join(FILES)} is in it")  # noqa: TRY301
        levels = _object(folder / LEVELS) if (folder / LEVELS).is_file() else {}
        return Own(
            folder=folder,
            kind=kind,
            file=file,
            design=_design(raw),
            levelled=levels.get("do_normalize", True) is not False,
        )
    except (ValueError, OSError) as error:
        raise ValueError(f"The folder {folder} holds no network that can listen: {_said(error)}.") from error


def _design(raw: Mapping[str, Any]) -> Design:
    """The network that a config.json describes; what it does not say is as Hugging Face has it then."""
    for name, only in (("hidden_act", "gelu"), ("feat_extract_activation", "gelu"), ("conv_pos_batch_norm", False)):
        if raw.get(name, only) != only:
            raise ValueError(f"its {name} is {raw[name]!r}, and only {only!r} can be computed here")
    norm = raw.get("feat_extract_norm", "group")
    if norm not in {"group", "layer"}:
        raise ValueError(f"its feat_extract_norm is {norm!r}, which is neither group nor layer")
    design = Design(
        convolutions=_convolutions(raw),
        grouped=norm == "group",
        biased=bool(raw.get("conv_bias", False)),
        normed=bool(raw.get("feat_proj_layer_norm", True)),
        width=_count(raw, "hidden_size", 768),
        layers=_count(raw, "num_hidden_layers", 12),
        heads=_count(raw, "num_attention_heads", 12),
        inner=_count(raw, "intermediate_size", 3072),
        places=_count(raw, "num_conv_pos_embeddings", 128),
        groups=_count(raw, "num_conv_pos_embedding_groups", 16),
        first=bool(raw.get("do_stable_layer_norm", False)),
        epsilon=_small(raw, "layer_norm_eps", 1e-5),
    )
    if design.width % design.heads or design.width % design.groups:
        raise ValueError(f"its hidden_size {design.width} does not go into its heads and groups")
    return design


def _convolutions(raw: Mapping[str, Any]) -> tuple[tuple[int, int, int], ...]:
    """Channels, samples and stride of each. Raises ValueError where a step is not 20 ms."""
    kernels, strides = raw.get("conv_kernel", [10, 3, 3, 3, 3, 2, 2]), raw.get("conv_stride", [5, 2, 2, 2, 2, 2, 2])
    channels = raw.get("conv_dim", [512] * 7)
    numbers = [*channels, *kernels, *strides]
    if not all(isinstance(one, int) and one > 0 for one in numbers) or not len(channels) == len(kernels) == len(
        strides
    ):
        raise ValueError("its conv_dim, conv_kernel and conv_stride are no lists of one length")
    steps = [math.prod(strides[:number]) for number in range(len(strides) + 1)]
    heard = 1 + sum((kernel - 1) * step for kernel, step in zip(kernels, steps[:-1], strict=True))
    if (steps[-1], heard) != (STRIDE, HEARD):
        raise ValueError(
            f"its steps are of {steps[-1]} samples and hear {heard}, and not of {STRIDE} that hear {HEARD}"
        )
    return tuple(zip(channels, kernels, strides, strict=True))


def _count(raw: Mapping[str, Any], name: str, usual: int) -> int:
    value = raw.get(name, usual)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"its {name} is {value!r}, and no number above 0")
    return value


def _small(raw: Mapping[str, Any], name: str, usual: float) -> float:
    value = raw.get(name, usual)
    if not isinstance(value, float) or not 0.0 < value < 1.0:
        raise ValueError(f"its {name} is {value!r}, and no number between 0 and 1")
    return value


def _object(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"its {path.name} is no JSON") from error
    if not isinstance(found, dict):
        raise ValueError(f"its {path.name} is no table")  # noqa: TRY004  one kind of error
    return found


def _said(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{Path(error.filename).name} is not in it"
    return str(error)


def _sha256(path: Path) -> str:
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=16)
def _digest(path: Path, *_: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
