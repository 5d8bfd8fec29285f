"""``visaged init``: the folders, the config.toml and the inbox markers of a new place, or what an old one lacks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from daemon.cli.opening import database, pipelines, reading
from daemon.cli.settings import Settings
from daemon.config import Config, Inbox, default_toml, load
from daemon.errors import ConfigError
from daemon.watch.scan import MARKER
from pipelines.contract import Pipeline, write_atomic

Edit = Callable[[str], str]


def make(settings: Settings, folder: Path, *, renew: bool = False, edit: Edit = str) -> tuple[Config, tuple[str, ...]]:
    """Afterwards folder (or what --config names) is ready for ``visaged run``; given back: its config, what was made.

    What is there already stays as it is. edit changes the text of a config.toml that is made.
    An inbox without its marker gets one if the database knows of none: then it is new. If the database knows one, the
    share is probably not mounted, nothing is made in it, and ConfigError says so; renew writes the known marker.
    """
    known = pipelines()
    made: list[str] = []
    path = settings.config or folder.absolute() / "config.toml"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, edit(default_toml(known)).encode())
        made.append(f"{path} (every setting with its default)")
    config = load(path, known)
    problems = []
    for inbox in config.inboxes:
        try:
            made += _inbox(config, inbox, known, renew=renew)
        except ConfigError as error:
            problems.append(str(error))
    made += _own(config)
    if problems:
        raise ConfigError("\n".join(problems))
    return config, tuple(made)


def marker_of(inbox: Path) -> str | None:
    """The id in an inbox's marker, or None where there is no marker."""
    try:
        return (inbox / MARKER).read_text("utf-8", "replace").strip() or None
    except (FileNotFoundError, NotADirectoryError):
        return None


def _inbox(config: Config, inbox: Inbox, known: dict[str, Pipeline], *, renew: bool) -> Iterator[str]:
    found, remembered = marker_of(inbox.path), _remembered(config, inbox)
    if found is None and remembered and not renew:
        raise ConfigError(
            f"The inbox {inbox.name} has lost its marker {inbox.path / MARKER}, so nothing was made in it: its share "
            f"is probably not mounted. Mount it; or, if {inbox.path} is the inbox, run `visaged init --renew-marker`."
        )
    if found and remembered and found != remembered and not renew:
        raise ConfigError(
            f"{inbox.path / MARKER} is the marker of another inbox, so nothing was made in it: another share is "
            f"probably mounted there. Mount the right one; or, if this one is meant, run `visaged init --renew-marker`."
        )
    for lane in (inbox.path, *(inbox.path / name for name in known if config.pipelines[name].enabled)):
        if not lane.is_dir():
            lane.mkdir(parents=True)
            yield str(lane)
    wanted = remembered or found or str(uuid.uuid4())
    if wanted != found:
        write_atomic(inbox.path / MARKER, f"{wanted}\n".encode())
        yield str(inbox.path / MARKER)


def _remembered(config: Config, inbox: Inbox) -> str | None:
    """The marker that the database knows of the inbox at this path."""
    if not database(config).is_file():
        return None
    with reading(database(config)) as store:
        rows = (row for row in store.inboxes() if row.name == inbox.name and Path(row.path) == inbox.path)
        return next((row.marker for row in rows), None)


def _own(config: Config) -> Iterator[str]:
    daemon = config.daemon
    for path in (
        daemon.work,
        daemon.archive,
        daemon.failed,
        daemon.state,
        daemon.models,
        *(inbox.results for inbox in config.inboxes),
    ):
        if not path.is_dir():
            path.mkdir(parents=True)
            yield str(path)
