"""``visaged check-config`` and ``visaged doctor``: what is configured, and whether it can work on this machine."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group
from rich.table import Table
from rich.text import Text

from daemon.cli.exits import Exit
from daemon.cli.hiring import docker_settings
from daemon.cli.opening import configuration, pipelines
from daemon.cli.printing import complain, say, say_json
from daemon.cli.settings import Settings
from daemon.cli.using import configured_uses
from daemon.config import Config
from daemon.doctor import Finding, Site, State, examine
from daemon.engine_check import Patient, examine_engine
from daemon.errors import ConfigError
from daemon.gpus import Discovered, chosen, discover
from daemon.view.terminal import show
from daemon.weights_check import Stock, examine_weights
from pipelines.registry import ours

_STYLES = {State.OK: "green", State.WARN: "yellow", State.BAD: "red"}


def check(settings: Settings, *, json: bool) -> Exit:
    """Afterwards stdout says where everything is, or stderr every problem of config.toml."""
    try:
        config = configuration(settings)
    except ConfigError as error:
        if not json:
            raise
        say_json({"ok": False, "problems": str(error).splitlines()})
        return Exit.USAGE
    if json:
        say_json({"ok": True, "config": config.model_dump(mode="json", by_alias=True)})
        return Exit.OK
    say(f"{config.path} is in order.")
    daemon = config.daemon
    places = {name: getattr(daemon, name) for name in ("work", "archive", "failed", "state", "models")}
    for inbox in config.inboxes:
        places[f"inbox {inbox.name}"] = inbox.path
        places[f"results of {inbox.name}"] = inbox.results
    width = max(map(len, places))
    for name, place in places.items():
        say(f"  {name:<{width}}  {place}")
    enabled = [name for name, table in config.pipelines.items() if table.enabled]
    say(f"  {'pipelines':<{width}}  {', '.join(enabled) or 'none is enabled'}")
    return Exit.OK


def doctor(settings: Settings, *, json: bool) -> Exit:
    """Afterwards stdout says what of this machine was looked at; FAILED if something that is configured cannot work."""
    gpus = discover()
    more: tuple[Finding, ...] = ()
    try:
        config = configuration(settings)
        site = site_of(config)
        more = (*examine_weights(stock_of(config)), *examine_engine(patient_of(config, gpus)))
    except ConfigError as error:
        if settings.config:
            raise
        complain(f"{error} Only this machine is looked at.")
        site = nowhere(Path.cwd())
    findings = (*examine(site, gpus), *more)
    if json:
        say_json(findings)
    else:
        show(_table(findings))
    return Exit.FAILED if any(finding.state is State.BAD for finding in findings) else Exit.OK


def site_of(config: Config) -> Site:
    """What the doctor looks at, from a configuration."""
    daemon = config.daemon
    return Site(
        inboxes=tuple(inbox.path for inbox in config.inboxes),
        own=(daemon.archive, daemon.failed, *(inbox.results for inbox in config.inboxes)),
        work=daemon.work,
        state=daemon.state,
        disk_min=daemon.disk_min,
        pipelines=run_by(config, "local"),
        use_gpus=config.gpus.use,
    )


def run_by(config: Config, runner: str) -> tuple[str, ...]:
    """The pipelines that are enabled and whose stages run there."""
    on = {"auto": config.daemon.runner}
    return tuple(
        name
        for name, table in config.pipelines.items()
        if table.enabled and on.get(table.runner, table.runner) == runner
    )


def stock_of(config: Config) -> Stock:
    """What the doctor looks at of the weights."""
    uses = configured_uses(config, pipelines())
    wanted = tuple((use.pipeline, name) for use in uses for name in use.packs)
    return Stock(folder=config.daemon.models, wanted=wanted, fetches=config.daemon.fetch_models)


def patient_of(config: Config, gpus: Discovered) -> Patient:
    """What the doctor looks at of the Docker engine."""
    try:
        usable = chosen(gpus, config.gpus.use)
    except ConfigError:  # which is a finding by itself
        usable = ()
    return Patient(settings=docker_settings(config), used=run_by(config, "docker"), gpus=usable)


def nowhere(here: Path) -> Site:
    """What the doctor looks at where nothing is set up yet: the machine, with every pipeline of ours."""
    return Site(inboxes=(), own=(), work=here, state=here, disk_min=0, pipelines=tuple(ours()))


def _table(findings: tuple[Finding, ...]) -> Group:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    for finding in findings:
        says = finding.says + (f"\n-> {finding.fix}" if finding.fix else "")
        table.add_row(Text(finding.state, style=_STYLES[finding.state]), Text(finding.what), Text(says))
    bad = sum(finding.state is State.BAD for finding in findings)
    word = "Everything that is configured can work." if not bad else f"To be mended before it can work: {bad}."
    return Group(table, Text(), Text(word, style="red" if bad else "green"))
