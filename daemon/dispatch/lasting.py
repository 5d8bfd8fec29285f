"""What manifests have said for a key holds on: which of it does, beside config.toml and what a newer manifest says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daemon.route import CheckOptions
from pipelines.contract import Pipeline

CONFLICT = (
    "{why} A manifest of an earlier drop into {key} said {said}, and that holds until another says otherwise. To "
    "change it, drop something into {key} with a manifest that says something else below [options]: {instead} is what "
    "config.toml has. Or set right in config.toml what it needs."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """What was said for a key. check: of the key's inbox."""

    pipeline: Pipeline
    check: CheckOptions
    key: str
    said: Mapping[str, Any]

    def options(self, given: Mapping[str, Any]) -> Mapping[str, Any] | str:
        """All options of a job for the key whose own manifest gives these, or the sentence of what is wrong."""
        together = self.together(given)
        if together is not None:
            return self.check(self.pipeline, together)
        alone = self.check(self.pipeline, given)
        return alone if isinstance(alone, str) else self._conflict(given)

    def together(self, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What was said and is given, which wins, without what was said that cannot be had beside it.

        None: what was said cannot be had by itself, since config.toml has changed, and what is given does not mend it.
        """
        if self._can_be({**self.said, **given}):
            return {**self.said, **given}
        if not self._can_be(self.said):
            return None
        tried = ({**self._but(name), **given} for name in self.said)
        return next((one for one in tried if self._can_be(one)), None) or self._compatible(given)

    def _compatible(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is given, and of what was said all that can be had beside it, one after the other."""
        kept: dict[str, Any] = {}
        for name, value in self.said.items():
            if self._can_be({**kept, name: value, **given}):
                kept[name] = value
        return {**kept, **given}

    def _can_be(self, given: Mapping[str, Any]) -> bool:
        return not isinstance(self.check(self.pipeline, given), str)

    def _but(self, name: str) -> dict[str, Any]:
        return {other: value for other, value in self.said.items() if other != name}

    def _conflict(self, given: Mapping[str, Any]) -> str:
        """The sentence that names what was said and cannot be had, and what says otherwise."""
        whole = {**self.said, **given}
        older = [name for name in self.said if name not in given]
        to_blame = [name for name in older if self._can_be({**self._but(name), **given})] or older
        config = self.check(self.pipeline, {})
        usual = {} if isinstance(config, str) else config
        return CONFLICT.format(
            why=self.check(self.pipeline, whole),
            key=self.key,
            said=_listed(to_blame, self.said),
            instead=_listed(to_blame, usual),
        )


def _listed(names: list[str], values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {json.dumps(values.get(name), ensure_ascii=False)}" for name in names)
