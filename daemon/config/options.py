"""Whether options fit a pipeline: those of config.toml, of an inbox and of a manifest, all by the same rules."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from daemon.config.problems import Problem, sentence, unknown
from pipelines.contract import Pipeline, checked, settings


def checked_options(pipeline: Pipeline, given: Mapping[str, Any]) -> dict[str, Any] | str:
    """Every option of the pipeline as JSON has it, those given over the defaults; or a sentence of what is wrong.

    Types are strict, but a whole number may stand for a fraction. Several layers are merged before by the caller.
    """
    match weighed(pipeline, given):
        case dict() as options:
            return options
        case problems:
            return " ".join(map(_told, problems))


def reserved(pipeline: Pipeline, given: Mapping[str, Any]) -> str | None:
    """The sentence of what a manifest may not say although it is an option, or None."""
    names = sorted(settings(pipeline.options) & given.keys())
    told = "The option {name} is set by whoever runs visaged, in config.toml: a manifest cannot change it."
    return told.format(name=names[0]) if names else None


def _told(problem: Problem) -> str:
    """The problem as a sentence for somebody who wrote a manifest."""
    match problem.says.partition(" "):
        case _ if not problem.at:
            told = problem.says
        case "it", _, rest:
            told = f"the option {problem.dotted} {rest}"
        case "unknown", _, rest:
            told = f"the option {problem.dotted} is unknown{rest.removeprefix('option')}"
        case _:
            told = f"the option {problem.dotted} cannot be used: {problem.says}"
    return f"{told[:1].upper()}{told[1:]}{'' if told.endswith(('.', '?')) else '.'}"


def weighed(pipeline: Pipeline, given: Mapping[str, Any], also: tuple[str, ...] = ()) -> dict[str, Any] | list[Problem]:
    """As ``checked_options``, but every problem by itself. also: keys that may stand beside the options."""
    hints = typing.get_type_hints(pipeline.options)
    types = {field.name: hints[field.name] for field in dataclasses.fields(pipeline.options) if field.init}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        if name not in types:
            problems.append(Problem((name,), unknown(name, (*types, *also), "option")))
            continue
        match _value(types[name], value):
            case Problem(says=says):
                problems.append(Problem((name,), says))
            case fitting:
                values[name] = fitting
    match _made(pipeline, values):
        case Problem() as problem:
            return [*problems, problem]
        case options:
            return problems or options


def _value(kind: Any, value: Any) -> Any:
    """The value as the option's type has it, or a Problem. By way of JSON, since strict JSON knows arrays and enums."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return Problem((), "it must be text, true or false, a finite number, an array or a table")
    try:
        return TypeAdapter(kind).validate_json(text, strict=True)
    except ValidationError as error:
        return Problem((), sentence({**error.errors(include_url=False)[0], "input": value}))


def _made(pipeline: Pipeline, values: Mapping[str, Any]) -> dict[str, Any] | Problem:
    try:
        options = checked(pipeline.options(**values))
        return dict(to_jsonable_python(dataclasses.asdict(options)))
    except (ValueError, TypeError, PydanticSerializationError) as error:
        return _refused(str(error), values)


def _refused(message: str, values: Mapping[str, Any]) -> Problem:
    """The problem in what the options themselves say: the contract writes ``frames = 0: it must be at least 2``."""
    for name in values:
        if message.startswith(f"{name} = "):
            value, _, says = message.removeprefix(f"{name} = ").rpartition(": ")
            return Problem((name,), f"{says}, not {value}")
    return Problem((), message)
