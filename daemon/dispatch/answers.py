"""What stages leave in a job's work folder, read and cleared by the dispatcher."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from pipelines.contract import Refusal, Result, Stage, read_refusal, read_result, stage_folder

LAST_WORDS = 300
"""Characters of a log line that are worth showing to the user."""


def left_by(folder: Path) -> Result | Refusal | None:
    """What a stage answered: its result, else its refusal, else nothing."""
    return read_result(folder) or read_refusal(folder)


def clear_answer(folder: Path) -> None:
    """Afterwards no answer of an earlier attempt lies in a stage's folder; its checkpoints do."""
    for name in ("result.json", "refusal.json"):
        (folder / name).unlink(missing_ok=True)


def shards_of(job: Path, stages: Sequence[Stage]) -> dict[str, tuple[str, ...]]:
    """Sharded stage -> the names of its shards: the list in the ``shards.json`` that the stage before it left."""
    found: dict[str, tuple[str, ...]] = {}
    for before, stage in pairwise(stages):
        if stage.sharded:
            try:
                names = json.loads((stage_folder(job, before.name) / "shards.json").read_bytes())
            except FileNotFoundError:
                continue
            found[stage.name] = tuple(str(name) for name in names)
    return found


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
