"""What a daemon is to know of its configuration: places, what is done every night, what all stages may use."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.config import Config, checked_options, reserved
from daemon.dispatch import InboxSite, Limits, Site
from daemon.gpus import Capacity, capacity, chosen, discover
from daemon.machine import machine
from daemon.route import Routing
from daemon.schedule import Nightly
from daemon.watch import ignores
from pipelines.contract import Pipeline

RETENTION = Nightly(name="retention", cron="30 3 * * *")
"""Old work folders (and archives, where that is configured) go at half past three in the night."""
AT_TWO = "0 2 * * *"
"""When pipelines do their nightly work, where config.toml does not say."""


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
        state=daemon.state,
        models=daemon.models,
        fetches=daemon.fetch_models,
    )


def nightly_of(config: Config, pipelines: Mapping[str, Pipeline]) -> dict[str, Nightly]:
    """What is done every night, by name: that of a pipeline has its name."""
    found = {RETENTION.name: RETENTION}
    for pipeline in pipelines.values():
        cron = config.pipelines[pipeline.name].nightly
        if pipeline.nightly and cron:
            found[pipeline.name] = Nightly(name=pipeline.name, cron=AT_TWO if cron == "auto" else cron)
    return found


def _inbox_site(config: Config, name: str, pipelines: Mapping[str, Pipeline]) -> InboxSite:
    inbox = next(i for i in config.inboxes if i.name == name)

    def check(pipeline: Pipeline, given: Mapping[str, object]) -> Mapping[str, object] | str:
        layers = config.pipelines[pipeline.name].options, inbox.defaults.get(pipeline.name, {}), given
        why = reserved(pipeline, given)
        return why or checked_options(pipeline, {k: v for layer in layers for k, v in layer.items()})

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
