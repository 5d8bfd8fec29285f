# ruff: noqa: PLC0415 - as in app.py: each command imports what it needs
# ruff: noqa: FBT002 - typer reads options from parameters and their defaults
"""The command line for whoever looks after visaged: health checks, the service itself, and the weights it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from daemon.cli import stocking

UNITS = Path("/etc/systemd/system")


def join(app: typer.Typer) -> None:
    """Afterwards app has these commands."""
    app.command()(health)
    app.command()(install_service)
    app.add_typer(stocking.app, name="models")


def health(context: typer.Context) -> None:
    """Say whether a daemon works here: for health checks, which read the exit code."""
    from daemon.cli import living

    typer.echo(living.health(context.obj))


def install_service(
    context: typer.Context,
    user: Annotated[str, typer.Option(help="Who the daemon and its stages are to be.")] = "visaged",
    units: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where the unit is written.")] = UNITS,
    show: Annotated[bool, typer.Option("--print", help="Write nothing, show the unit.")] = False,
) -> None:
    """Write a systemd unit for this config.toml, and say how it is started."""
    from daemon.cli import installing

    for line in installing.install(context.obj, user, None if show else units):
        typer.echo(line)
