"""``visaged models``: which weights are here and who uses them; fetched, and taken from files that people bring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from daemon import models
from daemon.cli import logs
from daemon.cli.exits import Exit
from daemon.cli.opening import configuration, pipelines
from daemon.cli.printing import complain, say, say_json
from daemon.cli.settings import Level, Settings
from daemon.cli.using import configured_uses, uses_of_keys
from daemon.config.problems import unknown
from daemon.errors import CannotDo
from daemon.models import Brought, Moment, Pack, Say
from daemon.names import shown
from daemon.view import terminal
from pipelines.contract import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shop:
    """What there is to show. folder: of the weights. used: pack -> who uses it, in words."""

    folder: Path
    pipelines: Mapping[str, Pipeline]
    used: Mapping[str, tuple[str, ...]]

    @property
    def packs(self) -> tuple[Pack, ...]:
        """All packs: those that are declared, then those that people brought."""
        known = tuple(self.pipelines.values())
        return (*models.packs(known), *models.own_packs(known, self.folder))


def show(settings: Settings, folder: Path | None, *, json: bool) -> Exit:
    """Afterwards stdout has all packs."""
    shop = _opened(settings, folder)
    if json:
        say_json([_told(pack, shop) for pack in shop.packs])
    else:
        terminal.show(_table(shop))
        say(f"They are in {shop.folder}. `visaged models fetch PACK` fetches one.")
    return Exit.OK


def fetch(settings: Settings, names: Sequence[str], folder: Path | None, *, json: bool) -> Exit:
    """Afterwards the packs are here, or stderr says why not. names: none for those that config.toml uses."""
    shop = _opened(settings, folder)
    logs.configure(settings.log_level or Level.ERROR, bars=False)
    wanted = _chosen(names, shop)
    lacking = [(pack, lacks) for pack in wanted if (lacks := pack.lacks(shop.folder))]
    for pack, lacks in lacking if not json else ():
        size = sum(one.size for one in lacks)
        say(f"{pack.name}: {pack.about}. To be fetched: {_megabytes(size)}.\n  Licence: {pack.licence}.")
    files = [one for _, lacks in lacking for one in lacks]
    with _progress(quiet=json) as told:
        failed = models.fetch(files, shop.folder, told) if files else None
    if json:
        say_json([_told(pack, shop) for pack in wanted])
    elif not failed:
        say(f"Here, in {shop.folder}: {', '.join(pack.name for pack in wanted) or 'nothing is needed'}.")
    if failed:
        complain(failed.reason)
    return Exit.FAILED if failed else Exit.OK


def bring(settings: Settings, paths: Sequence[Path], folder: Path | None, *, json: bool) -> Exit:
    """Afterwards the weights that are at these paths are here; FAILED where there are none."""
    shop = _opened(settings, folder)
    logs.configure(settings.log_level or Level.ERROR, bars=False)
    for path in paths:
        if not path.exists():
            raise CannotDo(f"There is nothing at {shown(str(path))}.")
    brought = models.bring(paths, tuple(shop.pipelines.values()), shop.folder)
    touched = [pack for pack in shop.packs if pack in brought.own or set(pack.files) & set(brought.files)]
    if json:
        say_json({"packs": [_told(pack, shop) for pack in touched], "wrong": brought.wrong})
    else:
        _say_brought(brought, touched, shop)
    for why in brought.wrong:
        complain(shown(why))
    return Exit.OK if touched else Exit.FAILED


# ---------------------------------------------------------------- what there is


def _opened(settings: Settings, folder: Path | None) -> _Shop:
    """The folder that is given, else the configured one; who uses what is known only of that."""
    if folder is not None:
        return _Shop(folder=folder.absolute(), pipelines=pipelines(), used={})
    config, known = configuration(settings), pipelines()
    used: dict[str, dict[str, None]] = {}
    for use in (*configured_uses(config, known), *uses_of_keys(config, known)):
        for name in use.packs:
            used.setdefault(name, {})[use.who] = None
    users = {name: tuple(who) for name, who in used.items()}
    return _Shop(folder=config.daemon.models, pipelines=known, used=users)


def _chosen(names: Sequence[str], shop: _Shop) -> list[Pack]:
    """The packs of these names. Raises CannotDo for one that there is not."""
    each = {pack.name: pack for pack in shop.packs}
    for name in names:
        if name not in each:
            raise CannotDo(f"{shown(name)}: {unknown(name, each, 'pack')}.")
    return [each[name] for name in dict.fromkeys(names)] or [pack for pack in each.values() if pack.name in shop.used]


# ---------------------------------------------------------------- how it is told


def _told(pack: Pack, shop: _Shop) -> dict[str, Any]:
    lacks = {one.name for one in pack.lacks(shop.folder)}
    return {
        "pack": pack.name,
        "pipeline": pack.pipeline,
        "about": pack.about,
        "licence": pack.licence,
        "own": pack.own,
        "here": not lacks,
        "bytes": pack.size,
        "used_by": shop.used.get(pack.name, ()),
        "files": [
            {"name": one.name, "bytes": one.size, "sha256": one.sha256, "here": one.name not in lacks,
             "sources": one.sources}
            for one in pack.files
        ],
    }  # fmt: skip


def _table(shop: _Shop) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("pack", "here", "size", "used by", "what it is, and its licence"):
        table.add_column(heading)
    for pack in shop.packs:
        lacks = len(pack.lacks(shop.folder))
        here = (
            "yes"
            if not lacks
            else "no"
            if lacks == len(pack.files)
            else f"{len(pack.files) - lacks} of {len(pack.files)}"
        )
        who = ", ".join(shop.used.get(pack.name, ())) or "nobody"
        what = f"{pack.about}\n{pack.licence}"
        table.add_row(
            pack.name, Text(here, "yellow" if lacks else "green"), _megabytes(pack.size), Text(who), Text(what)
        )
    return table


def _say_brought(brought: Brought, touched: Sequence[Pack], shop: _Shop) -> None:
    for one in brought.files:
        say(f"{one.name}, of {one.pack}")
    for pack in touched:
        lacks = ", ".join(one.name for one in pack.lacks(shop.folder))
        say(f"{pack.name} still lacks {lacks}." if lacks else f"{pack.name} is whole. Licence: {pack.licence}.")
    if not touched:
        known = ", ".join(one.name for pack in shop.packs for one in pack.files)
        complain(f"There are no weights that visaged knows; it looks, by content, for {known}.")


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Say]:
    """Within, what is told is shown: bars on a terminal, else a line for each source that is asked."""
    if not quiet and terminal.console().is_terminal:
        with _bars() as bars:
            rows: dict[tuple[str, str], Any] = {}

            def move(moment: Moment) -> None:
                at = moment.what, moment.source
                if at not in rows:
                    rows[at] = bars.add_task(moment.what, source=moment.source)
                if moment.why:
                    bars.update(rows[at], visible=False)
                    bars.console.print(Text(_missed(moment)))
                else:
                    bars.update(rows[at], completed=moment.done, total=moment.total or None)

            yield move
        return
    asked: set[tuple[str, str]] = set()

    def line(moment: Moment) -> None:
        if moment.why and not quiet:
            say(_missed(moment))
        elif not quiet and (moment.what, moment.source) not in asked:
            asked.add((moment.what, moment.source))
            say(f"  {moment.what} from {moment.source}")

    yield line


def _missed(moment: Moment) -> str:
    return f"  {moment.what} cannot be had from {moment.source}: {moment.why}"


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        TextColumn("{task.fields[source]}"), console=terminal.console(),
    )  # fmt: skip


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size < 1e7 else f"{size / 1e6:.0f} MB"  # noqa: PLR2004 - ten megabytes
