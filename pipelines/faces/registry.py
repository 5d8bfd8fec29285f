"""The packs of models, read from ``models.toml``. Standard library alone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pipelines.contract import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Models that work together; embeddings of different packs never mix.

    kind: of the detector, "scrfd" or "yunet". order: of the colour channels the recogniser wants; its input is
    (pixel - mean) / scale. impostors: (similarity, share of pairs of different people that reach it), falling.
    """

    name: str
    about: str
    licence: str
    detector: str
    kind: str
    recogniser: str
    dimension: int
    order: str
    mean: float
    scale: float
    impostors: tuple[tuple[float, float], ...] = ()


def _read() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("models.toml").read_text("utf-8"))


def _pack(name: str, raw: Mapping[str, Any]) -> Pack:
    detector, recogniser = raw["detector"], raw["recogniser"]
    return Pack(
        name=name,
        about=raw["about"],
        licence=raw["licence"],
        detector=detector["file"],
        kind=detector["kind"],
        recogniser=recogniser["file"],
        dimension=recogniser["dimension"],
        order=recogniser["order"],
        mean=recogniser["mean"],
        scale=recogniser["scale"],
        impostors=tuple((at, share) for at, share in raw.get("impostors", ())),
    )


_RAW = _read()
PACKS: Mapping[str, Pack] = {name: _pack(name, raw) for name, raw in _RAW["packs"].items()}
"""The packs by name."""


def _weights() -> tuple[Weights, ...]:
    made = []
    for pack in PACKS.values():
        for name in (pack.detector, pack.recogniser):
            file = _RAW["files"][name]
            made.append(
                Weights(
                    name=name,
                    pack=pack.name,
                    sha256=file["sha256"],
                    size=file["size"],
                    licence=pack.licence,
                    sources=tuple(file["sources"]),
                )
            )
    return tuple(made)


WEIGHTS = _weights()
"""Every file of every pack."""


def needed(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The files that a job with these options needs; none for a pack that is not known (its stage says so)."""
    pack = PACKS.get(options.get("pack", ""))
    return (pack.detector, pack.recogniser) if pack else ()
