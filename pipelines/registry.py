"""Which pipelines there are: ours, and those that other packages add by the entry point ``visaged.pipelines``."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Iterable
from importlib import metadata

from pipelines.contract import Pipeline

PIPELINES = ("pipelines.morph", "pipelines.faces", "pipelines.talking_head")
"""The modules of our pipelines; each has a ``PIPELINE``."""

GROUP = "visaged.pipelines"
"""The group of entry points by which a package adds a pipeline; each names an attribute that is a ``Pipeline``."""

RESERVED = (
    *("enabled", "runner", "cpus", "memory", "timeout"),
    *("image", "tag", "pull", "user", "network", "shm", "environment", "mounts", "run_args", "nightly"),
)
"""Keys of a pipeline's table in config.toml that are not options, so no option may be called so."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DEVICES = {"aux", "con", "nul", "prn", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


class BrokenPipeline(Exception):
    """A pipeline that cannot be used. The message names it, where it comes from, and what is wrong."""


def pipelines() -> dict[str, Pipeline]:
    """Every pipeline by its name: ours first, then those of other packages in the order of their names.

    Raises BrokenPipeline for one that cannot be loaded, is declared wrongly, or has a name that is taken.
    """
    return added(ours(), metadata.entry_points(group=GROUP))


def ours() -> dict[str, Pipeline]:
    """The pipelines of this project by name."""
    found = [importlib.import_module(module).PIPELINE for module in PIPELINES]
    return {pipeline.name: pipeline for pipeline in found}


def added(known: dict[str, Pipeline], points: Iterable[metadata.EntryPoint]) -> dict[str, Pipeline]:
    """The known pipelines and those of the entry points. Raises BrokenPipeline as ``pipelines`` does."""
    together = dict(known)
    for point in sorted(points, key=lambda point: point.name):
        origin = f"The pipeline {point.name} of the package {point.dist.name if point.dist else 'unknown'}"
        pipeline = _load(point, origin)
        if pipeline.name in together:
            raise BrokenPipeline(f"{origin} calls itself {pipeline.name}, a name that is taken; remove one of the two.")
        together[pipeline.name] = pipeline
    return together


def problem(pipeline: Pipeline) -> str | None:
    """What is wrong with a declaration, or None. Names become folders on every file system, stages too."""
    stages = [stage.name for stage in pipeline.stages]
    asked = [stage for command in pipeline.commands for stage in command.stages]
    images = [stage.image for stage in (*pipeline.stages, *asked) if stage.image]
    for name in (pipeline.name, *stages, *(stage.name for stage in asked), *images):
        if not _NAME.fullmatch(name) or name in _DEVICES:
            return f"{name!r} cannot be a folder's name: use lower-case letters, digits and underscores"
    if not pipeline.stages:
        return "it has no stages"
    if len(set(stages)) < len(stages):
        return "two of its stages have the same name"
    if not dataclasses.is_dataclass(pipeline.options):
        return "its options are not a dataclass"
    taken = [field.name for field in dataclasses.fields(pipeline.options) if field.name in RESERVED]
    if taken:
        return f"its option {taken[0]} has a name that config.toml uses for something else"
    return _problem_of_commands(pipeline)


def _problem_of_commands(pipeline: Pipeline) -> str | None:
    names = [command.name for command in pipeline.commands]
    if len(set(names)) < len(names):
        return "two of its commands have the same name"
    missing = [name for name in (pipeline.nightly, pipeline.edited, pipeline.reverted) if name and name not in names]
    return f"its command {missing[0]} is not there" if missing else None


def _load(point: metadata.EntryPoint, origin: str) -> Pipeline:
    try:
        pipeline = point.load()
    except Exception as error:  # a plugin may fail in any way, and the message must say whose fault it is
        raise BrokenPipeline(
            f"{origin} cannot be loaded ({type(error).__name__}: {error}); repair or remove the package."
        ) from error
    if not isinstance(pipeline, Pipeline):
        raise BrokenPipeline(f"{origin} names {point.value}, which is not a Pipeline; repair or remove the package.")
    if wrong := problem(pipeline):
        raise BrokenPipeline(f"{origin} is declared wrongly: {wrong}.")
    return pipeline
