"""What is asked of a stage and what it answers, and how both are kept as files."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a file raises that a stage wrote wrongly, or not to its end: then there is no answer."""

EXIT_BAD_INPUT = 65
"""Exit status of a stage that refuses its input (``EX_DATAERR`` of sysexits.h): never retried."""
EXIT_UNREADY = 78
"""Exit status of a stage that this machine lacks something for (``EX_CONFIG``): a person has to mend that first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One file of the job: its path below the job folder, its role (empty: carried along), size in bytes, SHA-256."""

    path: str
    role: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of a job's stages; ``request.json``.

    name: of the result. state: the revision of the key's state to read, a folder below the job folder whose files must
    not be changed; None: there is none yet. revision: the number of the one that holds (0: none). published: a
    ``published.jsonl`` that says what the user sees now. command, arguments: what is asked where it is no drop.
    """

    job: str
    pipeline: str
    name: str
    inputs: tuple[Input, ...]
    options: Mapping[str, Any]
    key: str | None = None
    state: str | None = None
    revision: int = 0
    published: str | None = None
    command: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def of(self, role: str) -> tuple[Input, ...]:
        """The inputs of one role, in order."""
        return tuple(i for i in self.inputs if i.role == role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A part of the item that failed while the rest is good: what it was, and why, in a plain sentence."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a stage leaves behind; ``result.json``, written last.

    publish: the file or folder below the stage's folder that becomes the result (only the last stage's counts).
    beside: where that is a file, the files below the stage's folder that stand beside it: ``<result>.<their name>``.
    state: a folder below the stage's own folder with what is new of the key's state; keep: the files of the revision
    read that stay, by their paths below it (a new file of the same path replaces it). None: the state does not change.
    figures: numbers for the receipt. versions: of what was computed with. weights: file -> SHA-256.
    answer: what a command is answered with, in words; data: the same for programs, as JSON.
    """

    publish: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    state: str | None = None
    keep: tuple[str, ...] = ()
    answer: str = ""
    data: Any = None
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a stage refused its input, or cannot run here; ``refusal.json``."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One line of ``progress.jsonl``. done and total count units ("frames"); at is the wall clock in seconds."""

    stage: str
    done: float
    total: float
    unit: str
    note: str = ""
    shard: str | None = None
    at: float = 0.0


def dump(value: object) -> bytes:
    """A dataclass as one line of ASCII JSON."""
    return json.dumps(dataclasses.asdict(value), separators=(",", ":")).encode("ascii")  # type: ignore[call-overload]


def write_atomic(path: Path, data: bytes) -> None:
    """Afterwards path holds data, durably, and never held a part of it."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_request(job: Path) -> Request:
    """The request of a job folder."""
    raw = json.loads((job / "request.json").read_bytes())
    return Request(**{**raw, "inputs": tuple(Input(**i) for i in raw["inputs"])})


def read_result(folder: Path) -> Result | None:
    """The result that a stage left in its folder, or None if it has not finished."""
    try:
        raw = json.loads((folder / "result.json").read_bytes())
        faults = tuple(Fault(what=str(f["what"]), why=str(f["why"])) for f in raw.pop("faults"))
        publish = raw.pop("publish")
        warnings = tuple(str(w) for w in raw.pop("warnings"))
        keep, beside = (tuple(str(path) for path in raw.pop(name, ())) for name in ("keep", "beside"))
        publish = None if publish is None else str(publish)
        result = Result(**raw, publish=publish, warnings=warnings, faults=faults, keep=keep, beside=beside)
    except _UNREADABLE:
        return None
    return result if all(isinstance(m, dict) for m in (result.figures, result.versions, result.weights)) else None


def read_refusal(folder: Path) -> Refusal | None:
    """The refusal that a stage left in its folder, or None."""
    try:
        return Refusal(reason=str(json.loads((folder / "refusal.json").read_bytes())["reason"]))
    except _UNREADABLE:
        return None


def stage_folder(job: Path, stage: str, shard: str | None = None) -> Path:
    """The folder that a stage (or one shard of it) may write."""
    return job / "stages" / stage / shard if shard else job / "stages" / stage
