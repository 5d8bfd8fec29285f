"""``visaged status`` and ``visaged explain``: the database and the work folder, read beside a daemon or without one."""

from __future__ import annotations

import time
from pathlib import Path

from rich.live import Live

from daemon.cli.exits import DaemonError, Exit
from daemon.cli.holding import is_running
from daemon.cli.opening import configuration, database, pipelines, reading
from daemon.cli.placing import capacity_of
from daemon.cli.printing import say_json
from daemon.cli.settings import Settings
from daemon.config import Config, configured
from daemon.errors import CannotDo
from daemon.store import Store
from daemon.view import Scene, Snapshot, explain, snapshot
from daemon.view.terminal import ROWS, console, explanation_view, show, status_view
from daemon.watch.scan import ignores

FOLLOW_SECONDS = 0.5


def status(settings: Settings, *, follow: bool, json: bool) -> Exit:
    """Afterwards the state stands on stdout; follow: again and again, until Ctrl-C or the daemon ends."""
    config = configuration(settings)
    with reading(database(config)) as store:
        if follow:
            return _follow(config, store, json=json)
        shot = _look(config, store)
        if json:
            say_json(shot)
        else:
            show(status_view(shot))
    return Exit.OK


def explained(settings: Settings, target: str, *, json: bool) -> Exit:
    """Afterwards stdout says how a job or a path stands and why; in JSON also that it is not known which is meant."""
    config = configuration(settings)
    try:
        with reading(database(config)) as store:
            explanation = explain(target, _scene(config, store))
    except CannotDo as error:
        if not json:
            raise
        say_json({"ok": False, "error": str(error)})
        return Exit.FAILED
    if json:
        say_json(explanation)
    else:
        show(explanation_view(explanation))
    return Exit.OK


def recent_jobs(settings: Settings, begun: str) -> list[tuple[str, str]]:
    """The ids that begin so, with their items, newest first: for the completion of the shell."""
    config = configuration(settings)
    with reading(database(config)) as store:
        return [(job.id, f"{job.item}, {job.status}") for job in reversed(store.jobs_like(begun)[-50:])]


def _look(config: Config, store: Store) -> Snapshot:
    return snapshot(store, config.daemon.work, time.time(), running=is_running(config))


def _follow(config: Config, store: Store, *, json: bool) -> Exit:
    if not is_running(config):
        raise DaemonError("No daemon is running here, so there is nothing to follow: `visaged run` starts one.")
    target = console()
    if json or not target.is_terminal:
        while is_running(config):
            say_json(_look(config, store)) if json else show(status_view(_look(config, store)))
            time.sleep(2 * FOLLOW_SECONDS)
        return Exit.OK
    with Live(console=target, screen=True, auto_refresh=False) as live:
        while is_running(config):
            live.update(status_view(_look(config, store), rows=ROWS), refresh=True)
            time.sleep(FOLLOW_SECONDS)
    show(status_view(_look(config, store)))
    return Exit.OK


def _scene(config: Config, store: Store) -> Scene:
    return Scene(
        store=store,
        work=Path(config.daemon.work),
        now=time.time(),
        running=is_running(config),
        capacity=capacity_of(config),
        pipelines=configured(config, pipelines()),
        ignored={inbox.name: ignores(inbox.ignore) for inbox in config.inboxes},
    )
