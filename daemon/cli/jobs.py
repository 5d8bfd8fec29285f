# ruff: noqa: PLC0415 - as in app.py: each command imports what it needs
# ruff: noqa: FBT002, PLR0917 - typer reads options from parameters and their defaults
"""The command line for drops and jobs: submit, retry, cancel, pause, resume and restore-inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.settings import Settings


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
JobId = Annotated[
    str, typer.Argument(metavar="JOB", help="A job's id, a beginning of it, or its item.", autocompletion=_jobs)
]


def join(app: typer.Typer) -> None:
    """Afterwards app has these commands."""
    for command in (submit, retry, cancel, pause, resume, restore_inputs):
        app.command()(command)


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


def retry(context: typer.Context, job: JobId, as_json: Json = False) -> None:
    """Try a job again; stages that were done are not run again, unless the whole job was."""
    _order(context, "retry", job, json=as_json)


def cancel(context: typer.Context, job: JobId, as_json: Json = False) -> None:
    """End a job that is queued or runs; its files go to the failed folder."""
    _order(context, "cancel", job, json=as_json)


def pause(context: typer.Context, as_json: Json = False) -> None:
    """Start nothing new; what runs goes on."""
    _order(context, "pause", json=as_json)


def resume(context: typer.Context, as_json: Json = False) -> None:
    """Go on after a pause."""
    _order(context, "resume", json=as_json)


def restore_inputs(
    context: typer.Context,
    job: JobId,
    to: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to; else restored/ beside the inbox.")] = None,
    as_json: Json = False,
) -> None:
    """Give the files of a finished job back, to undo a drop that was a mistake."""
    _order(context, "restore-inputs", job, to, json=as_json)
