"""The only place where everything is put together: a daemon from a configuration, its signals, its end."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator, Mapping
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
from daemon.cli.watching import markers, reconcilers
from daemon.cli.wishes import Wish, signals
from daemon.config import Config, checked_options, configured
from daemon.config import load as load_config
from daemon.dispatch import (
    Crew,
    Dispatcher,
    Due,
    Event,
    InboxSite,
    Intake,
    Keep,
    Limits,
    Line,
    Movers,
    Retention,
    Site,
    Succeeded,
)
from daemon.errors import ConfigError, VisagedError
from daemon.gpus import Capacity, capacity, chosen, discover
from daemon.machine import machine
from daemon.route import Routing
from daemon.schedule import Nightly, Schedule, missed
from daemon.store import Store, connect, open_reader
from daemon.watch import ignore_lease_signals, ignores
from pipelines.contract import Pipeline
from pipelines.registry import pipelines as registered

NIGHTLY = {"retention": Nightly(name="retention", cron="30 3 * * *")}
"""Old work folders (and archives, where that is configured) go at half past three in the night."""

log = structlog.get_logger()


# ---------------------------------------------------------------- from the configuration


def site_of(config: Config, pipelines: Mapping[str, Pipeline]) -> Site:
    """All places that the configuration names."""
    daemon = config.daemon
    return Site(
        work=daemon.work,
        archive=daemon.archive,
        failed=daemon.failed,
        inboxes={inbox.name: _inbox_site(config, inbox.name, pipelines) for inbox in config.inboxes},
        pipelines=pipelines,
        runner_of={name: _runner_of(config, name) for name in pipelines},
        limits=Limits(partner_timeout=daemon.partner_timeout, disk_min=daemon.disk_min, unpack=daemon.unpack_limit),
        umask=daemon.umask,
        group=daemon.group or None,
    )


def _inbox_site(config: Config, name: str, pipelines: Mapping[str, Pipeline]) -> InboxSite:
    inbox = next(i for i in config.inboxes if i.name == name)

    def check(pipeline: Pipeline, given: Mapping[str, object]) -> Mapping[str, object] | str:
        layers = config.pipelines[pipeline.name].options, inbox.defaults.get(pipeline.name, {}), given
        return checked_options(pipeline, {k: v for layer in layers for k, v in layer.items()})

    return InboxSite(
        name=name,
        path=inbox.path,
        results=inbox.results,
        take=inbox.take,
        routing=Routing(pipelines=pipelines, check=check),
        ignored=ignores(inbox.ignore),
    )


def _runner_of(config: Config, pipeline: str) -> str:
    own = config.pipelines[pipeline].runner
    return config.daemon.runner if own == "auto" else own


def capacity_of(config: Config) -> Capacity:
    """What all stages together may use."""
    gpus = chosen(discover(), config.gpus.use)
    daemon = config.daemon
    return capacity(machine(), gpus, cpus=daemon.cpus, memory=daemon.memory, slots=daemon.slots)


# ---------------------------------------------------------------- a daemon


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """A daemon that is put together but does not run yet."""

    dispatcher: Dispatcher
    store: Store
    intake: Intake
    looks: Looks


@contextmanager
def assembled(config: Config, *, starts: bool, on_view: OnView | None) -> Iterator[Assembly]:
    """Within, everything but the watchers and the scheduler is there; afterwards it is put away in order."""
    site = site_of(config, configured(config, registered()))
    for folder in (site.work, site.archive, site.failed):
        folder.mkdir(parents=True, exist_ok=True)
    store = Store(connect(database(config)))
    try:
        check(config, store)
    except ConfigError:
        store.close()
        raise
    store.remember("work", str(site.work))
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    runners = hired(config, {*site.runner_of.values(), *(attempt.runner for attempt in store.running())}, events.put)
    movers = Movers(site, events.put)
    intake = Intake(store, site)
    keep = Keep(work=config.daemon.retention, archive=config.daemon.archive_retention)
    looks = Looks(store, site, on_view)
    announce = Announcer(config.daemon.notify)
    crew = Crew(
        intake=intake,
        line=Line(store, site, runners.by_name, whole := capacity_of(config), partial(runners.capacity_at, whole)),
        movers=movers,
        due={"retention": Retention(store, site, keep, partial(events.put, Succeeded("retention")))},
        announce=announce,
        look=looks,
        starts=starts,
    )
    dispatcher = Dispatcher(store, site, crew, events)
    try:
        yield Assembly(dispatcher=dispatcher, store=store, intake=intake, looks=looks)
    finally:
        runners.close()
        announce.close()
        movers.close()
        store.close()


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
        schedule = Schedule(NIGHTLY, lambda name: dispatcher.post(Due(name)))
        done = life.turning(partial(_drained, assembly, config) if once else lambda: False)
        wish.serve(dispatcher.post)
        for watcher in watchers:
            watcher.start()
        schedule.start()
        last = {name: assembly.store.fact(f"last_success:{name}") for name in NIGHTLY}
        for name in missed(NIGHTLY, last, time.time()):
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


def carry_out_orders(config: Config) -> None:
    """Afterwards the orders in the store, and the moves that follow from them, are made; no stage was started."""
    with held(config), assembled(config, starts=False, on_view=None) as assembly:
        assembly.dispatcher.run(lambda: not assembly.dispatcher.active())
