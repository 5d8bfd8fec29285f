"""From config.toml to Config: found, read, checked whole, and every problem told at once."""

from __future__ import annotations

import dataclasses
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from daemon.config.options import weighed
from daemon.config.problems import Keys, Problem, line_of, lines, problems_of, unknown
from daemon.config.types import Config, Daemon, DockerTable, GpuTable, Inbox, PipelineTable
from daemon.errors import ConfigError
from pipelines.contract import Pipeline, Stage

EVERYWHERE = Path("/etc/visaged/config.toml")
"""The configuration of a machine, used where none is given or in the present folder."""

TABLES: Mapping[str, type[Any]] = {
    "daemon": Daemon,
    "inbox": Inbox,
    "gpus": GpuTable,
    "docker": DockerTable,
    "pipelines": PipelineTable,
}
SETTINGS = tuple(name for name in PipelineTable.model_fields if name != "options")


def find(given: Path | None, here: Path, everywhere: Path = EVERYWHERE) -> Path:
    """The configuration to use: the one given, else ``config.toml`` in here, else the machine's. Raises ConfigError."""
    if given is not None:
        return given
    for path in (here / "config.toml", everywhere):
        if path.is_file():
            return path
    raise ConfigError(
        f"There is no config.toml in {here} and no {everywhere}. "
        "`visaged init DIR` makes a folder with one; --config names one that lies elsewhere."
    )


def load(path: Path, pipelines: Mapping[str, Pipeline]) -> Config:
    """The configuration, every value checked, every folder absolute. Raises ConfigError, a line for each problem."""
    text = _text(path)
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        says, _, place = str(error).partition(" (at ")
        line = re.match(r"line (\d+)", place)
        number = line[1] if line else text.count("\n") + 1
        raise ConfigError(f"{path.name}:{number}: this is not TOML: {says}") from error
    match parsed(raw, path, pipelines):
        case Config() as config:
            return config
        case problems:
            found = lines(text)
            placed = sorted((line_of(problem, found) or 0, problem.dotted, problem.says) for problem in problems)
            raise ConfigError("\n".join(_told(path.name, *problem) for problem in placed))


def parsed(raw: Mapping[str, Any], path: Path, pipelines: Mapping[str, Pipeline]) -> Config | list[Problem]:
    """The configuration that a TOML document means, or every problem in it. path: where it lies."""
    tables, problems = _pipelines(raw.get("pipelines", {}), pipelines)
    filled = {
        "daemon": {},
        "inbox": [{}],
        "gpus": {},
        "docker": {},
        **raw,
        "pipelines": tables,
        "path": path.absolute(),
    }
    if "path" in raw:
        problems.append(Problem(("path",), unknown("path", TABLES, "table")))
    known = {"": TABLES, **{name: table.model_fields for name, table in TABLES.items()}}
    try:
        config = Config.model_validate(filled, context=_places(filled["path"].parent, raw))
    except ValidationError as error:
        return [*problems_of(error, known), *problems]
    problems += [*_inbox_options(config, pipelines), *_same_names(config), *_overlaps(config)]
    return problems or config


def configured(config: Config, pipelines: Mapping[str, Pipeline]) -> dict[str, Pipeline]:
    """The enabled pipelines by name, with the cores, memory and time that config.toml gives to their stages."""
    return {name: _with(pipelines[name], table) for name, table in config.pipelines.items() if table.enabled}


def _with(pipeline: Pipeline, table: PipelineTable) -> Pipeline:
    given = {name: getattr(table, name) for name in ("cpus", "memory", "timeout") if getattr(table, name) is not None}

    def fitted(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        return tuple(dataclasses.replace(stage, **given) for stage in stages)

    commands = tuple(dataclasses.replace(one, stages=fitted(one.stages)) for one in pipeline.commands)
    return dataclasses.replace(pipeline, stages=fitted(pipeline.stages), commands=commands)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(f"There is no {path}; `visaged init DIR` makes a folder with a config.toml.") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path.name}:{line}: this is not UTF-8 text; save the file as UTF-8.") from error


def _told(file: str, line: int, dotted: str, says: str) -> str:
    return f"{file}:{line}: {dotted}: {says}" if line else f"{file}: {dotted}: {says}"


def _places(folder: Path, raw: Mapping[str, Any]) -> dict[str, Path]:
    """What relative folders are below. A root that is wrong is told of when the table is checked."""
    daemon = raw.get("daemon")
    try:
        root = Daemon.model_validate({"root": daemon["root"]}, context={"file": folder, "root": folder}).root  # type: ignore[index]
    except (ValidationError, KeyError, TypeError):
        root = folder
    return {"file": folder, "root": root}


def _pipelines(raw: Any, pipelines: Mapping[str, Pipeline]) -> tuple[dict[str, Any], list[Problem]]:
    """The table of every pipeline with its options complete, and what is wrong with the options."""
    if not isinstance(raw, dict):
        return {}, [Problem(("pipelines",), "it must be a table for each pipeline, like [pipelines.morph]")]
    problems = [
        Problem(("pipelines", name), unknown(name, pipelines, "pipeline")) for name in raw if name not in pipelines
    ]
    tables: dict[str, Any] = {}
    for name, pipeline in pipelines.items():
        given = raw.get(name, {})
        if not isinstance(given, dict):
            problems.append(Problem(("pipelines", name), "it must be a table of keys"))
            continue
        tables[name] = {key: value for key, value in given.items() if key in SETTINGS}
        match weighed(pipeline, {key: given[key] for key in given if key not in SETTINGS}, also=SETTINGS):
            case dict() as options:
                tables[name]["options"] = options
            case wrong:
                problems += [Problem(("pipelines", name, *problem.at), problem.says) for problem in wrong]
    return tables, problems


def _inbox_options(config: Config, pipelines: Mapping[str, Pipeline]) -> Iterator[Problem]:
    for number, inbox in enumerate(config.inboxes):
        for name, given in inbox.defaults.items():
            at = ("inbox", number, "defaults", name)
            if name not in pipelines:
                yield Problem(at, unknown(name, pipelines, "pipeline"))
                continue
            match weighed(pipelines[name], {**config.pipelines[name].options, **given}):
                case list() as wrong:
                    yield from (Problem((*at, *problem.at), problem.says) for problem in wrong)


def _same_names(config: Config) -> Iterator[Problem]:
    names = [inbox.name for inbox in config.inboxes]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Problem(("inbox", number, "name"), f'another inbox has the name "{name}" too; give each its own')


def _overlaps(config: Config) -> Iterator[Problem]:
    """Folders that lie in one another: the daemon would take its own files for drops, or clean drops away."""
    own = ("work", "archive", "failed", "state", "models")
    folders: list[tuple[Keys, Path]] = [(("daemon", name), getattr(config.daemon, name)) for name in own]
    for number, inbox in enumerate(config.inboxes):
        folders += [(("inbox", number, "path"), inbox.path), (("inbox", number, "results"), inbox.results)]
    real = [(at, path.resolve()) for at, path in folders]
    for (at, path), (other, beside) in itertools.combinations(real, 2):
        if at[-1] == other[-1] == "results" and path == beside:
            continue  # inboxes may share their results
        if path.is_relative_to(beside) or beside.is_relative_to(path):
            says = f"the folder {beside} overlaps {Problem(at, '').dotted}, {path}; each needs a folder of its own"
            yield Problem(other, says)
