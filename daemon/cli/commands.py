# ruff: noqa: PLC0415 - each command imports what it needs, so that --help and completion answer at once
"""The commands that pipelines declare, as the command line has them: ``people rename`` is ``visaged people rename``."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.contract import Command, Parameter, Pipeline, Takes
from pipelines.registry import BrokenPipeline, ours
from pipelines.registry import pipelines as registered


def join(app: typer.Typer) -> None:
    """Afterwards app has the commands of all pipelines; those of two words are in groups by the first."""
    groups: dict[str, typer.Typer] = {}
    for pipeline in _pipelines().values():
        for command in pipeline.commands:
            if command.hidden:
                continue
            first, _, second = command.name.partition(" ")
            place = app
            if second:
                if first not in groups:
                    groups[first] = typer.Typer(
                        no_args_is_help=True, help=f"Ask about {first}, or change what is known."
                    )
                    app.add_typer(groups[first], name=first)
                place = groups[first]
            place.command(second or first, help=command.about)(_function(pipeline, command))


def _pipelines() -> dict[str, Pipeline]:
    try:
        return registered()
    except BrokenPipeline:
        return ours()  # whatever is done next says what is broken


def _function(pipeline: Pipeline, command: Command) -> Any:
    """A function with the parameters of the command, as typer reads them."""

    def asked(context: typer.Context, **given: Any) -> None:
        from daemon.cli import asking

        key, as_json = given.pop("key", None), given.pop("as_json")
        wish = asking.Wish(pipeline=pipeline.name, command=command, key=key, given=given)
        raise typer.Exit(asking.ask(context.obj, wish, json=as_json))

    parameters = [_parameter("context", typer.Context), *(_typed(p) for p in command.parameters)]
    if command.keyed:
        word = pipeline.key_word
        option = typer.Option(f"--{word}", "--key", metavar="NAME", help=f"The {word}; else the only one, or all.")
        parameters.append(_parameter("key", Annotated[str | None, option], None))
    parameters.append(_parameter("as_json", Annotated[bool, typer.Option("--json", help="Answer in JSON.")], False))  # noqa: FBT003 - a default
    asked.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return asked


def _typed(parameter: Parameter) -> inspect.Parameter:
    metavar = parameter.name.upper()
    match parameter:
        case Parameter(takes=Takes.FLAG):
            kind: Any = Annotated[bool, typer.Option(help=parameter.about)]
            return _parameter(parameter.name, kind, False)  # noqa: FBT003 - a default
        case Parameter(many=True):
            return _parameter(
                parameter.name, Annotated[list[str], typer.Argument(metavar=f"{metavar}...", help=parameter.about)]
            )
        case Parameter(takes=Takes.FILE):
            return _parameter(parameter.name, Annotated[Path, typer.Argument(metavar=metavar, help=parameter.about)])
        case Parameter(required=True):
            return _parameter(parameter.name, Annotated[str, typer.Argument(metavar=metavar, help=parameter.about)])
    option = typer.Option(f"--{parameter.name}", metavar=metavar, help=parameter.about)
    return _parameter(parameter.name, Annotated[str | None, option], None)


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(name, kind, default=default, annotation=annotation)
