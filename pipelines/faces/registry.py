"""The packs of models: those of ``models.toml``, and those that users have of their own. Standard library alone."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.contract import Weights
from pipelines.faces import attribute_packs
from pipelines.faces.catalogue import CATALOGUE, weights_of
from pipelines.faces.packs import Pack, described, digest, read_own

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _pack(name: str, raw: Mapping[str, Any]) -> Pack:
    if "like" in raw:
        raw = {**raw, "impostors": CATALOGUE["packs"][raw["like"]]["impostors"]}
    return described(name, raw, recogniser_sha256=CATALOGUE["files"][raw["recogniser"]["file"]]["sha256"])


PACKS: Mapping[str, Pack] = {name: _pack(name, raw) for name, raw in CATALOGUE["packs"].items()}
"""The packs of models.toml by name."""


WEIGHTS = (
    *(weights_of(pack, file) for pack in PACKS.values() for file in (pack.detector, pack.recogniser)),
    *attribute_packs.weights(),
)
"""Every file of every pack of models.toml."""


def needed(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The files that a job with these options needs; none for a pack that is not known (its stage says so)."""
    pack = PACKS.get(options.get("pack", ""))
    return (*((pack.detector, pack.recogniser) if pack else ()), *attribute_packs.needed(options))


def find(name: str, models: Path) -> Pack:
    """The pack that the option names: one of models.toml, one of the user's own, or the folder of one.

    models: the folder of weights (``Work.weights("")``); own packs are folders in it. The pack's files are named below
    it, or wholly where the option is the path of a folder, so ``Work.weights(pack.detector)`` finds each of them.
    Raises ValueError with a sentence where there is no such pack, or it cannot be used.
    """
    if name in PACKS:
        return PACKS[name]
    if name.startswith(("/", "~")):
        return _own(Path(name).expanduser(), str(Path(name).expanduser()))
    if _NAME.fullmatch(name) and (models / name).is_dir():
        return _own(models / name, name)
    near = difflib.get_close_matches(name, PACKS, n=1)
    meant = f"Did you mean {near[0]}?" if near else f"There is {', '.join(PACKS)}."
    raise ValueError(
        f'There is no pack of models "{name}". {meant} `visaged models import DIR` brings one of your own.'
    )


def own_pack(folder: Path) -> tuple[Weights, ...]:
    """The files of the pack of the user's own in that folder, named below it.

    Raises ValueError with a sentence where it is none, or has the name of another.
    """
    pack = _own(folder, ".")
    named = [name for name in (pack.detector, pack.recogniser, "pack.toml") if (folder / name).is_file()]
    return tuple(
        Weights(
            name=str(Path(name)),
            pack=pack.name,
            sha256=digest(folder / name),
            size=(folder / name).stat().st_size,
            licence=pack.licence,
            about=pack.about,
        )
        for name in named
    )


def _own(folder: Path, prefix: str) -> Pack:
    """The pack in a folder. A pack of models.toml's name must know faces again by the very same file."""
    pack = read_own(folder, prefix, PACKS)
    known = PACKS.get(pack.name)
    if known and known.recogniser_sha256 != pack.recogniser_sha256:
        raise ValueError(
            f"The pack in {folder} is not the {pack.name} that visaged knows: its {known.recogniser} is another file. "
            "Give the folder a name of its own."
        )
    return pack
