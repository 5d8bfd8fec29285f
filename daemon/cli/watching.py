"""The reconcilers of a configuration's inboxes, and the markers by which their shares are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from daemon.config import Config
from daemon.errors import ConfigError
from daemon.model import Inventory
from daemon.store import InboxRow, Store
from daemon.watch import MARKER, Mode, Reconciler, Settings
from pipelines.contract import Pipeline


def reconcilers(
    config: Config,
    store: Store,
    lanes: Mapping[str, Pipeline],
    post: Callable[[Inventory], None],
    beat: Callable[[], None],
) -> tuple[Reconciler, ...]:
    """A reconciler for each inbox, not started. Raises ConfigError for an inbox that was never set up."""
    known = {row.name: row for row in store.inboxes()}
    expected = markers(config, store)
    found = []
    for inbox in config.inboxes:
        marker = expected[inbox.name]
        row = known.get(inbox.name) or InboxRow(name=inbox.name, path="", results="", mode="")
        store.set_inbox(replace(row, marker=marker, path=str(inbox.path), results=str(inbox.results)))
        settings = Settings(
            name=inbox.name,
            path=inbox.path,
            lanes=lanes,
            mode=Mode(inbox.mode),
            settle_seconds=config.daemon.settle_seconds,
            probe_patience=config.daemon.probe_patience,
            listed_patience=config.daemon.partner_timeout,
            ignore=inbox.ignore,
            marker=marker,
        )
        found.append(Reconciler(settings, post, beat))
    for name in known.keys() - {inbox.name for inbox in config.inboxes}:
        store.forget_inbox(name)
    return tuple(found)


def markers(config: Config, store: Store) -> dict[str, str]:
    """The id that each inbox's marker must hold. Raises ConfigError for an inbox that was never set up."""
    known = {row.name: row for row in store.inboxes()}
    return {inbox.name: _marker(inbox.name, inbox.path, known.get(inbox.name)) for inbox in config.inboxes}


def _marker(name: str, path: Path, row: InboxRow | None) -> str:
    if row is not None and row.marker and Path(row.path) == path:
        return row.marker
    try:
        return (path / MARKER).read_text("utf-8").strip()
    except OSError:
        raise ConfigError(
            f"The inbox {name} at {path} has no marker (.visaged-inbox), so it cannot be told from a share that is not "
            f"mounted. Mount the share, then run `visaged init` once."
        ) from None
