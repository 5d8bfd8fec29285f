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
from daemon.dispatch.orders import OVER, Verb
from daemon.errors import CannotDo
from daemon.model import Job, Kind, Status, Take
from daemon.names import shown
from daemon.store import Store, connect
from daemon.view import jobs_meant, told

PATIENCE = 10.0
"""Seconds in which a daemon should have answered."""


def order(settings: Settings, verb: Verb, wanted: str | None = None, *, to: Path | None = None, json: bool) -> Exit:
    """Afterwards the order is carried out or refused, and the answer is printed. wanted: the job, by its id or name.

    WAITS: a daemon runs, but it has not answered yet; the order stands. Raises CannotDo where the job is not known.
    """
    config = configuration(settings)
    logs.configure(settings.log_level or Level.WARNING, bars=False)
    try:
        number = _given(config, verb, wanted, to)
    except CannotDo as error:
        if not json:
            raise
        return _told((False, str(error)), json=True)
    if not is_running(config):
        _alone(config)
    return _told(_answer(config, number), json=json)


def _given(config: Config, verb: Verb, wanted: str | None, to: Path | None) -> int:
    """The number of the order, which is now in the database."""
    store = Store(connect(database(config)))
    try:
        args = {}
        if wanted is not None:
            job = _meant(store, verb, wanted)
            args["job"] = job.id
            if verb is Verb.RESTORE:
                _refuse_unmoved(store, job)
                args["to"] = _target(config, to)
        return store.order(verb.value, args, time.time())
    finally:
        store.close()


def _meant(store: Store, verb: Verb, wanted: str) -> Job:
    """The job that the order is for: of several drops under one name the newest that the verb can do something with.

    Raises CannotDo, with the jobs that there are, where there is no such job, or they are not drops of one thing.
    """
    found = jobs_meant(store, wanted)
    if len(found) == 1:
        return found[0]
    fitting = [job for job in found if _fits(verb, job)]
    if not fitting:
        needed = "queued or running" if verb is Verb.CANCEL else "over"
        raise CannotDo(f"{shown(wanted)} could be {len(found):,} jobs, none of which is {needed}:{told(found)}")
    if len({(job.inbox, job.lane, job.key, job.item) for job in fitting}) > 1:
        raise CannotDo(f"{shown(wanted)} could be {len(fitting):,} jobs; say which by its id:{told(fitting)}")
    return fitting[0]


def _fits(verb: Verb, job: Job) -> bool:
    if verb is Verb.CANCEL:
        stuck = job.waits_to_move and job.kind is Kind.INFRASTRUCTURE
        return stuck or job.status in {Status.QUEUED, Status.RUNNING}
    return job.status in OVER


def _refuse_unmoved(store: Store, job: Job) -> None:
    """Raises CannotDo where the inputs were copied or read in place, so that there is nothing to give back."""
    if job.take is Take.MOVE:
        return
    inbox = next((row.path for row in store.inboxes() if row.name == job.inbox), job.inbox)
    places = ", ".join(shown(str(Path(inbox, top))) for top in job.tops)
    raise CannotDo(f"{shown(job.item)} cannot be given back: the original never moved, it is at {places}.")


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
