"""Whose loose files are: routing by type of what lies beside each other. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from daemon.model import Seen
from daemon.watch.claims import final_stem
from daemon.watch.temporary import final_name
from pipelines.contract import Pipeline


@dataclass(slots=True, kw_only=True)
class Household:
    """The loose files of one pipeline in one place."""

    pipeline: Pipeline
    principal: list[Seen] = field(default_factory=list)
    companions: list[Seen] = field(default_factory=list)


def homes(files: Iterable[Seen], pipelines: Sequence[Pipeline]) -> tuple[list[Household], list[Seen]]:
    """The files of each pipeline that has any, and the files that none of them can use.

    A file that is principal for one pipeline and a companion for another (a picture is also a texture) follows a
    principal file whose stem begins its own (``head.png`` or ``head_skin.png`` beside ``head.obj``), or is principal.
    What is only ever a companion follows principal files of any stem.
    """
    households = [Household(pipeline=pipeline) for pipeline in pipelines]
    chiefs, friends = _tables(households)
    unsure: list[tuple[Seen, str]] = []
    unknown: list[Seen] = []
    for seen in files:
        suffix = _suffix(seen)
        if suffix in friends:
            unsure.append((seen, suffix))
        elif suffix in chiefs:
            chiefs[suffix].principal.append(seen)
        else:
            unknown.append(seen)
    stems = {id(h): {final_stem(seen.path) for seen in h.principal} for h in households} if unsure else {}
    for seen, suffix in unsure:
        stem = final_stem(seen.path)
        present = [h for h in friends[suffix] if stems[id(h)]]
        related = [h for h in present if _begins_with(stem, stems[id(h)])]
        if suffix in chiefs and not related:
            chiefs[suffix].principal.append(seen)
        else:
            (related or present or friends[suffix])[0].companions.append(seen)
    return [h for h in households if h.principal or h.companions], unknown


def _tables(households: Sequence[Household]) -> tuple[dict[str, Household], dict[str, list[Household]]]:
    """By suffix: whose principal kind it is (the first that wants it), and who uses it beside a principal file."""
    chiefs: dict[str, Household] = {}
    friends: dict[str, list[Household]] = {}
    for household in households:
        for suffix, kind in household.pipeline.kinds.items():
            if kind in household.pipeline.principal:
                chiefs.setdefault(suffix, household)
            else:
                friends.setdefault(suffix, []).append(household)
    return chiefs, friends


def _suffix(seen: Seen) -> str:
    return os.path.splitext(final_name(seen.path.rpartition("/")[2]))[1].lower()  # noqa: PTH122 - text, and often


def _begins_with(stem: str, stems: set[str]) -> bool:
    """Whether one of stems is this stem, or begins it and ends where a word ends."""
    ends = (at for at, letter in enumerate(stem) if not letter.isalnum())
    return stem in stems or any(stem[:at] in stems for at in ends)
