# ruff: noqa: PLC0415 - as in app.py: each command imports what it needs
# ruff: noqa: FBT002 - typer reads options from parameters and their defaults
"""The command line for the weights of pipelines: ``visaged models list``, ``fetch`` and ``import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Folder = Annotated[
    Path | None, typer.Option(metavar="DIR", help="The folder of the weights, in place of the one in config.toml.")
]

app = typer.Typer(no_args_is_help=True, help="Show, fetch and bring the weights that pipelines need.")


@app.command("list")
def show(context: typer.Context, folder: Folder = None, as_json: Json = False) -> None:
    """Show all packs of weights: what they are, their licences, whether they are here, and who uses them."""
    from daemon.cli import weighing

    raise typer.Exit(weighing.show(context.obj, folder, json=as_json))


@app.command()
def fetch(
    context: typer.Context,
    packs: Annotated[
        list[str] | None, typer.Argument(metavar="[PACK]...", help="Which; else those that config.toml uses.")
    ] = None,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Fetch packs of weights, each file from the first of its sources that has it."""
    from daemon.cli import weighing

    raise typer.Exit(weighing.fetch(context.obj, packs or [], folder, json=as_json))


@app.command("import")
def bring(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files, folders, zips, wheels, or a pack of your own.")
    ],
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Take weights from files that you bring, whatever they are called: for machines without a network."""
    from daemon.cli import weighing

    raise typer.Exit(weighing.bring(context.obj, paths, folder, json=as_json))
