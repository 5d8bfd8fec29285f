"""What stages leave in a job's work folder, read and cleared by the dispatcher."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from daemon.folders import remove
from pipelines.contract import Refusal, Result, Stage, read_refusal, read_result, stage_folder

SHARD = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a shard may be called: its name becomes a folder's and a part of a container's."""

LAST_WORDS = 300
"""Characters of a log line that are worth showing to the user."""


def left_by(folder: Path) -> Result | Refusal | None:
    """What a stage answered: its result, else its refusal, else nothing."""
    return read_result(folder) or read_refusal(folder)


def clear_answer(folder: Path) -> None:
    """Afterwards no answer of an earlier attempt lies in a stage's folder; its checkpoints do."""
    for name in ("result.json", "refusal.json"):
        remove(folder / name)


def shards_of(job: Path, stages: Sequence[Stage]) -> dict[str, tuple[str, ...]]:
    """Sharded stage -> the names of its shards: the list in the ``shards.json`` that the stage before it left.

    A stage without a usable list (missing, torn, names that cannot be folders, a name twice) is left out.
    """
    found: dict[str, tuple[str, ...]] = {}
    for before, stage in pairwise(stages):
        if stage.sharded and (names := _names(stage_folder(job, before.name) / "shards.json")) is not None:
            found[stage.name] = names
    return found


def _names(path: Path) -> tuple[str, ...] | None:
    try:
        names = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(names, list) or len(set(map(str, names))) < len(names):
        return None
    usable = all(isinstance(name, str) and SHARD.fullmatch(name) for name in names)
    return tuple(names) if usable else None


def last_words(job: Path, stage: str, shard: str | None) -> str:
    """The last line that a stage printed, shortened."""
    log = job / "logs" / (f"{stage}.{shard}.log" if shard else f"{stage}.log")
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][:LAST_WORDS] if said else ""
