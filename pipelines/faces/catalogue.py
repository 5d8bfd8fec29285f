"""What ``models.toml`` says, read once. Standard library alone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Protocol

from pipelines.contract import Weights

CATALOGUE: Mapping[str, Any] = tomllib.loads(files(__package__).joinpath("models.toml").read_text("utf-8"))
"""Its tables: packs, attributes and files."""


class Licensed(Protocol):
    """A pack of models of whatever kind."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def about(self) -> str:
        """What it is, in a sentence."""

    @property
    def licence(self) -> str:
        """Under which licence, in a sentence."""


def weights_of(pack: Licensed, file: str) -> Weights:
    """A file of a pack. Raises KeyError where the catalogue has none of that name."""
    raw = CATALOGUE["files"][file]
    return Weights(
        name=file,
        pack=pack.name,
        sha256=raw["sha256"],
        size=raw["size"],
        licence=pack.licence,
        about=pack.about,
        sources=tuple(raw["sources"]),
    )
