"""Which weights that config.toml asks for are not here, and what to do then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from daemon import models
from daemon.doctor import Finding, State
from daemon.models import Pack
from pipelines.contract import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What is examined. wanted: the pipelines with the names of the packs that each is configured to use.

    fetches: whether a drop fetches what is missing.
    """

    folder: Path
    wanted: tuple[tuple[Pipeline, str], ...]
    fetches: bool


def examine_weights(stock: Stock) -> Iterator[Finding]:
    """What was looked at of the weights, the good too."""
    for (_, name), pipeline in {(pipeline.name, name): pipeline for pipeline, name in stock.wanted}.items():
        known = {pack.name: pack for pack in models.packs([pipeline])}
        what = f"weights of {pipeline.name}"
        yield _known(what, known[name], stock) if name in known else _own(what, pipeline, name, stock)


def _known(what: str, pack: Pack, stock: Stock) -> Finding:
    lacks = pack.lacks(stock.folder)
    if not lacks:
        return Finding(what=what, state=State.OK, says=f"The pack {pack.name} is in {stock.folder}.")
    fix = f"visaged models fetch {pack.name}, or visaged models import PATH"
    names = ", ".join(one.name for one in lacks)
    if stock.fetches:
        size = sum(one.size for one in lacks) / 1e6
        says = f"Of the pack {pack.name} {names} will be fetched with the first drop ({size:.0f} MB)."
        return Finding(what=what, state=State.WARN, says=says, fix=fix)
    says = f"The pack {pack.name} lacks {names}, and config.toml says not to fetch weights."
    return Finding(what=what, state=State.BAD, says=says, fix=fix)


def _own(what: str, pipeline: Pipeline, name: str, stock: Stock) -> Finding:
    found = models.tried_own(pipeline, stock.folder / Path(name).expanduser())
    if isinstance(found, str):
        fix = "visaged models list shows the packs there are; visaged models import DIR brings one of your own"
        return Finding(what=what, state=State.BAD, says=f'The pack "{name}" cannot be used. {found}', fix=fix)
    return Finding(what=what, state=State.OK, says=f"The pack {name} is your own, with {len(found)} files.")
