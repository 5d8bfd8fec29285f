"""What the user orders from the command line, carried out between two turns of the dispatcher."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog

from daemon.dispatch.asking import Asking, Question, ended_by_itself
from daemon.dispatch.forgetting import Forgetting, Parting
from daemon.dispatch.line import Line
from daemon.dispatch.movers import Movers
from daemon.dispatch.preparing import unprepare
from daemon.dispatch.reverting import Reversal, Reverting
from daemon.dispatch.site import Site
from daemon.errors import CannotDo
from daemon.model import Job, Kind, Status, Take
from daemon.store import Order, Store

log = structlog.get_logger()


class Verb(StrEnum):
    """What can be ordered."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    RESTORE = "restore-inputs"
    ASK = "ask"  # a command of a pipeline; the answer is the job's id
    FORGET = "forget"  # all of a key, for good
    ROLLBACK = "rollback"  # a key goes back to an earlier revision of its state; the answer is the job's id


_PAUSED = "what runs goes on, nothing new starts. `visaged resume` goes on."
OVER = (Status.DONE, Status.FAILED, Status.CANCELLED)


class Orders:
    """Carries out the orders that lie in the store. Every method is called from the dispatcher's thread."""

    def __init__(self, store: Store, site: Site, line: Line, movers: Movers) -> None:
        self._asking = Asking(store, site)
        self._forgetting = Forgetting(store, site)
        self._reverting = Reverting(store, site, self._asking)
        self._store = store
        self._site = site
        self._line = line
        self._movers = movers
        self._version = -1

    def recover(self) -> None:
        """Afterwards what a crash interrupted goes on."""
        self._forgetting.go_on()

    def carry_out(self, now: float) -> bool:
        """Afterwards every order is carried out or refused; whether there was one."""
        version = self._store.version()
        if version == self._version:
            return False
        self._version = version
        orders = self._store.open_orders()
        for order in orders:
            ok, answer = self._obey(order, now)
            log.info("order", verb=order.verb, ok=ok, answer=answer)
            self._store.answer(order.id, ok=ok, text=answer)
        return bool(orders)

    def _obey(self, order: Order, now: float) -> tuple[bool, str]:
        try:
            return True, self._do(Verb(order.verb), order.args, now)
        except (CannotDo, ValueError) as error:
            return False, str(error)
        except sqlite3.Error:
            raise
        except Exception as error:  # an order that cannot be carried out must not come again at each start
            log.exception("an order broke off", verb=order.verb)
            return False, f"It could not be done ({type(error).__name__}: {error}). Report this."

    def _do(self, verb: Verb, args: Mapping[str, Any], now: float) -> str:
        match verb:
            case Verb.PAUSE | Verb.RESUME:
                return self._pause(now if verb is Verb.PAUSE else None)
            case Verb.CANCEL:
                return self._cancel(self._job(args), now)
            case Verb.RETRY:
                return self._retry(self._job(args), now)
            case Verb.RESTORE:
                return self._restore(self._job(args), Path(args["to"]), now)
            case _:
                return self._about_a_key(verb, args, now)

    def _about_a_key(self, verb: Verb, args: Mapping[str, Any], now: float) -> str:
        match verb:
            case Verb.ROLLBACK:
                return self._reverting.revert(Reversal(**args), now).id
            case Verb.FORGET:
                return self._forgetting.forget(Parting(**args), now)
        given = Path(args["given"]) if args.get("given") else None
        return self._asking.ask(Question(**{**args, "given": given}), now).id

    def _pause(self, since: float | None) -> str:
        self._store.remember("paused", since)
        return "Resumed." if since is None else f"Paused: {_PAUSED}"

    def _job(self, args: Mapping[str, Any]) -> Job:
        job = self._store.job(args["job"])
        if job is None:
            raise CannotDo(f"There is no job {args['job']}; `visaged status` lists them.")
        return job

    def _cancel(self, job: Job, now: float) -> str:
        stuck = job.waits_to_move and job.kind is Kind.INFRASTRUCTURE
        if job.status not in (Status.QUEUED, Status.RUNNING) and not stuck:
            raise CannotDo(f"{job.item} is {job.status}: only a queued or running job can be cancelled.")
        if job.status is Status.RETURNING:
            self._movers.forget(job)
            back = Status.DONE if job.result else Status.FAILED
            self._store.save(replace(job, status=back, restore_to=None, updated=now))
            return f"The files of {job.item} stay at {job.inputs_at}."
        why = "It was cancelled."
        stopped = self._line.cancel(job)
        if not stopped and job.command is not None:
            self._store.save(ended_by_itself(job, why, Kind.CANCELLED, now))
        elif not stopped:
            job = replace(job, status=Status.FAILING, kind=Kind.CANCELLED, reason=why, updated=now)
            job = self._movers.destinations.choose_failed(job)
            self._store.save(job)
            self._movers.submit(job, ())
        if job.command is not None:
            return f"{job.item} is being cancelled."
        return f"{job.item} is being cancelled; its files go below {self._site.failed_folder(job)}."

    def _retry(self, job: Job, now: float) -> str:
        if job.status not in OVER:
            raise CannotDo(f"{job.item} is {job.status}: only a finished, failed or cancelled job can be tried again.")
        if job.command is not None:
            raise CannotDo(f"{job.item} was asked by a command: give the command again.")
        if job.pipeline is None or (job.kind is Kind.BAD_INPUT and job.identity is None):
            raise CannotDo(f"{job.item} was refused: {job.reason} Mend the files and drop them into the inbox again.")
        if not self._movers.has_inputs(job):
            raise CannotDo(
                f"The files of {job.item} are not at {job.inputs_at} any more. Drop them into the inbox again."
            )
        beside = self._store.of_place(job.inbox, job.tops)
        if any(other.status is Status.ACCEPTING for other in beside):
            raise CannotDo(f"{job.item}: another drop of that name is being taken right now. Try again in a moment.")
        unprepare(job, self._site)
        if job.status is Status.DONE or not self._movers.is_whole(job, self._store.attempts(job.id)):
            self._movers.forget_stages(job)
            self._store.forget_attempts(job.id)
        self._store.forget_failures(job.id)
        again = replace(
            job,
            status=Status.ACCEPTING,
            fresh=True,
            kind=None,
            reason=None,
            faults=(),
            result=None,
            answered_by=None,
            answer=None,
            not_before=0.0,
            updated=now,
        )
        self._store.save(again)
        self._movers.submit(again, ())
        return f"{job.item} is tried again."

    def _restore(self, job: Job, to: Path, now: float) -> str:
        if job.status not in OVER:
            raise CannotDo(f"{job.item} is {job.status}. Cancel it first: visaged cancel {job.id}")
        if job.take is not Take.MOVE:
            raise CannotDo(f"The originals of {job.item} never left {self._site.inboxes[job.inbox].path}.")
        if not self._movers.has_inputs(job):
            raise CannotDo(f"The files of {job.item} are not at {job.inputs_at} any more.")
        target = self._movers.destinations.choose(to, job.item)
        back = replace(job, status=Status.RETURNING, restore_to=str(target), updated=now)
        self._store.save(back)
        self._movers.submit(back, ())
        return f"The files of {job.item} go to {target}."
