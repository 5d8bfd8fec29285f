"""The options of a pipeline: fields of a dataclass with a sentence and bounds each, which are checked."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, TypeVar

T = TypeVar("T")


def option(
    default: T, about: str, *, least: float | None = None, most: float | None = None, choices: Sequence[Any] = ()
) -> T:
    """A field of an Options dataclass, with the sentence for the reference and the bounds that ``checked`` enforces."""
    meta = {"about": about, "least": least, "most": most, "choices": tuple(choices)}
    if isinstance(default, (list, dict)):
        return field(default_factory=lambda: type(default)(default), metadata=meta)
    return field(default=default, metadata=meta)


def setting(default: T, about: str) -> T:
    """As ``option``, for what only who writes config.toml may say: who drops may not, by no manifest."""
    return field(default=default, metadata={"about": about, "setting": True})


def settings(options: type) -> frozenset[str]:
    """The names of those fields that only config.toml may say."""
    return frozenset(f.name for f in dataclasses.fields(options) if f.metadata.get("setting"))


def checked(options: T) -> T:
    """The same options, every field within the bounds of its declaration.

    Raises ValueError with a plain sentence that names the option, what it is and what it may be.
    """
    for f in dataclasses.fields(options):  # type: ignore[arg-type]
        value = getattr(options, f.name)
        for one in value if isinstance(value, (tuple, list)) and f.metadata.get("choices") else (value,):
            problem = _out_of_bounds(one, f.metadata)
            if problem:
                raise ValueError(f"{f.name} = {json.dumps(one)}: {problem}")
    return options


def _out_of_bounds(value: object, meta: Mapping[str, Any]) -> str | None:
    least, most, choices = meta.get("least"), meta.get("most"), meta.get("choices")
    if choices and value not in choices:
        return "it must be one of " + ", ".join(json.dumps(c) for c in choices)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if least is not None and not value >= least:
            return f"it must be at least {least:g}"
        if most is not None and not value <= most:
            return f"it must be at most {most:g}"
    return None
