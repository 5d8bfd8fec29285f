# ruff: noqa: PLC0415 - each command imports what it needs, so that --help and completion answer at once
# ruff: noqa: FBT002, PLR0917 - typer reads options from parameters and their defaults
"""The command line: which commands and options there are. What they do is in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.cli import attending, commands
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


def _jobs(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The jobs that the shell offers; where they cannot be read, none."""
    from daemon.cli.showing import recent_jobs
    from daemon.errors import VisagedError

    root = context.find_root().params
    try:
        return recent_jobs(Settings(config=root.get("config")), incomplete)
    except (VisagedError, OSError):
        return []


Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Target = Annotated[
    str, typer.Argument(metavar="JOB|PATH", help="A job's id, a beginning of it, or its item; or a path.")
]
JobId = Annotated[
    str, typer.Argument(metavar="JOB", help="A job's id, a beginning of it, or its item.", autocompletion=_jobs)
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


# ---------------------------------------------------------------- drops and jobs


@app.command()
def submit(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders; several become one item.")],
    lane: Annotated[str | None, typer.Option(help="The pipeline; else it is chosen by the types of the files.")] = None,
    key: Annotated[str | None, typer.Option(help="The collection or subject, in lanes that have one.")] = None,
    name: Annotated[str | None, typer.Option(help="What the item is to be called.")] = None,
    inbox: Annotated[str | None, typer.Option(help="The inbox, where there are several; else the first.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done.")] = False,
    as_json: Json = False,
) -> None:
    """Copy files into an inbox as one drop, which is complete the moment it appears."""
    from daemon.cli import submitting

    wish = submitting.Wish(lane=lane, key=key, name=name, inbox=inbox)
    raise typer.Exit(submitting.submit(context.obj, paths, wish, wait=wait, json=as_json))


def _order(context: typer.Context, verb: str, job: str | None = None, to: Path | None = None, **how: bool) -> None:
    from daemon.cli import ordering
    from daemon.dispatch.orders import Verb

    raise typer.Exit(ordering.order(context.obj, Verb(verb), job, to=to, **how))


@app.command()
def retry(context: typer.Context, job: JobId, as_json: Json = False) -> None:
    """Try a job again; stages that were done are not run again, unless the whole job was."""
    _order(context, "retry", job, json=as_json)


@app.command()
def cancel(context: typer.Context, job: JobId, as_json: Json = False) -> None:
    """End a job that is queued or runs; its files go to the failed folder."""
    _order(context, "cancel", job, json=as_json)


@app.command()
def pause(context: typer.Context, as_json: Json = False) -> None:
    """Start nothing new; what runs goes on."""
    _order(context, "pause", json=as_json)


@app.command()
def resume(context: typer.Context, as_json: Json = False) -> None:
    """Go on after a pause."""
    _order(context, "resume", json=as_json)


@app.command()
def restore_inputs(
    context: typer.Context,
    job: JobId,
    to: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to; else restored/ beside the inbox.")] = None,
    as_json: Json = False,
) -> None:
    """Give the files of a finished job back, to undo a drop that was a mistake."""
    _order(context, "restore-inputs", job, to, json=as_json)


# ---------------------------------------------------------------- looking after it

commands.join(app)
attending.join(app)


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
def backup(
    context: typer.Context,
    target: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A name with .tar.gz makes a file, any other a folder; it must not exist."),
    ],
) -> None:
    """Save the database and config.toml; a daemon may run meanwhile."""
    from daemon.cli import keeping

    typer.echo(f"Saved as {keeping.backup(context.obj, target)}.")


@app.command()
def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FILE", help="What `visaged backup` made.")],
    force: Annotated[
        bool, typer.Option("--force", help="Move a database that is there aside; without it, it stays.")
    ] = False,
) -> None:
    """Put the database of a backup back; no daemon may run."""
    from daemon.cli import keeping

    for line in keeping.restore(context.obj, source, force=force):
        typer.echo(line)


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
