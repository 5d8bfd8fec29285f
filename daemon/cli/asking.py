"""Commands of pipelines, asked and answered: a job of the daemon, or of this process where none runs."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.cli import logs
from daemon.cli.choosing import called, keys_known
from daemon.cli.exits import DaemonError, Exit
from daemon.cli.holding import is_running
from daemon.cli.opening import configuration, database, pipelines, reading
from daemon.cli.printing import complain, say, say_json
from daemon.cli.settings import Level, Settings
from daemon.cli.wiring import carry_out_orders, do_alone
from daemon.config import Config, configured
from daemon.dispatch.committing import answer_of
from daemon.dispatch.orders import Verb
from daemon.dispatch.retention import ASKED
from daemon.errors import CannotDo
from daemon.model import ACTIVE, Job, Status
from daemon.moves import copy
from daemon.names import shown
from daemon.store import Store, connect
from pipelines.contract import Command, Takes

PATIENCE = 10.0
"""Seconds in which a daemon should have taken the question."""
SILENCE = 3.0
"""Seconds after which somebody who waits is told for what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked. key: None for the only one, or all. given: parameter -> what the command line has for it."""

    pipeline: str
    command: Command
    key: str | None
    given: Mapping[str, Any]


def ask(settings: Settings, wish: Wish, *, json: bool) -> Exit:
    """Afterwards the command is done for each key that is meant, and its answers are printed.

    Raises CannotDo where there is no such key, DaemonError where the daemon does not answer.
    """
    config = configuration(settings)
    logs.configure(settings.log_level or Level.WARNING, bars=False)
    if wish.pipeline not in configured(config, pipelines()):
        raise CannotDo(f"The pipeline {wish.pipeline} is not enabled in config.toml.")
    meant = _meant(config, wish)
    if not is_running(config):
        refuse_paused(config)
    ends, data = [], {}
    for inbox, key in meant:
        job = _done(config, wish, inbox, key)
        heading = f"{shown(key)}:" if key is not None and len(meant) > 1 else ""
        end, data[key] = _answered(config, job, "" if json else heading, quiet=json)
        ends.append(end)
    if json:
        say_json(data if len(meant) > 1 else next(iter(data.values())))
    return max(ends)


def _meant(config: Config, wish: Wish) -> list[tuple[str, str | None]]:
    """The inboxes and keys that the question is about."""
    if not wish.command.keyed:
        return [(config.inboxes[0].name, None)]
    known = keys_known(config, wish.pipeline)
    if wish.key is not None:
        return list(called(known, wish.key, one=wish.command.commits))
    if len(known.keys) > 1 and wish.command.commits:
        raise CannotDo(f"There are several: {known.names}. Say which with --{known.word}.")
    return list(known.keys)


def refuse_paused(config: Config) -> None:
    """Raises CannotDo where nothing may start, so that nothing is left in the queue for later."""
    if not database(config).exists():
        return
    with reading(database(config)) as store:
        if store.fact("paused"):
            raise CannotDo("Everything is paused: `visaged resume` first.")


def _done(config: Config, wish: Wish, inbox: str, key: str | None) -> Job:
    """The job of the question, when it is over."""
    given = _given(config, wish)
    try:
        return job_of(config, _ordered(config, wish, inbox, key, given))
    except CannotDo:  # else it is the daemon's now, or still will be
        if given is not None:
            shutil.rmtree(given, ignore_errors=True)
        raise


def job_of(config: Config, number: int) -> Job:
    """The job that an order asks for, when it is over; without a daemon it is done here.

    Raises CannotDo where the order is refused, DaemonError where the daemon does not answer.
    """
    job_id = answer_to(config, number)
    if not is_running(config):
        do_alone(config, job_id)
    return _over(config, job_id)


def answer_to(config: Config, number: int) -> str:
    """The answer to an order, which is carried out; without a daemon it is carried out here.

    Raises CannotDo where the order is refused, DaemonError where the daemon does not answer.
    """
    if not is_running(config):
        _alone(config)
    ok, answer = _taken(config, number)
    if not ok:
        raise CannotDo(answer)
    return answer


def _given(config: Config, wish: Wish) -> Path | None:
    """A folder beside the jobs with the files of the parameters, or None where there are none."""
    files = {p.name: Path(wish.given[p.name]) for p in wish.command.parameters if p.takes is Takes.FILE}
    if not files:
        return None
    folder = config.daemon.work / f"{ASKED}{uuid.uuid4().hex}"
    for name, path in files.items():
        if not path.exists():
            raise CannotDo(f"There is nothing at {shown(str(path))}.")
        (folder / name).mkdir(parents=True)
        try:
            copy(path.resolve(), folder / name / path.name)
        except OSError as error:
            raise CannotDo(f"{shown(str(path))} could not be copied: {error.strerror or error}.") from error
    return folder


def _ordered(config: Config, wish: Wish, inbox: str, key: str | None, given: Path | None) -> int:
    """The number of the order, which is now in the database."""
    files = {p.name for p in wish.command.parameters if p.takes is Takes.FILE}
    arguments = {name: value for name, value in wish.given.items() if name not in files}
    args = {
        "pipeline": wish.pipeline,
        "command": wish.command.name,
        "inbox": inbox,
        "key": key,
        "arguments": arguments,
        "given": str(given) if given else None,
    }
    store = Store(connect(database(config)))
    try:
        return store.order(Verb.ASK.value, args, time.time())
    finally:
        store.close()


def _alone(config: Config) -> None:
    try:
        carry_out_orders(config)
    except DaemonError:
        return  # one has started meanwhile, and it takes the question


def _taken(config: Config, number: int) -> tuple[bool, str]:
    until = time.monotonic() + PATIENCE
    with reading(database(config)) as store:
        while (answer := store.answered(number)) is None:
            if time.monotonic() > until:
                raise DaemonError(f"The daemon has not answered within {PATIENCE:g} s; `visaged status` shows it.")
            time.sleep(0.02)
    return answer


def _over(config: Config, job_id: str) -> Job:
    since = time.monotonic()
    told = False
    with reading(database(config)) as store:
        while (job := store.job(job_id)) is None or job.status in ACTIVE:
            if not is_running(config):
                raise DaemonError(f"The daemon has stopped; job {job_id} goes on when it runs again.")
            if not told and time.monotonic() - since > SILENCE:
                why = "everything is paused: `visaged resume`" if store.fact("paused") else "it takes a while"
                complain(f"waiting for job {job_id} ({why}); `visaged explain {job_id}` says how it is")
                told = True
            time.sleep(0.05)
    return job


def _answered(config: Config, job: Job, heading: str, *, quiet: bool) -> tuple[Exit, Any]:
    """How it went, and the answer as data; in words it is printed here, unless quiet."""
    if job.status is not Status.DONE:
        reason = f"{job.item}: {shown(job.reason or str(job.status))}"
        if not quiet:
            complain(reason)
        return Exit.FAILED, {"ok": False, "answer": reason}
    stages = pipelines()[str(job.pipeline)].stages_of(job.command, job.options)
    words, data = answer_of(config.daemon.work / job.id, stages)
    if not quiet:
        say("\n".join(part for part in (heading, words or "Done.") if part))
    return Exit.OK, data if data is not None else {"ok": True, "answer": words}
