"""What weights belong together, as people see it: packs, whether they are here, and what wants them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.models.shelf import UNFINISHED, absent, missing
from pipelines.contract import Pipeline, Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Weights that are fetched together. own: somebody brought it, and it has no source."""

    name: str
    pipeline: str
    files: tuple[Weights, ...]
    own: bool = False

    @property
    def about(self) -> str:
        """What it is, in a sentence."""
        return self.files[0].about

    @property
    def licence(self) -> str:
        """Who may use it for what, in a sentence."""
        return self.files[0].licence

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(one.size for one in self.files)

    def lacks(self, folder: Path) -> tuple[Weights, ...]:
        """Its files that are not in the folder of weights; an own pack was read from there."""
        return () if self.own else absent(self.files, folder)


def packs(pipelines: Iterable[Pipeline]) -> tuple[Pack, ...]:
    """The packs that the pipelines declare, in their order."""
    return tuple(
        Pack(name=name, pipeline=pipeline.name, files=tuple(one for one in pipeline.weights if one.pack == name))
        for pipeline in pipelines
        for name in dict.fromkeys(one.pack for one in pipeline.weights)
    )


def own_packs(pipelines: Sequence[Pipeline], folder: Path) -> Iterator[Pack]:
    """The packs that somebody brought into the folder of weights."""
    known = {pack.name for pack in packs(pipelines)}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and path.name != UNFINISHED and path.name not in known:
            for pipeline in pipelines:
                files = tried_own(pipeline, path)
                if not isinstance(files, str):
                    yield Pack(name=path.name, pipeline=pipeline.name, files=files, own=True)


def tried_own(pipeline: Pipeline, folder: Path) -> tuple[Weights, ...] | str:
    """The files of the user's own pack in that folder; else a sentence that says why it is none of this pipeline."""
    if pipeline.own_pack is None:
        return f"{pipeline.name} has no packs of models."
    try:
        return pipeline.own_pack(folder)
    except ValueError as error:
        return str(error)


def used(pipeline: Pipeline, options: Mapping[str, Any], folder: Path) -> tuple[Pack, ...]:
    """The packs that a job with these options works with: those of whose files it needs some that are here."""
    here = set(pipeline.needs(options)) - {one.name for one in missing(pipeline, options, folder)}
    return tuple(pack for pack in packs([pipeline]) if any(one.name in here for one in pack.files))


def wanted(pipeline: Pipeline, options: Mapping[str, Any]) -> tuple[str, ...]:
    """The packs that a job with these options needs, of those that the pipeline declares."""
    names = pipeline.needs(options)
    return tuple(dict.fromkeys(one.pack for one in pipeline.weights if one.name in names))
