# ruff: noqa: PLC0415 - as in app.py: each command imports what it needs
# ruff: noqa: FBT002, PLR0917 - typer reads options from parameters and their defaults
"""The command line for what is remembered: rollback, forget, backup and restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def join(app: typer.Typer) -> None:
    """Afterwards app has these commands."""
    for command in (rollback, forget, backup, restore):
        app.command()(command)


def rollback(
    context: typer.Context,
    pipeline: Annotated[str, typer.Argument(metavar="PIPELINE", help="What remembers it: faces, talking_head.")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="The collection or subject, as its folder is called.")],
    to: Annotated[
        int | None, typer.Option("--to", metavar="REVISION", help="The number of the one to go back to.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Go back to an earlier state of a collection or subject; without --to, list what there is and change nothing.

    All that came since is not in it: drops, what was sorted, and what was said by folders or commands. Nothing of it is
    lost: the state that held stays as a revision too, to which the same command returns. Originals stay where they are.
    """
    from daemon.cli import returning

    raise typer.Exit(returning.rollback(context.obj, (pipeline, key), to, json=as_json))


def forget(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    pipeline: Annotated[str, typer.Argument(metavar="PIPELINE", help="What remembers it: faces, talking_head.")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="The collection or subject, as its folder is called.")],
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Also the pictures in its results whose originals lie elsewhere too.")
    ] = False,
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Forget a whole collection or subject for good: faces, people, names, models, all revisions.

    The pictures in its results stay, in a folder that is called "KEY (forgotten)" then, films where they are, and so do
    the originals. A later drop of that name begins anew.
    """
    from daemon.cli import parting

    how = parting.Manner(pictures=pictures, sure=sure, json=as_json)
    raise typer.Exit(parting.forget(context.obj, (pipeline, key), how))


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
