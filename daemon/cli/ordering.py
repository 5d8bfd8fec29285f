"""Orders to the daemon: pause, resume, cancel, retry, restore-inputs. Without a daemon they are carried out here."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from daemon.cli import logs
from daemon.cli.exits import DaemonError, Exit
from daemon.cli.holding import is_running
from daemon.cli.opening import configuration, database
from daemon.cli.printing import complain, say, say_json
from daemon.cli.settings import Level, Settings
from daemon.cli.wiring import carry_out_orders
from daemon.config import Config
from daemon.dispatch.orders import Verb
from daemon.errors import CannotDo
from daemon.store import Store, connect
from daemon.view import find_job

PATIENCE = 10.0
"""Seconds in which a daemon should have answered."""


def order(settings: Settings, verb: Verb, wanted: str | None = None, *, to: Path | None = None, json: bool) -> Exit:
    """Afterwards the order is carried out or refused, and the answer is printed. wanted: the job, by its id or name.

    WAITS: a daemon runs, but it has not answered yet; the order stands. Raises CannotDo where the job is not known.
    """
    config = configuration(settings)
    logs.configure(settings.log_level or Level.WARNING, bars=False)
    store = Store(connect(database(config)))
    try:
        args = {"job": find_job(store, wanted).id} if wanted is not None else {}
        if verb is Verb.RESTORE:
            args["to"] = _target(config, to)
        number = store.order(verb.value, args, time.time())
    finally:
        store.close()
    if not is_running(config):
        _alone(config)
    return _told(_answer(config, number), json=json)


def _alone(config: Config) -> None:
    try:
        carry_out_orders(config)
    except DaemonError:
        return  # one has started meanwhile, and it carries the order out


def _answer(config: Config, number: int) -> tuple[bool, str] | None:
    store = Store(connect(database(config)))
    until = time.monotonic() + PATIENCE
    try:
        while (answer := store.answered(number)) is None and time.monotonic() < until and is_running(config):
            time.sleep(0.05)
        return answer or store.answered(number)
    finally:
        store.close()


def _told(answer: tuple[bool, str] | None, *, json: bool) -> Exit:
    if answer is None:
        text = (
            f"The daemon has not answered within {PATIENCE:g} s. The order stands; `visaged status` shows its effect."
        )
        end, ok = Exit.WAITS, None
    else:
        ok, text = answer
        end = Exit.OK if ok else Exit.FAILED
    told: Mapping[str, object] = {"ok": ok, "answer": text}
    if json:
        say_json(told)
    else:
        (say if ok else complain)(text)
    return end


def _target(config: Config, to: Path | None) -> str:
    """The folder that inputs are given back to. Raises CannotDo where the daemon would take them again or lose them."""
    target = Path(os.path.abspath(to)) if to else config.daemon.root / "restored"  # noqa: PTH100 - a link may be meant
    real = target.resolve()
    for inbox in config.inboxes:
        if real.is_relative_to(inbox.path.resolve()):
            raise CannotDo(
                f"{target} is in the inbox {inbox.name}, where the files would be taken again. Choose another."
            )
    for own in (config.daemon.work, config.daemon.state):
        if real.is_relative_to(own.resolve()):
            raise CannotDo(f"{target} is a folder of the daemon's own, which it tidies. Choose another with --to.")
    target.mkdir(parents=True, exist_ok=True)
    return str(target)
