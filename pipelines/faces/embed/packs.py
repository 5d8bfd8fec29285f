"""The pack that a job asks for."""

from __future__ import annotations

from pathlib import Path

from pipelines.contract import BadInput
from pipelines.faces.packs import Pack
from pipelines.faces.registry import find


def pack_of(name: str, models: Path) -> Pack:
    """The pack that the option names. models: the folder of weights. Raises BadInput."""
    try:
        return find(name, models)
    except ValueError as why:
        raise BadInput(str(why)) from None
