"""``receipt.json``: what a result was made of, how, and what came out; also how a result is known to be a job's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from daemon.folders import open_plain
from pipelines.contract import Fault, Input

_MOST: Final = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """All that a receipt says.

    inputs: with their roles; those without were carried along. image: the digest of the container's image. timings:
    stage -> seconds. weights: file -> SHA-256. answered_by: the job whose result, at the path answer (relative to the
    results folder), answers for this one.
    """

    job: str
    pipeline: str
    version: str
    name: str
    inputs: tuple[Input, ...]
    options: Mapping[str, Any]
    versions: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    answered_by: str | None = None
    answer: str | None = None


def receipt(facts: Receipt) -> bytes:
    r"""The facts as readable JSON in UTF-8; a byte that is not UTF-8 is ``\udcXX`` and survives the way back."""
    said = {key: value for key, value in asdict(facts).items() if value is not None or key == "image"}
    used = [entry for entry in said["inputs"] if entry["role"]]
    carried = [entry["path"] for entry in said["inputs"] if not entry["role"]]
    said |= {"inputs": used, "carried_along": carried}
    # what UTF-8 cannot hold are lone surrogates, and Python's escape of them is JSON's
    return (json.dumps(said, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def made_by(path: Path) -> str | None:
    """The job that the receipt at path names, or None where there is no receipt of ours."""
    try:
        with open_plain(path) as file:
            said = json.loads(file.read(_MOST))
    except (OSError, ValueError, RecursionError):
        return None
    job = said.get("job") if isinstance(said, dict) else None
    return job if isinstance(job, str) else None
