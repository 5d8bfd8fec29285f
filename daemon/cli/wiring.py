"""The only place where everything is put together: a daemon from a configuration, its signals, its end."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from daemon.announce import Announcer
from daemon.cli.exits import Exit
from daemon.cli.hiring import hired
from daemon.cli.holding import held
from daemon.cli.living import Life
from daemon.cli.looks import Looks, OnView
from daemon.cli.opening import database
from daemon.cli.placing import RETENTION, capacity_of, nightly_of, site_of
from daemon.cli.watching import markers, reconcilers
from daemon.cli.wishes import Wish, signals
from daemon.config import Config, configured
from daemon.config import load as load_config
from daemon.dispatch import (
    Asking,
    Crew,
    Dispatcher,
    Due,
    Event,
    Intake,
    Keep,
    Line,
    Movers,
    Retention,
    Room,
    Site,
    Succeeded,
    TreeWatch,
)
from daemon.errors import ConfigError, VisagedError
from daemon.model import ACTIVE, Job
from daemon.schedule import Nightly, Schedule, missed
from daemon.store import Store, connect, open_reader
from daemon.watch import ignore_lease_signals
from pipelines.contract import Pipeline
from pipelines.registry import pipelines as registered

log = structlog.get_logger()


# ---------------------------------------------------------------- a daemon


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """A daemon that is put together but does not run yet."""

    dispatcher: Dispatcher
    store: Store
    intake: Intake
    looks: Looks
    site: Site
    nightly: Mapping[str, Nightly]


@contextmanager
def assembled(
    config: Config, *, starts: bool, on_view: OnView | None, only: Callable[[Job], bool] = lambda _: True
) -> Iterator[Assembly]:
    """Within, everything but the watchers and the scheduler is there; afterwards it is put away in order.

    only: the jobs whose stages may start.
    """
    pipelines = configured(config, registered())
    site, nightly = site_of(config, pipelines), nightly_of(config, pipelines)
    for folder in (site.work, site.archive, site.failed):
        folder.mkdir(parents=True, exist_ok=True)
    store = _opened(config, site)
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    runners = hired(config, {*site.runner_of.values(), *(attempt.runner for attempt in store.running())}, events.put)
    movers = Movers(site, events.put)
    whole = capacity_of(config)
    room = Room(whole=whole, at=partial(runners.capacity_at, whole), only=only)
    intake = Intake(store, site)
    keep = Keep(work=config.daemon.retention, archive=config.daemon.archive_retention)
    looks = Looks(store, site, on_view)
    announce = Announcer(config.daemon.notify)
    asking = Asking(store, site)
    asked = {n: partial(_ask_every_key, asking, pipelines[n], events.put) for n in nightly if n in pipelines}
    crew = Crew(
        intake=intake,
        line=Line(store, site, runners.by_name, room),
        movers=movers,
        due={RETENTION.name: Retention(store, site, keep, partial(events.put, Succeeded(RETENTION.name))), **asked},
        announce=announce,
        look=looks,
        starts=starts,
    )
    dispatcher = Dispatcher(store, site, crew, events)
    try:
        yield Assembly(dispatcher=dispatcher, store=store, intake=intake, looks=looks, site=site, nightly=nightly)
    finally:
        runners.close()
        announce.close()
        movers.close()
        store.close()


def _opened(config: Config, site: Site) -> Store:
    store = Store(connect(database(config)))
    try:
        check(config, store)
    except ConfigError:
        store.close()
        raise
    store.remember("work", str(site.work))
    return store


def _ask_every_key(asking: Asking, pipeline: Pipeline, post: Callable[[Event], None], now: float) -> None:
    asking.every_key(pipeline.name, pipeline.nightly, now)
    post(Succeeded(pipeline.name))


# ---------------------------------------------------------------- running


def run(config: Config, *, once: bool, on_view: OnView | None) -> Exit:
    """Run the daemon until a signal ends it (or, once, until everything is drained) and say how it went."""
    ignore_lease_signals()
    life = Life(config)
    with signals() as wish, held(config):
        while True:
            end = _run(config, once, on_view, wish, life)
            if wish.stop or not wish.reload:
                return end
            wish.reload, wish.post = False, None
            config = _reloaded(config)


def _reloaded(config: Config) -> Config:
    """The configuration as it is now, or the old one where the new one cannot be used."""
    try:
        fresh = load_config(config.path, registered())
        if fresh.daemon.state != config.daemon.state:
            raise ConfigError("state cannot change while the daemon runs")
        with closing(open_reader(database(config))) as reader:
            check(fresh, Store(reader))
    except VisagedError as error:
        log.warning("the configuration is not used, the old one stays", why=str(error))
        return config
    log.info("the configuration was read again")
    return fresh


def check(config: Config, store: Store) -> None:
    """Afterwards the configuration fits what is under way. Raises ConfigError, for which nothing was changed."""
    markers(config, store)
    active = store.active_inboxes()
    if missing := active - {inbox.name for inbox in config.inboxes}:
        raise ConfigError(
            f"Jobs of the inbox {', '.join(sorted(missing))} are not over. Leave it in config.toml until they are."
        )
    work = store.fact("work")
    if active and work and work != str(config.daemon.work):
        raise ConfigError(f"Jobs are under way in {work}. Let them end before `work` becomes {config.daemon.work}.")


def _run(config: Config, once: bool, on_view: OnView | None, wish: Wish, life: Life) -> Exit:
    with assembled(config, starts=True, on_view=on_view) as assembly:
        dispatcher = assembly.dispatcher
        lanes = configured(config, registered())
        watchers = reconcilers(config, assembly.store, lanes, dispatcher.post, life.beat)
        trees = TreeWatch(assembly.site, config.daemon.tree_seconds, dispatcher.post)
        schedule = Schedule(assembly.nightly, lambda name: dispatcher.post(Due(name)))
        done = life.turning(partial(_drained, assembly, config) if once else lambda: False)
        wish.serve(dispatcher.post)
        trees.tell_edited()
        for watcher in watchers:
            watcher.start()
        trees.start()
        schedule.start()
        last = {name: assembly.store.fact(f"last_success:{name}") for name in assembly.nightly}
        for name in missed(assembly.nightly, last, time.time()):
            dispatcher.post(Due(name))
        log.info("visaged runs", inboxes=[str(i.path) for i in config.inboxes], state=str(config.daemon.state))
        life.ready()
        try:
            dispatcher.run(done)
        finally:
            goes_on = wish.reload and not wish.stop
            life.ending(reload=goes_on)
            if not goes_on:
                assembly.looks.finish()
            schedule.stop()
            trees.stop()
            for watcher in watchers:
                watcher.stop()
        return _verdict(assembly)


def _drained(assembly: Assembly, config: Config) -> bool:
    if not assembly.dispatcher.idle():
        return False
    patience = config.daemon.settle_seconds + config.daemon.probe_patience + 1.0
    return not assembly.intake.settling or assembly.dispatcher.quiet_for(time.time()) > patience


def _verdict(assembly: Assembly) -> Exit:
    if assembly.dispatcher.failures:
        return Exit.FAILED
    waits = (
        assembly.intake.waits or assembly.intake.settling or assembly.intake.offline or assembly.store.active_counts()
    )
    return Exit.WAITS if waits else Exit.OK


def do_alone(config: Config, job_id: str) -> None:
    """Afterwards the job is over, and what has to be done before it for its key; nothing else was started."""
    with closing(open_reader(database(config))) as reader:
        store = Store(reader)
        meant = store.job(job_id)

    def only(job: Job) -> bool:
        whose = (job.pipeline, job.inbox, job.key)
        return job.id == job_id or (
            meant is not None and meant.holds and whose == (meant.pipeline, meant.inbox, meant.key)
        )

    with held(config), assembled(config, starts=True, on_view=None, only=only) as assembly:

        def over() -> bool:
            job = assembly.store.job(job_id)
            return job is None or job.status not in ACTIVE

        assembly.dispatcher.run(over)
        assembly.looks.finish()


def carry_out_orders(config: Config) -> None:
    """Afterwards the orders in the store, and the moves that follow from them, are made; no stage was started."""
    with held(config), assembled(config, starts=False, on_view=None) as assembly:
        assembly.dispatcher.run(lambda: not assembly.dispatcher.active())
