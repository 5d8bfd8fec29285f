"""Which key a drop adds to, and whose a state is: inbox, key, and the options that were said to hold for it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from daemon.dispatch.lasting import Lasting
from daemon.dispatch.site import key_folder
from daemon.model import Arrival, Job
from daemon.names import safe
from daemon.route import Routing
from daemon.watch.items import DEFAULT_KEY
from pipelines.contract import Loose, Pipeline, settings, write_atomic

KEY = "key.json"
"""The file, in the folder of a key's state, that says whose it is."""


def key_of(arrival: Arrival, pipeline: Pipeline | None) -> str | None:
    """The key that a drop adds to; what lies in the inbox itself adds to the one that it would in its lane."""
    if arrival.key is not None:
        return _safe(arrival.key)
    if pipeline is None or not pipeline.keyed:
        return None
    is_folder = arrival.folder and arrival.tops == (arrival.name,)
    return DEFAULT_KEY if pipeline.loose is Loose.TOGETHER and not is_folder else _safe(arrival.name)


def _safe(name: str) -> str:
    """A key that is safe as a folder's name; two names that differ never become one key."""
    if safe(name) == name and "@" not in name:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{safe(name)}-{digest[:6]}"


def keys_of(state: Path, pipeline: str) -> Iterator[tuple[str, str]]:
    """Every key that a pipeline remembers, as its inbox and its name."""
    for path in sorted((state / pipeline).glob(f"[!.]*/{KEY}")):
        whose = json.loads(path.read_bytes())
        yield str(whose["inbox"]), str(whose["key"])


BEFORE = ".before-"
"""How a state begins to be called that a backup was put in place of; the moment and its own name follow."""
_MOMENT = len("20261120-140000-")


def set_aside(root: Path, stamp: str) -> Path:
    """Where the state at root goes when another takes its place. stamp: the moment, ``20261120-140000``."""
    return root.with_name(f"{BEFORE}{stamp}-{root.name}")


def asides(root: Path) -> Iterator[Path]:
    """The older states of a key, beside the one at root, that backups were put in place of."""
    for path in sorted(root.parent.glob(f"{BEFORE}*")):
        if path.name[len(BEFORE) + _MOMENT :] == root.name:
            yield path


def options_of(root: Path, pipeline: Pipeline) -> Mapping[str, Any]:
    """The options that manifests have said for the key whose state is at root, of those that a manifest may still say.

    None where nothing was said.
    """
    may = {field.name for field in dataclasses.fields(pipeline.options)} - settings(pipeline.options)
    return {name: value for name, value in _noted(root).items() if name in may}


def said_too(routing: Routing, arrival: Arrival, state: Path) -> Routing:
    """The routing by which what manifests said before for an item's key holds where its own says nothing.

    Where one of those cannot be had beside what its own says, the others hold. state: the folder of all.
    """

    def check(pipeline: Pipeline, given: Mapping[str, Any]) -> Mapping[str, Any] | str:
        key = key_of(arrival, pipeline) if pipeline.remembers else None
        if key is None:
            return routing.check(pipeline, given)
        said = options_of(state / pipeline.name / key_folder(arrival.inbox, key), pipeline)
        return Lasting(pipeline=pipeline, check=routing.check, key=key, said=said).options(given)

    return replace(routing, check=check)


def _noted(root: Path) -> Mapping[str, Any]:
    try:
        return dict(json.loads((root / KEY).read_bytes()).get("options", {}))
    except (OSError, ValueError):
        return {}


def note(root: Path, job: Job, options: Mapping[str, Any] | None = None) -> None:
    """Afterwards it is known whose the state at root is, and that these options hold for it; None: those that did."""
    root.mkdir(parents=True, exist_ok=True)
    now = {"inbox": job.inbox, "key": job.key, "options": _noted(root) if options is None else options}
    write_atomic(root / KEY, json.dumps(now).encode("ascii"))
