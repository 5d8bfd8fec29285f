"""``visaged run``: the daemon in the foreground, with live bars on a terminal and JSON lines in service."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from daemon.cli import logs, wiring
from daemon.cli.exits import Exit
from daemon.cli.looks import OnView
from daemon.cli.opening import configuration, database, reading
from daemon.cli.printing import say_json
from daemon.cli.settings import Level, Settings
from daemon.config import Config
from daemon.view import snapshot
from daemon.view.terminal import Screen, console, show, status_view, summary


def run(settings: Settings, *, once: bool, json: bool) -> Exit:
    """Run the daemon until a signal ends it; once: until all that is there is done, then say what still waits."""
    config = configuration(settings)
    since = time.time()
    end = run_with(config, settings, once=once, bars=not json)
    if not once:
        return Exit.OK  # a service that was told to end has ended well, whatever its jobs did
    _conclude(config, since, json=json, waits=end is Exit.WAITS)
    return end


def run_with(config: Config, settings: Settings, *, once: bool, bars: bool = True, lines: OnView | None = None) -> Exit:
    """Run the daemon of this configuration, with bars if they are wished and stdout and stderr are a terminal.

    lines: shows the state where there are no bars.
    """
    target = console()
    level = settings.log_level or Level(config.daemon.log_level)
    shown = bars and target.is_terminal and sys.stderr.isatty()
    logs.configure(level, bars=shown)
    if not shown:
        return wiring.run(config, once=once, on_view=lines)
    with Screen(target, since=time.time()) as screen:
        end = wiring.run(config, once=once, on_view=screen.show)
        with reading(database(config)) as store:
            screen.show(snapshot(store, config.daemon.work, time.time()))
    return end


def _conclude(config: Config, since: float, *, json: bool, waits: bool) -> None:
    """Afterwards stdout lists what ended and what still waits; on a terminal what ended stands there already."""
    with reading(database(config)) as store:
        shot = snapshot(store, config.daemon.work, time.time())
    shot = replace(shot, finished=tuple(over for over in shot.finished if over.job.updated >= since))
    target = console()
    if json:
        say_json(shot)
    elif waits or not target.is_terminal:
        show(status_view(shot))
    else:
        target.print(summary(shot), style="dim")
