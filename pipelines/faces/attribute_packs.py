"""The packs of models that estimate attributes of faces, and what a job asks of them. Standard library alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.contract import Weights
from pipelines.faces.catalogue import CATALOGUE, weights_of

ATTRIBUTES = ("age", "gender", "emotion", "race")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributePack:
    """Models that estimate attributes. files: attribute -> the files that it needs; what is not here it cannot do."""

    name: str
    about: str
    licence: str
    files: Mapping[str, tuple[str, ...]]

    def of(self, names: Iterable[str]) -> tuple[str, ...]:
        """The files that these attributes need, each once."""
        return tuple(dict.fromkeys(file for name in names for file in self.files.get(name, ())))


def _pack(name: str, raw: Mapping[str, Any]) -> AttributePack:
    needs = {one: tuple(raw[one]) for one in ATTRIBUTES if one in raw}
    return AttributePack(name=name, about=raw["about"], licence=raw["licence"], files=needs)


ATTRIBUTE_PACKS: Mapping[str, AttributePack] = {name: _pack(name, raw) for name, raw in CATALOGUE["attributes"].items()}
"""The packs by name."""


def required(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The attributes without which a job with these options makes no sense: those of its views and its filter."""
    asked = {*options.get("views", ()), *options.get("filter", {})}
    return tuple(name for name in ATTRIBUTES if name in asked)


def wanted(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The attributes that a job with these options estimates: what it requires, or all that its pack can."""
    needs = required(options)
    can = _chosen(options).files if options.get("attributes") else ()
    return tuple(name for name in ATTRIBUTES if name in needs or name in can)


def needed(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The files that a job with these options needs for its attributes."""
    return _chosen(options).of(wanted(options))


def spared(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of the files that are needed without which the job does the rest."""
    pack = _chosen(options)
    must = pack.of(required(options))
    return tuple(file for file in pack.of(wanted(options)) if file not in must)


def weights() -> tuple[Weights, ...]:
    """Every file of every pack."""
    return tuple(weights_of(pack, file) for pack in ATTRIBUTE_PACKS.values() for file in pack.of(ATTRIBUTES))


def _chosen(options: Mapping[str, Any]) -> AttributePack:
    return ATTRIBUTE_PACKS[options.get("attributes_pack", "attributes")]
