"""The reference of config.toml and the commented file that ``visaged init`` writes, both made from the types."""

from __future__ import annotations

import dataclasses
import json
import textwrap
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from daemon.config.load import SETTINGS
from daemon.config.quantities import Spelled
from daemon.config.types import Daemon, DockerTable, GpuTable, Inbox, PipelineTable
from pipelines.contract import Pipeline

WIDTH = 100
"""Columns of the comments in config.toml."""

HEADERS: Mapping[str, type[BaseModel]] = {
    "[daemon]": Daemon,
    "[[inbox]]": Inbox,
    "[gpus]": GpuTable,
    "[docker]": DockerTable,
}
"""The tables that are not of a pipeline, in the order of the file."""

_WORDS = {str: "text", bool: "true or false", int: "whole number", float: "number"}

_HEAD = """\
# Configuration
<!-- Made from the types by `python -m daemon.config > docs/config.md`; a test holds it to them. -->

`visaged` reads the file that `--config` names, else `config.toml` in the present folder, else
`/etc/visaged/config.toml`. Every key may be left out. What is unknown or of the wrong type is refused, with its line
and what was probably meant; `visaged check-config` tells without starting anything.

- A *duration* is a number of seconds or text: `"90s"`, `"30m"`, `"24h"`, `"7d"`, `"2w"`.
- A *size* is a number of bytes or text: `"500 MB"`, `"2 GB"` (powers of 1000), `"2 GiB"` (of 1024).
- A relative *folder* is below `root`, and `root` is the folder of config.toml unless set. `~` is the home folder.
- No inbox, results, work, archive, failed, state or models folder may lie in another; inboxes may share their results.
- A pipeline's options: the drop's manifest over `[inbox.defaults.<pipeline>]` over `[pipelines.<pipeline>]`.
"""

_TOML_HEAD = """\
# Configuration of visaged. Every key is shown with its default; remove the # before one to change it.
# `visaged check-config` checks this file; docs/config.md explains how durations, sizes and folders are written.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key as the reference shows it. default: as TOML spells it."""

    name: str
    kind: str
    default: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One table. header: as TOML spells it."""

    header: str
    about: str
    keys: tuple[Key, ...]


def reference(pipelines: Mapping[str, Pipeline]) -> str:
    """The reference of config.toml in Markdown."""
    return _HEAD + "".join(_markdown(section) for section in sections(pipelines))


def default_toml(pipelines: Mapping[str, Pipeline]) -> str:
    """A config.toml with every key as a comment beside its default, so that it means the same as an empty one."""
    return _TOML_HEAD + "".join(_toml(section) for section in sections(pipelines))


def sections(pipelines: Mapping[str, Pipeline]) -> Iterator[Section]:
    """Every table in the order of the file, with the settings and options of each pipeline."""
    for header, table in HEADERS.items():
        yield Section(header=header, about=_about(table), keys=tuple(_keys(table, table.model_fields)))
    for pipeline in pipelines.values():
        keys = (*_options(pipeline), *_keys(PipelineTable, SETTINGS))
        yield Section(header=f"[pipelines.{pipeline.name}]", about=_about(PipelineTable), keys=keys)


def _about(table: type[BaseModel]) -> str:
    return (table.__doc__ or "").strip()


def _keys(table: type[BaseModel], names: Iterable[str]) -> Iterator[Key]:
    for name in names:
        field = table.model_fields[name]
        spelled = [one.text for one in field.metadata if isinstance(one, Spelled)]
        kind = spelled[0] if spelled else _kind(field.annotation)
        yield Key(name=name, kind=kind, default=_spelled(field.default), about=field.description or "")


def _options(pipeline: Pipeline) -> Iterator[Key]:
    hints = typing.get_type_hints(pipeline.options)
    defaults = to_jsonable_python(dataclasses.asdict(pipeline.options()))
    for field in dataclasses.fields(pipeline.options):
        choices = field.metadata.get("choices")
        several = typing.get_origin(hints[field.name]) is tuple
        kind = f"{'array of ' if several else ''}{_one_of(choices)}" if choices else _kind(hints[field.name])
        where = " Not in a manifest." if field.metadata.get("setting") else ""
        about = f"{field.metadata.get('about', '')}{_bounds(field.metadata)}{where}"
        yield Key(name=field.name, kind=kind, default=_spelled(defaults[field.name]), about=about)


def _kind(annotation: Any) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return _one_of(typing.get_args(annotation))
    if annotation in _WORDS:
        return _WORDS[annotation]
    arguments = [one for one in typing.get_args(annotation) if one in _WORDS]
    if isinstance(annotation, types.UnionType):
        return " or ".join(_WORDS[one] for one in arguments)
    if typing.get_origin(annotation) in {dict, Mapping}:
        return f"table of {_WORDS[arguments[-1]]}" if arguments else "table"
    return f"array of {_WORDS[arguments[0]]}" if arguments else "text"


def _one_of(choices: Iterable[Any]) -> str:
    return " or ".join(_spelled(choice) for choice in choices)


def _bounds(metadata: Mapping[str, Any]) -> str:
    least, most = metadata.get("least"), metadata.get("most")
    if least is not None and most is not None:
        return f" From {_number(least)} to {_number(most)}."
    if least is not None:
        return f" At least {_number(least)}."
    return f" At most {_number(most)}." if most is not None else ""


def _number(value: float) -> str:
    """A number as people write it: a million is 1000000."""
    return str(value) if isinstance(value, int) else f"{value:g}"


def _spelled(value: Any) -> str:
    """A default as TOML spells it; JSON spells text, numbers, booleans, arrays and the empty table the same."""
    return json.dumps(value, ensure_ascii=False)


def _markdown(section: Section) -> str:
    rows = "".join(
        f"| `{key.name}` | {_cell(key.kind)} | `{_cell(key.default)}` | {_cell(key.about)} |\n" for key in section.keys
    )
    return f"\n## `{section.header}`\n{section.about}\n\n| key | value | default | meaning |\n|---|---|---|---|\n{rows}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _toml(section: Section) -> str:
    keys = "".join(f"\n{_comment(key.about)}\n#{key.name} = {key.default}\n" for key in section.keys)
    return f"\n{_comment(section.about)}\n{section.header}\n{keys}"


def _comment(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="# ", subsequent_indent="# ")
