"""Who uses which weights: what config.toml says, and what collections were made with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from daemon import models
from daemon.cli.opening import database, reading
from daemon.config import Config
from daemon.model import Status
from daemon.names import shown
from pipelines.contract import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Somebody who uses weights. who: in words. options: complete."""

    who: str
    pipeline: Pipeline
    options: Mapping[str, Any]

    @property
    def packs(self) -> tuple[str, ...]:
        """The names of the packs: those that are declared, else the one that the option names."""
        own = self.options.get("pack")
        return models.wanted(self.pipeline, self.options) or ((own,) if isinstance(own, str) else ())


def configured_uses(config: Config, known: Mapping[str, Pipeline]) -> Iterator[Use]:
    """What config.toml says, table by table, of the pipelines that have weights and are enabled."""
    for name, table in config.pipelines.items():
        if table.enabled and known[name].weights:
            yield Use(who=f"[pipelines.{name}]", pipeline=known[name], options=table.options)
            for inbox in config.inboxes:
                if name in inbox.defaults:
                    options = {**table.options, **inbox.defaults[name]}
                    yield Use(who=f"inbox {inbox.name}", pipeline=known[name], options=options)


def uses_of_keys(config: Config, known: Mapping[str, Pipeline]) -> Iterator[Use]:
    """What each collection (or subject) was made with the last time."""
    if not database(config).is_file():
        return
    with reading(database(config)) as store:
        last = {(job.inbox, str(job.pipeline), job.key): job for job in store.of_status(Status.DONE)}
    for (_, name, key), job in last.items():
        if key is not None and name in known and known[name].weights:
            yield Use(who=f"{known[name].key_word} {shown(key)}", pipeline=known[name], options=job.options)
