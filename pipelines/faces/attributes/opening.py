"""The networks of a pack, opened."""
# ruff: noqa: F722, PLC0415 - shapes of arrays as jaxtyping writes them; networks are imported where one is wanted

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from pipelines.contract import BadInput
from pipelines.faces.attributes.estimating import Estimator
from pipelines.faces.attributes.machine import begun


@dataclass(frozen=True, slots=True)
class Opened:
    """An estimator, and the versions of what it is made with."""

    estimator: Estimator
    versions: Mapping[str, str]


def opened(pack: str, names: Sequence[str], models: Path) -> Opened:
    """What estimates these attributes. Raises as ``machine.begun``, and BadInput for weights that cannot be read."""
    versions = begun()
    try:
        return Opened(_light(names, models) if pack == "attributes-light" else _deep(names, models), versions)
    except (OSError, ValueError, KeyError) as why:
        raise BadInput(
            f"The weights of {pack} in the folder of weights cannot be read: {why} `visaged models fetch {pack}` "
            "brings those anew that are damaged."
        ) from why


def _deep(names: Sequence[str], models: Path) -> Estimator:
    from pipelines.faces.attributes.deep import Deep

    return Deep(names, models)


def _light(names: Sequence[str], models: Path) -> Estimator:
    from pipelines.faces.attributes.light import AgeGender, Emotion

    networks: list[Estimator] = [AgeGender(models)] if {"age", "gender"} & set(names) else []
    networks += [Emotion(models)] if "emotion" in names else []

    def said(chips: UInt8[np.ndarray, "n c c 3"]) -> Mapping[str, Float32[np.ndarray, "n k"]]:
        found = {name: values for network in networks for name, values in network(chips).items()}
        return {name: found[name] for name in names}

    return said
