# ruff: noqa: PLC0415 - each command imports what it needs, so that --help and completion answer at once
# ruff: noqa: FBT002 - typer reads options from parameters and their defaults
"""The command line: which commands and options there are. What they do is in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.cli import attending, commands, jobs, states
from daemon.cli.exits import MEANINGS
from daemon.cli.settings import Level, Settings

EPILOG = "Exit codes: " + "; ".join(f"{code.value} {meaning}" for code, meaning in MEANINGS.items()) + "."

app = typer.Typer(
    name="visaged",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"visaged {version('visaged')}")
        raise typer.Exit


Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Target = Annotated[
    str, typer.Argument(metavar="JOB|PATH", help="A job's id, a beginning of it, or its item; or a path.")
]


@app.callback()
def visaged(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="The config.toml to use; else ./config.toml, else /etc/visaged/config.toml.")
    ] = None,
    log_level: Annotated[Level | None, typer.Option(help="The least important message that is logged.")] = None,
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool, typer.Option("--version", help="Show the version.", callback=lambda v: _version(wanted=v), is_eager=True)
    ] = False,
) -> None:
    """Watch folders for faces: drop files in, find results beside them."""
    context.obj = Settings(config=config, log_level=log_level)


# ---------------------------------------------------------------- a place and its daemon


@app.command()
def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the folders are to be.")] = Path(),
    renew_marker: Annotated[
        bool, typer.Option("--renew-marker", help="Write an inbox's lost marker again: this really is the inbox.")
    ] = False,
) -> None:
    """Make the folders, a commented config.toml and the inbox marker; what is there already stays."""
    from daemon.cli.making import make

    config, made = make(context.obj, folder, renew=renew_marker)
    for one in made:
        typer.echo(f"made {one}")
    typer.echo(f"{config.path} is ready: `visaged --config {config.path} run`" if made else "Everything was there.")


@app.command()
def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do what is there, then end and list what still waits.")] = False,
    as_json: Json = False,
) -> None:
    """Run the daemon in the foreground until Ctrl-C or SIGTERM, and end with 0. Running stages go on without it."""
    from daemon.cli import running

    raise typer.Exit(running.run(context.obj, once=once, json=as_json))


@app.command()
def status(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Show it again and again, with live bars.")] = False,
    as_json: Json = False,
) -> None:
    """Show what waits, what runs and how far it is, and what ended lately."""
    from daemon.cli import showing

    raise typer.Exit(showing.status(context.obj, follow=follow, json=as_json))


@app.command()
def explain(context: typer.Context, target: Target, as_json: Json = False) -> None:
    """Say why something has not started, or why it failed, and what to do."""
    from daemon.cli import showing

    raise typer.Exit(showing.explained(context.obj, target, json=as_json))


jobs.join(app)
commands.join(app)
states.join(app)
attending.join(app)


# ---------------------------------------------------------------- looking after it


@app.command()
def check_config(context: typer.Context, as_json: Json = False) -> None:
    """Check config.toml and show where everything is, without starting anything."""
    from daemon.cli import checking

    raise typer.Exit(checking.check(context.obj, json=as_json))


@app.command()
def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Look at GPU, Docker, OpenGL, codecs, folders and disks, and say what to do about each."""
    from daemon.cli import checking

    raise typer.Exit(checking.doctor(context.obj, json=as_json))


@app.command()
def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where.")] = Path("visaged-demo"),
) -> None:
    """Make two heads, let the daemon morph them, and show where the pictures are."""
    from daemon.cli import demonstrating

    raise typer.Exit(demonstrating.demo(context.obj, folder))


def invoke(arguments: list[str]) -> Any:
    """Run the command that the arguments name; it ends by SystemExit, or raises what went wrong."""
    return app(args=arguments, prog_name="visaged")
